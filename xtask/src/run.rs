//! Server, edge and demo page on this machine, until Ctrl-C.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use xtask::process::Process;
use xtask::{edge, site};

use crate::shell::{cargo, root, run as run_command, say, target};
use crate::{artefacts, tools};

const SERVER_PORT: u16 = 8787;
const EDGE_PORT: u16 = 8788;
const SITE_PORT: u16 = 8789;

/// What edge and server of the demo share; both listen on loopback only.
const SECRET: &str = "only for the demo on this machine";

/// `cargo xtask run`.
pub(crate) fn run() -> anyhow::Result<()> {
    let (stop, stopped) = mpsc::channel();
    ctrlc::set_handler(move || {
        let _ = stop.send(());
    })
    .context("signals cannot be heard")?;
    artefacts::widget()?;
    let worker = artefacts::edge()?;
    let mut build = cargo(&["build", "--package", "porchlight-server", "--bin", "porchlight"]);
    run_command("Building the server (the first time takes some minutes)", &mut build, "")?;
    for port in [SERVER_PORT, EDGE_PORT, SITE_PORT] {
        let free = std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
        ensure!(free, "port {port} of 127.0.0.1 is taken; end what uses it and start again");
    }
    let folder = target().join("demo");
    fs::create_dir_all(&folder)?;
    let demo = Demo { store: format!("sqlite:{}", folder.join("porchlight.db").display()) };
    let business = demo.business(&folder.join("business.json"))?;
    let key = |name: &str| business[name].as_str().unwrap_or_default().to_owned();
    demo.teach(&key("adminId"), &format!("{}/", loopback(SITE_PORT)))?;

    say("Starting server, edge and demo page");
    let server_address = loopback(SERVER_PORT);
    let mut serve = demo.porchlight();
    serve
        .args(["serve", "--listen", &format!("127.0.0.1:{SERVER_PORT}")])
        .env("PORCHLIGHT_EDGE_SECRET", SECRET);
    let (mut server, _) = Process::start_until("the server", &mut serve, "listening on")?;
    let (mut edge, edge_address) = edge::start(&tools::node()?, &worker, EDGE_PORT, &server_address, SECRET)
        .context("PORCHLIGHT_VERBOSE=1 shows what it says")?;
    let runtime = tokio::runtime::Runtime::new()?;
    let site = runtime.block_on(site::serve(
        &root().join("examples/site"),
        SITE_PORT,
        &edge_address,
        &key("siteKey"),
    ))?;
    println!(
        "
  Open            {site}/

  Edge            {edge_address}
  Server          {server_address}
  Database        {}
  API key         {}

  Ask the chat    Do you deliver? · What does a trike cost? · Can I return a bike?
                  It answers from examples/site/knowledge.md.

  Read the leads  curl -H 'Authorization: Bearer {}' {server_address}/api/leads-enhanced

  Ctrl-C ends everything.
",
        demo.store,
        key("apiKey"),
        key("apiKey")
    );
    while let Err(mpsc::RecvTimeoutError::Timeout) = stopped.recv_timeout(Duration::from_millis(500)) {
        if server.has_ended()?.is_some() || edge.has_ended()?.is_some() {
            bail!(
                "the server or the edge has ended by itself; PORCHLIGHT_VERBOSE=1 shows what the edge says"
            );
        }
    }
    say("Ending");
    drop(edge);
    server.terminate()?;
    Ok(())
}

struct Demo {
    store: String,
}

impl Demo {
    fn porchlight(&self) -> Command {
        let mut command = Command::new(target().join("debug/porchlight"));
        command.env("PORCHLIGHT_STORE", &self.store).env("RUST_LOG", "warn");
        command
    }

    /// The demo's business: made once, its keys remembered beside the database.
    fn business(&self, file: &Path) -> anyhow::Result<Value> {
        if let Ok(known) = fs::read(file) {
            return serde_json::from_slice(&known).with_context(|| {
                format!("{} cannot be read; remove its folder for a fresh demo", file.display())
            });
        }
        let mut create = self.porchlight();
        create.args(["admin", "create", "--name", "Harbour Bikes", "--email", "owner@example.com", "--json"]);
        let output = told(&mut create)?;
        fs::write(file, &output)?;
        Ok(serde_json::from_slice(&output)?)
    }

    /// Gives the business something to answer with; the same again changes nothing.
    fn teach(&self, admin: &str, site: &str) -> anyhow::Result<()> {
        let file = root().join("examples/site/knowledge.md");
        let mut add = self.porchlight();
        add.args(["knowledge", "add"]).arg(file).args(["--admin", admin, "--url", site]);
        told(&mut add).map(drop)
    }
}

/// What a command of the server prints.
fn told(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let output = command.output().context("the server binary does not start")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout)
}

fn loopback(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
