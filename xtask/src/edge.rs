//! The built Worker in the Workers runtime on this machine.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::process::Process;

/// Starts the Worker of `folder` on a port of the loopback address; it is up when its `/widget.js` answers.
pub fn start(
    wrangler: &Path,
    folder: &Path,
    port: u16,
    origin: &str,
    secret: &str,
) -> anyhow::Result<Process> {
    let mut command = Command::new(wrangler);
    command
        .current_dir(folder)
        .args(["dev", "--ip", "127.0.0.1", "--port", &port.to_string(), "--inspector-port", "0"])
        .args(["--log-level", "error", "--show-interactive-dev-session", "false"])
        .args(["--var", &format!("PORCHLIGHT_ORIGIN:{origin}")])
        .args(["--var", &format!("PORCHLIGHT_EDGE_SECRET:{secret}")])
        .env("WRANGLER_SEND_METRICS", "false")
        .env("CI", "true")
        .stdout(Stdio::null());
    // It complains that it cannot ask for the place of the request, which is true and harmless on this machine.
    if std::env::var_os("PORCHLIGHT_VERBOSE").is_none() {
        command.stderr(Stdio::null());
    }
    Process::start("the Workers runtime", &mut command)
}
