//! A server with one business, started for one test on a free port of the loopback address.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::process::{Process, free_port, setting};

/// What edge and server share.
pub(crate) const SECRET: &str = "a secret of the tests";

/// A business and its keys, as `porchlight admin create --json` prints them.
pub(crate) struct Business {
    pub(crate) admin_id: String,
    pub(crate) site_key: String,
    pub(crate) api_key: String,
}

/// A server with one business.
pub(crate) struct Server {
    pub(crate) database: PathBuf,
    pub(crate) business: Business,
    pub(crate) port: u16,
    signed_only: bool,
    process: Option<Process>,
    _directory: tempfile::TempDir,
}

impl Server {
    /// A server that takes visitors' requests from anybody.
    pub(crate) fn open() -> Self {
        Self::start(false)
    }

    /// A server that takes visitors' requests from its edge alone.
    pub(crate) fn behind_edge() -> Self {
        Self::start(true)
    }

    fn start(signed_only: bool) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let database = directory.path().join("test.db");
        let business = create_business(&database);
        let mut server =
            Self { database, business, port: free_port(), signed_only, process: None, _directory: directory };
        server.turn_on();
        server
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts the process, on the same port and database as before.
    pub(crate) fn turn_on(&mut self) {
        let mut command = porchlight(&self.database);
        command.args(["serve", "--listen", &format!("127.0.0.1:{}", self.port)]);
        if self.signed_only {
            command.env("PORCHLIGHT_EDGE_SECRET", SECRET);
        }
        let (process, _) = Process::start_until("the server", &mut command, "listening on");
        self.process = Some(process);
    }

    /// Ends the process as an operator does.
    pub(crate) fn turn_off(&mut self) {
        let process = self.process.take().expect("the server is on");
        assert_eq!(process.terminate(), Some(0), "the server ends well");
    }

    /// Ends the process as a power cut does.
    pub(crate) fn kill(&mut self) {
        self.process.take().expect("the server is on").kill();
    }
}

fn porchlight(database: &Path) -> Command {
    let mut command = Command::new(setting("PORCHLIGHT_TEST_SERVER"));
    command.env("PORCHLIGHT_STORE", format!("sqlite:{}", database.display()));
    command
}

fn create_business(database: &Path) -> Business {
    let output = porchlight(database)
        .args(["admin", "create", "--name", "Acme", "--email", "owner@acme.com", "--json"])
        .output()
        .expect("the server binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let field = |name: &str| told[name].as_str().unwrap_or_else(|| panic!("{name} is missing")).to_owned();
    Business { admin_id: field("adminId"), site_key: field("siteKey"), api_key: field("apiKey") }
}
