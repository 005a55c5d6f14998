//! The built Worker in the Workers runtime on this machine.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::process::Process;

/// Starts the Worker of `folder` on a port of the loopback address, any free one for 0; gives it with its address once it
/// is up. `node` is the folder of the Node programs.
pub fn start(
    node: &Path,
    folder: &Path,
    port: u16,
    origin: &str,
    secret: &str,
) -> anyhow::Result<(Process, String)> {
    let mut command = Command::new("node");
    command
        .current_dir(node)
        .arg("edge.mjs")
        .arg(folder)
        .arg(port.to_string())
        .arg(format!("PORCHLIGHT_ORIGIN={origin}"))
        .arg(format!("PORCHLIGHT_EDGE_SECRET={secret}"));
    if std::env::var_os("PORCHLIGHT_VERBOSE").is_none() {
        command.stderr(Stdio::null());
    }
    Process::start_until("the Workers runtime", &mut command, "listening on")
}
