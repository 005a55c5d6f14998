//! How many captures a second the server keeps, and how far that is from what the database can do.
//!
//! On each store, in one run: the server at 64 connections with one session in five carrying an address; the very
//! documents it made, written again straight by the driver in batches (the limit); and the straightforward way, which
//! is the same documents again with one durable command after the other for each message: insert it, tag its session,
//! look for the lead, insert or update that. Neither of the two goes through HTTP, so what HTTP alone takes here, client
//! included, is measured too. The client is hyper's bare connection, one a task: client, server and database share
//! the machine, and what the client takes is missing to what is measured. Beside each rate stands the processor time that
//! a capture takes in each process, which says more than the rate where others use the machine too.
//!
//! Run it with `cargo xtask bench capture`, which sets `PORCHLIGHT_TEST_MONGODB_URI`; `sqlite` or `mongodb` behind `--`
//! measures that store alone.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark stops where something is wrong")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

#[path = "capture/load.rs"]
mod load;
#[path = "capture/mongodb.rs"]
mod mongodb;
#[path = "capture/sqlite.rs"]
mod sqlite;

pub(crate) const CONNECTIONS: usize = 64;
pub(crate) const MESSAGES: usize = 40_000;
pub(crate) const MESSAGES_OF_A_SESSION: usize = 5;
/// Documents or rows of a batch of the limit.
pub(crate) const BATCH: usize = 500;
/// Messages that are kept the straightforward way.
pub(crate) const STRAIGHTFORWARD: usize = 2_000;

/// What the server did.
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    p50: Duration,
    p99: Duration,
    /// Processor time a capture.
    client: Duration,
    server: Duration,
}

fn main() {
    let asked = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let wants = |store: &str| asked.as_deref().is_none_or(|asked| asked == store);
    println!(
        "{MESSAGES} captures, {CONNECTIONS} connections, {MESSAGES_OF_A_SESSION} messages a session, one session in five with an address\n"
    );
    if wants("sqlite") {
        sqlite::measure();
    }
    if wants("mongodb") {
        mongodb::measure();
    }
}

/// Shows one store's figures; `database` is the processor time of a database that runs in a process of its own.
pub(crate) fn report(store: &str, server: &Measured, database: Option<Duration>, limit: f64, plain: f64) {
    println!("{store}");
    println!(
        "  server            {:>8.0} captures/s   p50 {:?}  p99 {:?}",
        server.per_second, server.p50, server.p99
    );
    let database = database.map(|took| format!(", database {}", micros(took))).unwrap_or_default();
    println!(
        "  processor time of a capture: client {}, server {}{database}",
        micros(server.client),
        micros(server.server)
    );
    println!("  limit             {limit:>8.0} captures/s   server / limit {:.2}", server.per_second / limit);
    println!(
        "  straightforward   {plain:>8.0} captures/s   server / straightforward {:.1}\n",
        server.per_second / plain
    );
}

fn micros(took: Duration) -> String {
    format!("{:.1} µs", took.as_secs_f64() * 1e6)
}

/// A running server, which ends with this.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn porchlight(store: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_porchlight"));
    command.env("PORCHLIGHT_STORE", store).env("RUST_LOG", "warn");
    command
}

/// Starts a server on an empty store and measures it; then HTTP alone.
pub(crate) fn measure_server(store: &str) -> Measured {
    let created = porchlight(store)
        .args(["admin", "create", "--name", "Bench", "--email", "bench@example.com", "--json"])
        .output()
        .unwrap();
    let created: Value = serde_json::from_slice(&created.stdout).expect("the admin is created");
    let site_key = created["siteKey"].as_str().unwrap().to_owned();
    let mut child =
        porchlight(store).args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let serving = Serving(child);
    let address = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|l| l.strip_prefix("listening on http://").map(str::to_owned))
        .expect("an address");
    std::thread::spawn(move || lines.for_each(drop));

    let (clients, servers) = (std::process::id(), serving.0.id());
    let (before, started) = ((processor_time(clients), processor_time(servers)), Instant::now());
    let mut latencies = load::captures(&address, &site_key);
    let seconds = started.elapsed().as_secs_f64();
    let each = |now: Duration, before: Duration| (now - before) / MESSAGES as u32;
    let (client, server) = (each(processor_time(clients), before.0), each(processor_time(servers), before.1));
    latencies.sort();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];

    let (before, started) = (processor_time(servers), Instant::now());
    load::health(&address);
    println!(
        "HTTP alone          {:>8.0} requests/s (GET /healthz, the same connections; server {})\n",
        MESSAGES as f64 / started.elapsed().as_secs_f64(),
        micros(each(processor_time(servers), before))
    );
    Measured { per_second: MESSAGES as f64 / seconds, p50: at(0.5), p99: at(0.99), client, server }
}

/// What a process has used of the processors; a tick is a hundredth of a second on Linux.
pub(crate) fn processor_time(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name, in brackets, may hold anything.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}
