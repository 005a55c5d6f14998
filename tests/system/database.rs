//! A MongoDB of a test's own, which may be killed: a replica set of one node, as small installations have it.

use std::process::{Command, Stdio};

use xtask::process::{Process, free_port};

use crate::system::{Database, setting};

const SET: &str = "own";

pub(crate) struct MongoDb {
    port: u16,
    /// Ends before its files go.
    process: Option<Process>,
    folder: tempfile::TempDir,
}

impl MongoDb {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let mut started = Self { port: free_port().unwrap(), process: None, folder };
        started.turn_on();
        let mut initiate = Command::new("node");
        initiate.current_dir(setting("PORCHLIGHT_TEST_NODE"));
        initiate.args(["replica-set.mjs", &started.host(), SET]);
        assert!(initiate.status().expect("node runs").success(), "the replica set begins");
        started
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn database(&self) -> Database {
        Database::MongoDb(format!("mongodb://{}/killed?replicaSet={SET}", self.host()))
    }

    /// Starts the process, on the same port and files as before.
    pub(crate) fn turn_on(&mut self) {
        let mut mongod = Command::new(setting("PORCHLIGHT_TEST_MONGOD"));
        mongod.env("LD_LIBRARY_PATH", setting("PORCHLIGHT_TEST_MONGOD_LIBRARIES"));
        mongod.args(["--replSet", SET, "--bind_ip", "127.0.0.1", "--port", &self.port.to_string()]);
        mongod
            .args(["--nounixsocket", "--wiredTigerCacheSizeGB", "0.25", "--dbpath"])
            .arg(self.folder.path());
        self.process = Some(Process::start("mongod", mongod.stdout(Stdio::null())).unwrap());
    }

    /// Ends the process as a power cut does.
    pub(crate) fn kill(&mut self) {
        self.process.take().expect("the database is on").kill();
    }
}
