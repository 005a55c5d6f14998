//! Server, edge and demo site, started for one test on free ports of the loopback address.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use xtask::process::{Process, free_port};
use xtask::{edge, site};

use crate::faults::Faults;

/// What edge and server share.
pub(crate) const SECRET: &str = "a secret of the tests";

/// Where the documents are.
#[derive(Clone)]
pub(crate) enum Database {
    Sqlite(std::path::PathBuf),
    MongoDb(String),
}

impl Database {
    /// The `--store` argument.
    pub(crate) fn store(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::MongoDb(uri) => uri.clone(),
        }
    }
}

fn fresh(kind: &str) -> (tempfile::TempDir, Database) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let database = match kind {
        "sqlite" => Database::Sqlite(directory.path().join("test.db")),
        "standalone" => Database::MongoDb(mongodb_uri("PORCHLIGHT_TEST_STANDALONE_URI")),
        _ => Database::MongoDb(mongodb_uri("PORCHLIGHT_TEST_MONGODB_URI")),
    };
    (directory, database)
}

/// A business and its keys, as `porchlight admin create --json` prints them.
#[derive(Clone)]
pub(crate) struct Business {
    pub(crate) admin_id: String,
    pub(crate) site_key: String,
    pub(crate) api_key: String,
}

/// A server with one business.
pub(crate) struct Server {
    pub(crate) database: Database,
    pub(crate) business: Business,
    pub(crate) port: u16,
    signed_only: bool,
    /// More of its environment.
    settings: Vec<(&'static str, String)>,
    process: Option<Process>,
    _directory: tempfile::TempDir,
}

impl Server {
    /// A server that takes visitors' requests from anybody.
    pub(crate) fn open(kind: &str) -> Self {
        Self::start(kind, false)
    }

    /// The same on a database that the test has.
    pub(crate) fn open_on(database: Database) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let business = create_business(&database, "owner@example.com");
        Self::on(directory, database, business, false)
    }

    /// The same with settings of its own.
    pub(crate) fn open_with(kind: &str, settings: Vec<(&'static str, String)>) -> Self {
        let (directory, database) = fresh(kind);
        let business = create_business(&database, "owner@example.com");
        Self::with(directory, database, business, false, settings)
    }

    /// A server that takes visitors' requests from its edge alone.
    pub(crate) fn behind_edge(kind: &str) -> Self {
        Self::start(kind, true)
    }

    /// A server on a database of its own that was filled from a backup of this business.
    pub(crate) fn restored(kind: &str, backup: &str, business: &Business) -> Self {
        let (directory, database) = fresh(kind);
        run(&database, &["restore", backup]);
        Self::on(directory, database, business.clone(), false)
    }

    /// What `restore` says of a file that is no backup.
    pub(crate) fn restoring_fails(kind: &str, file: &str) -> String {
        let (_directory, database) = fresh(kind);
        run_badly(&database, &["restore", file])
    }

    fn start(kind: &str, signed_only: bool) -> Self {
        let (directory, database) = fresh(kind);
        let business = create_business(&database, "owner@example.com");
        Self::on(directory, database, business, signed_only)
    }

    fn on(directory: tempfile::TempDir, database: Database, business: Business, signed_only: bool) -> Self {
        Self::with(directory, database, business, signed_only, Vec::new())
    }

    fn with(
        directory: tempfile::TempDir,
        database: Database,
        business: Business,
        signed_only: bool,
        settings: Vec<(&'static str, String)>,
    ) -> Self {
        let mut server = Self {
            database,
            business,
            port: free_port().unwrap(),
            signed_only,
            settings,
            process: None,
            _directory: directory,
        };
        server.turn_on();
        server
    }

    /// Another server on the same database, for the same business.
    pub(crate) fn beside(&self) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let settings = self.settings.clone();
        Self::with(directory, self.database.clone(), self.business.clone(), self.signed_only, settings)
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
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        let (process, _) = Process::start_until("the server", &mut command, "listening on").unwrap();
        self.process = Some(process);
    }

    /// Ends the process as an operator does.
    pub(crate) fn turn_off(&mut self) {
        let process = self.process.take().expect("the server is on");
        assert_eq!(process.terminate().unwrap(), Some(0), "the server ends well");
    }

    /// Ends the process as a power cut does.
    pub(crate) fn kill(&mut self) {
        self.process.take().expect("the server is on").kill();
    }
}

/// The whole system: site, edge, server.
pub(crate) struct System {
    pub(crate) server: Server,
    /// The edge's address.
    pub(crate) edge: String,
    site: String,
    faults: Option<Faults>,
    _edge: Process,
}

impl System {
    pub(crate) async fn start(kind: &str) -> Self {
        Self::start_with(kind, SECRET).await
    }

    /// A system whose edge signs with this secret.
    pub(crate) async fn start_with(kind: &str, secret: &str) -> Self {
        let server = Server::behind_edge(kind);
        let origin = server.address();
        Self::around(server, &origin, secret, None).await
    }

    /// A system whose server has more in its environment.
    pub(crate) async fn start_with_settings(kind: &str, settings: Vec<(&'static str, String)>) -> Self {
        let (directory, database) = fresh(kind);
        let business = create_business(&database, "owner@example.com");
        let server = Server::with(directory, database, business, true, settings);
        let origin = server.address();
        Self::around(server, &origin, SECRET, None).await
    }

    /// A system with a proxy between edge and server that does what it is told.
    pub(crate) async fn start_with_faults(kind: &str) -> Self {
        let server = Server::behind_edge(kind);
        let faults = Faults::before(server.port).await;
        let origin = format!("http://127.0.0.1:{}", faults.port);
        Self::around(server, &origin, SECRET, Some(faults)).await
    }

    /// A system whose edge has neither queue nor limiter.
    pub(crate) async fn start_without_bindings(kind: &str) -> Self {
        let server = Server::behind_edge(kind);
        let origin = server.address();
        let folder = tempfile::tempdir().expect("a temporary directory");
        let edge = std::path::PathBuf::from(setting("PORCHLIGHT_TEST_EDGE_DIR"));
        let text = std::fs::read_to_string(edge.join("wrangler.toml")).expect("wrangler.toml");
        let mut config: toml::Table = text.parse().expect("TOML");
        config.remove("queues").expect("it has queues");
        config.remove("ratelimits").expect("it has a limiter");
        let absolute = |path: &str| toml::Value::from(edge.join(path).display().to_string());
        config["main"] = absolute("build/index.js");
        config["assets"]["directory"] = absolute("../target/widget");
        std::fs::write(folder.path().join("wrangler.toml"), config.to_string()).expect("a file");
        let started = start_edge(folder.path(), &origin, SECRET).await;
        Self::with_edge(server, started, None).await
    }

    async fn around(server: Server, origin: &str, secret: &str, faults: Option<Faults>) -> Self {
        let started = edge_before(origin, secret).await;
        Self::with_edge(server, started, faults).await
    }

    async fn with_edge(server: Server, (edge, process): (String, Process), faults: Option<Faults>) -> Self {
        let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/site");
        let site = site::serve(&pages, 0, &edge, &server.business.site_key).await.unwrap();
        Self { server, edge, site, faults, _edge: process }
    }

    /// The proxy between edge and server.
    pub(crate) fn faults(&self) -> &Faults {
        self.faults.as_ref().expect("a system with faults")
    }

    /// The address of a page of the demo shop.
    pub(crate) fn page(&self, name: &str) -> String {
        format!("{}/{name}", self.site)
    }
}

/// An edge before the server at this address.
pub(crate) async fn edge_before(origin: &str, secret: &str) -> (String, Process) {
    start_edge(Path::new(&setting("PORCHLIGHT_TEST_EDGE_DIR")), origin, secret).await
}

async fn start_edge(folder: &Path, origin: &str, secret: &str) -> (String, Process) {
    let node = setting("PORCHLIGHT_TEST_NODE");
    let (process, address) = edge::start(Path::new(&node), folder, 0, origin, secret).unwrap();
    (address, process)
}

/// A command of the server binary on a database.
pub(crate) fn porchlight(database: &Database) -> Command {
    let mut command = Command::new(setting("PORCHLIGHT_TEST_SERVER"));
    command.env("PORCHLIGHT_STORE", database.store()).env("RUST_LOG", "warn");
    command
}

/// Runs a command of the server binary; it must succeed.
pub(crate) fn run(database: &Database, arguments: &[&str]) -> String {
    let output = porchlight(database).args(arguments).output().expect("the server binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Runs a command that must fail; gives what it says.
pub(crate) fn run_badly(database: &Database, arguments: &[&str]) -> String {
    let output = porchlight(database).args(arguments).output().expect("the server binary runs");
    assert!(!output.status.success(), "{arguments:?} succeeds");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn create_business(database: &Database, email: &str) -> Business {
    create_business_for(database, email, None)
}

/// A business whose widget belongs on the pages of one origin alone.
pub(crate) fn create_business_for(database: &Database, email: &str, origin: Option<&str>) -> Business {
    let mut arguments = vec!["admin", "create", "--name", "Acme", "--email", email, "--json"];
    arguments.extend(origin.into_iter().flat_map(|origin| ["--allow-origin", origin]));
    let told = run(database, &arguments);
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let field = |name: &str| told[name].as_str().unwrap_or_else(|| panic!("{name} is missing")).to_owned();
    Business { admin_id: field("adminId"), site_key: field("siteKey"), api_key: field("apiKey") }
}

/// A database of its own on the server that a variable names.
fn mongodb_uri(variable: &str) -> String {
    let uri = setting(variable);
    let (server, options) = uri.split_once("/?").unwrap_or((uri.trim_end_matches('/'), ""));
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    format!("{server}/system{nanos}?{options}")
}

/// What a variable set by `cargo xtask test` holds.
pub(crate) fn setting(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set; run these tests with `cargo xtask test`"))
}
