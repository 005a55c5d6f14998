//! The `porchlight` command.

use std::process::ExitCode;
use std::time::Duration;

use mimalloc::MiMalloc;
use porchlight_server::commands::Cli;
use tracing_subscriber::EnvFilter;

/// Requests and batches are many small pieces of memory, on several threads.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::read();
    start_log();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let result = runtime.block_on(cli.run());
    // Reads that nobody waits for any more must not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// The log goes to stderr: text on a terminal, one JSON object a line elsewhere. `RUST_LOG` sets its level.
fn start_log() {
    use std::io::IsTerminal;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // This library logs what a provider says where it cannot read it, and that may be a visitor's words.
    let filter = match "async_openai=off".parse() {
        Ok(silence) => filter.add_directive(silence),
        Err(_) => filter,
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        log.init();
    } else {
        log.json().flatten_event(true).init();
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("porchlight: {error:#}");
    ExitCode::FAILURE
}
