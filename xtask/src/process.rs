//! Child processes that end with their owner, however it ends.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// A child in a process group of its own; the group is ended by id when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
}

impl Process {
    /// Starts it without waiting; what it prints goes where the command says.
    pub fn start(name: &str, command: &mut Command) -> anyhow::Result<Self> {
        let child = command.process_group(0).stdin(Stdio::null()).spawn();
        let child = child.with_context(|| format!("{name} does not start"))?;
        Ok(Self { child, name: name.to_owned() })
    }

    /// Starts it and waits at most 30 s for a line that begins with `prefix`; gives the rest of the line.
    pub fn start_until(name: &str, command: &mut Command, prefix: &str) -> anyhow::Result<(Self, String)> {
        let mut process = Self::start(name, command.stdout(Stdio::piped()))?;
        let output = process.child.stdout.take().context("stdout is piped")?;
        let (sender, receiver) = mpsc::channel();
        let wanted = prefix.to_owned();
        // The reader goes on to the end, so that the child never waits for a full pipe.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some(rest) = line.strip_prefix(&wanted) {
                    let _ = sender.send(rest.trim().to_owned());
                }
            }
        });
        match receiver.recv_timeout(Duration::from_secs(30)) {
            Ok(rest) => Ok((process, rest)),
            Err(mpsc::RecvTimeoutError::Timeout) => bail!("{name} has not printed {prefix:?} within 30 s"),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                bail!("{name} has ended before it printed {prefix:?}")
            }
        }
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(mut self) {
        self.signal("KILL");
        let _ = self.child.wait();
    }

    /// Asks it to end and gives its exit code; it has 10 s.
    pub fn terminate(mut self) -> anyhow::Result<Option<i32>> {
        self.signal("TERM");
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if let Some(status) = self.has_ended()? {
                return Ok(status.code());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("{} has not ended within 10 s of SIGTERM", self.name)
    }

    /// How it ended, if it has.
    pub fn has_ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("{} cannot be asked", self.name))
    }

    fn signal(&self, signal: &str) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-s", signal, "--", &group]).stderr(Stdio::null()).status();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal("KILL");
        let _ = self.child.wait();
    }
}

/// A port of the loopback address that was free a moment ago.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
