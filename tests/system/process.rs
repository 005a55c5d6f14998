//! Child processes that end with the test, however it ends.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A child in a process group of its own; the group is ended by id when this is dropped.
pub(crate) struct Process {
    child: Child,
    name: String,
}

impl Process {
    /// Starts it without waiting; what it prints goes to the test's own output.
    pub(crate) fn start(name: &str, command: &mut Command) -> Self {
        let child = command.process_group(0).stdin(Stdio::null()).spawn();
        let child = child.unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        Self { child, name: name.to_owned() }
    }

    /// Starts it and waits for a line that begins with `prefix`; gives the rest of the line.
    pub(crate) fn start_until(name: &str, command: &mut Command, prefix: &str) -> (Self, String) {
        let mut process = Self::start(name, command.stdout(Stdio::piped()));
        let output = process.child.stdout.take().expect("stdout is piped");
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
        let rest = receiver.recv_timeout(Duration::from_secs(30));
        let rest = rest.unwrap_or_else(|_| panic!("{name} has not printed {prefix:?} within 30 s"));
        (process, rest)
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(mut self) {
        self.signal("KILL");
        let _ = self.child.wait();
    }

    /// Asks it to end and gives its exit code; it has 10 s, as the contract says.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        self.signal("TERM");
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("the child can be asked") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{} has not ended within 10 s of SIGTERM", self.name)
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
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port()
}

/// What a variable set by `cargo xtask test` holds.
pub(crate) fn setting(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set; run these tests with `cargo xtask test`"))
}
