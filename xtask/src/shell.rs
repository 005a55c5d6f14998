//! Commands and folders.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Says what is being done.
pub(crate) fn say(text: &str) {
    println!("==> {text}");
}

/// `cargo` in the project's folder.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    command
}

/// Runs a command to its end, its output shown; a failure names the command, and `hint` says what to do.
pub(crate) fn run(what: &str, command: &mut Command, hint: &str) -> anyhow::Result<()> {
    say(what);
    let started = Instant::now();
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{program} does not start. {hint}"))?;
    ensure!(status.success(), "{what}: {program} failed ({status}). {hint}");
    let seconds = started.elapsed().as_secs();
    if seconds >= 10 {
        println!("    took {seconds} s");
    }
    Ok(())
}

/// Whether a program can be found in `PATH`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}
