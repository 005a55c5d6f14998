//! A real MongoDB for tests and benchmarks: one node, a replica set, on loopback, gone when it is dropped.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context;
use xtask::process::{Process, free_port};

use crate::shell::{run, target};
use crate::tools;

const SET: &str = "rs0";

pub(crate) struct MongoDb {
    /// Without a database: `mongodb://127.0.0.1:PORT/?replicaSet=rs0`.
    pub(crate) uri: String,
    folder: PathBuf,
    process: Option<Process>,
}

impl MongoDb {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let (mongod, node) = (tools::mongod()?, tools::node()?);
        let port = free_port()?;
        let folder = target().join(format!("mongodb-{port}"));
        std::fs::create_dir_all(&folder)?;
        let log = std::fs::File::create(folder.join("log")).context("the log cannot be written")?;
        let mut command = Command::new(mongod.program);
        command
            .env("LD_LIBRARY_PATH", mongod.libraries)
            .args(["--replSet", SET, "--bind_ip", "127.0.0.1", "--port", &port.to_string(), "--dbpath"])
            .arg(&folder)
            .args(["--wiredTigerCacheSizeGB", "1"])
            .stdout(Stdio::from(log));
        let process = Some(Process::start("mongod", &mut command)?);
        let started = Self { uri: format!("mongodb://127.0.0.1:{port}/?replicaSet={SET}"), folder, process };
        let mut initiate = Command::new("node");
        initiate.current_dir(node).args(["replica-set.mjs", &format!("127.0.0.1:{port}"), SET]);
        run("Starting MongoDB", &mut initiate, "Does the machine have the libraries that mongod needs?")?;
        Ok(started)
    }
}

impl Drop for MongoDb {
    fn drop(&mut self) {
        // First the process, then its files.
        self.process = None;
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
