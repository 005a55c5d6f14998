//! A MongoDB of a test's own, nodes of which may be killed: a replica set of one node, as small installations have it, or of
//! several.

use std::process::{Command, Stdio};

use mongodb::Client;
use mongodb::bson::doc;
use xtask::process::{Process, free_port};

use crate::system::{Database, setting};

const SET: &str = "own";

pub(crate) struct MongoDb(Vec<Node>);

struct Node {
    port: u16,
    /// Ends before its files go.
    process: Option<Process>,
    folder: tempfile::TempDir,
}

impl MongoDb {
    pub(crate) fn start(nodes: usize) -> Self {
        let started = Self((0..nodes).map(|_| Node::start()).collect());
        let mut initiate = Command::new("node");
        initiate.current_dir(setting("PORCHLIGHT_TEST_NODE"));
        initiate.args(["replica-set.mjs", &started.hosts(), SET]);
        assert!(initiate.status().expect("node runs").success(), "the replica set begins");
        started
    }

    fn hosts(&self) -> String {
        self.0.iter().map(Node::host).collect::<Vec<_>>().join(",")
    }

    fn uri(&self) -> String {
        format!("mongodb://{}/killed?replicaSet={SET}", self.hosts())
    }

    pub(crate) fn database(&self) -> Database {
        Database::MongoDb(self.uri())
    }

    /// The node that takes writes now.
    pub(crate) async fn primary(&self) -> usize {
        let client = Client::with_uri_str(self.uri()).await.expect("the database answers");
        let hello = client.database("admin").run_command(doc! { "hello": 1 }).await.expect("a primary");
        let primary = hello.get_str("primary").expect("its name");
        self.0.iter().position(|node| node.host() == primary).expect("one of the nodes")
    }

    /// Starts a node's process, on the same port and files as before.
    pub(crate) fn turn_on(&mut self, node: usize) {
        self.0[node].turn_on();
    }

    /// Ends a node's process as a power cut does.
    pub(crate) fn kill(&mut self, node: usize) {
        self.0[node].process.take().expect("the node is on").kill();
    }
}

impl Node {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let mut started = Self { port: free_port().unwrap(), process: None, folder };
        started.turn_on();
        started
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn turn_on(&mut self) {
        let mut mongod = Command::new(setting("PORCHLIGHT_TEST_MONGOD"));
        mongod.env("LD_LIBRARY_PATH", setting("PORCHLIGHT_TEST_MONGOD_LIBRARIES"));
        mongod.args(["--replSet", SET, "--bind_ip", "127.0.0.1", "--port", &self.port.to_string()]);
        mongod
            .args(["--nounixsocket", "--wiredTigerCacheSizeGB", "0.25", "--dbpath"])
            .arg(self.folder.path());
        self.process = Some(Process::start("mongod", mongod.stdout(Stdio::null())).unwrap());
    }
}
