//! A real MongoDB for tests and benchmarks: one node on loopback, gone when it is dropped.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context;
use xtask::process::{Process, free_port};

use crate::shell::{run, target};
use crate::tools;

const SET: &str = "rs0";

pub(crate) struct MongoDb {
    /// Without a database: `mongodb://127.0.0.1:PORT/`, of a replica set with its name.
    pub(crate) uri: String,
    host: String,
    folder: PathBuf,
    process: Option<Process>,
}

impl MongoDb {
    /// A replica set, as installations should have.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut started = Self::run(&["--replSet", SET, "--wiredTigerCacheSizeGB", "1"])?;
        let mut initiate = Command::new("node");
        initiate.current_dir(tools::node()?).args(["replica-set.mjs", &started.host, SET]);
        run("Starting MongoDB", &mut initiate, "Does the machine have the libraries that mongod needs?")?;
        started.uri = format!("mongodb://{}/?replicaSet={SET}", started.host);
        Ok(started)
    }

    /// A server without a replica set, which has no transactions.
    pub(crate) fn standalone() -> anyhow::Result<Self> {
        Self::run(&["--wiredTigerCacheSizeGB", "0.25"])
    }

    fn run(arguments: &[&str]) -> anyhow::Result<Self> {
        let mongod = tools::mongod()?;
        let port = free_port()?;
        let folder = target().join(format!("mongodb-{port}"));
        std::fs::create_dir_all(&folder)?;
        let log = std::fs::File::create(folder.join("log")).context("the log cannot be written")?;
        let mut command = Command::new(mongod.program);
        command
            .env("LD_LIBRARY_PATH", mongod.libraries)
            .args(["--bind_ip", "127.0.0.1", "--port", &port.to_string(), "--dbpath"])
            .arg(&folder)
            .args(arguments)
            .stdout(Stdio::from(log));
        let process = Some(Process::start("mongod", &mut command)?);
        let host = format!("127.0.0.1:{port}");
        Ok(Self { uri: format!("mongodb://{host}/"), host, folder, process })
    }
}

impl Drop for MongoDb {
    fn drop(&mut self) {
        // First the process, then its files.
        self.process = None;
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
