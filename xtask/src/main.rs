//! The project's own commands. Each fetches what is missing into the user's cache and says what it is doing.

mod artefacts;
mod bench;
mod check;
mod examples;
mod mongodb;
mod run;
mod shell;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Porchlight's own commands")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build everything, start server, edge and a demo page, and print their addresses
    Run,
    /// Run every check: format, lints, documentation, and all tests on real databases, runtime and browser
    Test,
    /// Format, lints (native and WebAssembly) and documentation
    Check,
    /// Put the release artefacts into dist/: the server with the widget inside it, the Worker, the widget's files
    Build,
    /// Build the examples into target/examples
    Examples,
    /// Build the widget and say what it weighs and where its bytes go
    Weigh,
    /// Measure; without a name, list what can be measured
    Bench {
        /// What to measure
        name: Option<String>,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run => run::run().map(|()| true),
        Command::Test => test::run(),
        Command::Check => check::run_checks(),
        Command::Build => artefacts::release().map(|()| true),
        Command::Examples => examples::build().map(|_| true),
        Command::Weigh => artefacts::widget().and_then(|widget| artefacts::within_budget(&widget)),
        Command::Bench { name } => bench::run_named(name.as_deref()).map(|()| true),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
