//! How fast the leads API answers at ten thousand, a hundred thousand and a million leads of one business.
//!
//! On each store, through the router and its JSON, and on MongoDB beside the straightforward way: skip and limit with a
//! count, `$regex`, `$group`. Run it with `cargo xtask bench leads`, which sets `PORCHLIGHT_TEST_MONGODB_URI`;
//! `PORCHLIGHT_BENCH_LEADS=100000` stops at that size.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark stops where something is wrong")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use clap::Parser;
use futures::TryStreamExt;
use http_body_util::BodyExt;
use mongodb::bson::{Document, doc};
use porchlight_protocol::ids::ApiKey;
use porchlight_protocol::lead::{Priority, Status};
use porchlight_protocol::time::Timestamp;
use porchlight_server::app::{App, router};
use porchlight_server::config::ServeConfig;
use porchlight_server::keys::Secret;
use porchlight_server::leads::{By, ImportRow, LeadEdit};
use porchlight_server::store::mongodb::MongoStore;
use porchlight_server::store::sqlite::SqliteStore;
use porchlight_server::store::{Admin, KeyRecord, Store, Tenant};
use serde_json::Value;
use tower::ServiceExt;

const SIZES: &[usize] = &[10_000, 100_000, 1_000_000];

/// Leads of another business, whose rows lie between.
const OTHERS: usize = 20_000;

const ROUNDS: usize = 200;

const SEED_STEP: usize = 5_000;

/// 2026-01-30T10:00:00Z; the leads come from the year before.
const NOON: i64 = 1_769_767_200_000;

#[derive(Parser)]
struct Defaults {
    #[command(flatten)]
    serve: ServeConfig,
}

#[tokio::main]
async fn main() {
    let most: usize =
        std::env::var("PORCHLIGHT_BENCH_LEADS").ok().and_then(|text| text.parse().ok()).unwrap_or(usize::MAX);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("leads.db");
    measure("SQLite", Arc::new(SqliteStore::open(&path).unwrap()), most, async || size_of(&path)).await;

    let uri = std::env::var("PORCHLIGHT_TEST_MONGODB_URI").expect("run this with `cargo xtask bench leads`");
    let (host, options) = uri.split_once("/?").unwrap_or((uri.trim_end_matches('/'), ""));
    let name = format!("leads{}", std::process::id());
    let store = Arc::new(MongoStore::connect(&format!("{host}/{name}?{options}")).await.unwrap());
    let client = mongodb::Client::with_uri_str(&uri).await.unwrap();
    let database = client.database(&name);
    measure("MongoDB", store, most, async || disk_of(&database).await).await;
    straightforward(&database).await;
    database.drop().await.unwrap();
}

fn size_of(path: &Path) -> f64 {
    let wal = path.with_extension("db-wal");
    [path, &wal].iter().filter_map(|file| file.metadata().ok()).map(|file| file.len() as f64).sum()
}

async fn disk_of(database: &mongodb::Database) -> f64 {
    let stats = database.run_command(doc! { "dbStats": 1 }).await.unwrap();
    ["storageSize", "indexSize"].iter().map(|name| stats.get_f64(name).unwrap_or_default()).sum()
}

async fn measure(name: &str, store: Arc<dyn Store>, most: usize, disk: impl AsyncFn() -> f64) {
    let secret = Secret::new([7; 32]);
    let (own, key) = business(&*store, &secret, "mine").await;
    let (other, _) = business(&*store, &secret, "other").await;
    let config = Defaults::parse_from(["bench"]).serve;
    let (app, _drain) = App::start(Arc::clone(&store), secret, &config);
    let router = router(app);
    seed(&*store, &other, 0, OTHERS).await;
    println!("{name}");
    let mut seeded = 0;
    let mut first: BTreeMap<&str, f64> = BTreeMap::new();
    for size in SIZES.iter().copied().filter(|size| *size <= most) {
        let started = Instant::now();
        seed(&*store, &own, seeded, size).await;
        let rate = (size - seeded) as f64 / started.elapsed().as_secs_f64();
        seeded = size;
        let started = Instant::now();
        ask(&router, &key, "/api/leads-enhanced?analytics=true").await;
        println!(
            "  {size} leads: seeded at {rate:.0}/s, first figures {:.1?}, {:.0} MB on disk",
            started.elapsed(),
            disk().await / 1e6
        );
        let started = Instant::now();
        ask(&router, &key, "/api/leads-enhanced?search=website").await;
        println!("    the first search, which reads the leads    {:.1?}", started.elapsed());
        for (what, paths) in questions(&router, &key).await {
            let (p50, p99) = time(&router, &key, &paths).await;
            let base = *first.entry(what).or_insert(p50.as_secs_f64());
            println!(
                "    {what:<40} p50 {:>9}  p99 {:>9}   {:.2} of the time at {}",
                format!("{p50:.2?}"),
                format!("{p99:.2?}"),
                p50.as_secs_f64() / base,
                SIZES[0]
            );
        }
        println!("    {}", export(&router, &key, size).await);
    }
}

/// All leads as CSV: when it begins, how fast it goes on, and the memory that the process takes on for it.
async fn export(router: &Router, key: &ApiKey, leads: usize) -> String {
    let (before, started) = (resident(), Instant::now());
    let mut body = get(router, key, "/api/leads-enhanced/export.csv").await;
    let (mut first, mut bytes, mut most) = (None, 0, before);
    while let Some(frame) = body.frame().await {
        first.get_or_insert_with(|| started.elapsed());
        bytes += frame.unwrap().data_ref().map_or(0, |data| data.len());
        most = most.max(resident());
    }
    format!(
        "export: first byte after {:.1?}, {leads} leads ({:.0} MB) after {:.1?}, {:.0} MB more memory",
        first.unwrap(),
        bytes as f64 / 1e6,
        started.elapsed(),
        most - before
    )
}

/// Megabytes of memory that this process holds.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1e3
}

async fn business(store: &dyn Store, secret: &Secret, name: &str) -> (Tenant, ApiKey) {
    let letter = &name[..1];
    let admin = Admin {
        id: format!("admin_{name}").parse().unwrap(),
        name: name.to_owned(),
        email: format!("{name}@example.com"),
        password_hash: String::new(),
        site_key: format!("pk_{}", letter.repeat(24)).parse().unwrap(),
        allowed_origins: Vec::new(),
        widget: Default::default(),
        created_at: Timestamp::from_millis(NOON),
    };
    let (id, site_key) = (admin.id.clone(), admin.site_key.clone());
    store.create_admin(admin).await.unwrap();
    let key: ApiKey = format!("sk_{}", letter.repeat(40)).parse().unwrap();
    let record = KeyRecord {
        id: format!("key_{name}"),
        admin_id: id,
        hash: secret.hash_key(&key),
        prefix: "sk_".to_owned(),
        created_at: Timestamp::from_millis(NOON),
        revoked_at: None,
        used_at: None,
    };
    assert!(store.create_key(record).await.unwrap());
    (store.site(&site_key).await.unwrap().unwrap().tenant, key)
}

/// Leads number `from` to `to`, spread over a year, through the store's batch path.
async fn seed(store: &dyn Store, tenant: &Tenant, from: usize, to: usize) {
    let by = By::new("key_bench", Timestamp::from_millis(NOON));
    for start in (from..to).step_by(SEED_STEP) {
        let rows: Vec<ImportRow> = (start..to.min(start + SEED_STEP)).map(lead).collect();
        store.import_leads(tenant, &rows, &by, false).await.unwrap();
        if (start + SEED_STEP).is_multiple_of(100_000) {
            eprintln!("    {} of {to} seeded", start + SEED_STEP);
        }
    }
}

const NEEDS: &[&str] =
    &["website", "automation", "repair", "catering", "logo", "delivery", "training", "insurance"];

fn lead(index: usize) -> ImportRow {
    // A step that is prime to the year spreads numbers over it without a pattern.
    let minute = (index as i64).wrapping_mul(7_919) % 525_600;
    let need = NEEDS[index % NEEDS.len()];
    ImportRow {
        email: format!("person{index}@mail{}.example", index % 1_000),
        edit: LeadEdit {
            status: Some(Status::ALL[index % 5]),
            priority: Some(Priority::ALL[index % 3]),
            requirements: Some(format!(
                "• {need} for {} people\n• Budget under ${}",
                index % 97,
                index % 5_000
            )),
            value: Some(Some((index % 5_000) as f64 + 0.5)),
            tags: Some(vec![format!("tag{}", index % 50)]),
            ..LeadEdit::default()
        },
        created_at: Some(Timestamp::from_millis(NOON - minute * 60_000 - index as i64 % 60_000)),
        source: format!("https://shop.example/page{}?utm_source=s{}", index % 200, index % 7),
        first_message: format!("Hello, we need {need}, order number {index}"),
        alternate_emails: Vec::new(),
    }
}

/// What is asked, and the paths that are asked in turn.
async fn questions(router: &Router, key: &ApiKey) -> Vec<(&'static str, Vec<String>)> {
    let base = "/api/leads-enhanced";
    let page = |query: &str| format!("{base}?pageSize=20{query}");
    let mut cursor = ask(router, key, &page("")).await["nextCursor"].as_str().unwrap().to_owned();
    let mut deep = Vec::new();
    for number in [100, 1_000, 5_000, 10_000] {
        let found = ask(router, key, &format!("{base}?pageSize=100&page={number}")).await;
        let next = found["nextCursor"].as_str().unwrap_or(&cursor).to_owned();
        cursor.clone_from(&next);
        deep.push(page(&format!("&cursor={next}")));
    }
    let words = |list: &[&str]| list.iter().map(|words| page(&format!("&search={words}"))).collect();
    vec![
        ("list, first page", vec![page("")]),
        (
            "list, one status",
            Status::ALL.iter().map(|status| page(&format!("&status={}", status.as_str()))).collect(),
        ),
        ("list, by cursor at any depth", deep),
        ("search, one word", words(&["website", "person123", "4711", "mail77", "cater", "nothing"])),
        (
            "search, two words",
            words(&["website%20person12", "logo%2012", "website%20people", "budget%204711"]),
        ),
        ("search, frequent words that never meet", words(&["repair%20website"])),
        (
            "search, the same by value",
            ["website", "logo%2012", "cater", "repair%20website"]
                .map(|words| page(&format!("&search={words}&sort=-value")))
                .into(),
        ),
        ("list, by tag and priority", vec![page("&tag=tag7&priority=high")]),
        ("list, page in the middle", vec![page("&page=2000"), page("&page=20000&sort=value")]),
        ("analytics, all of it", vec![format!("{base}?analytics=true")]),
    ]
}

async fn ask(router: &Router, key: &ApiKey, path: &str) -> Value {
    let body = get(router, key, path).await;
    serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap()
}

async fn get(router: &Router, key: &ApiKey, path: &str) -> Body {
    let request = Request::get(path)
        .header("authorization", format!("Bearer {}", key.as_str()))
        .body(Body::empty())
        .unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.into_body()
}

/// Median and 99th percentile; fewer rounds where one takes long.
async fn time(router: &Router, key: &ApiKey, paths: &[String]) -> (Duration, Duration) {
    let begun = Instant::now();
    let mut times = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        if begun.elapsed() > Duration::from_secs(10) {
            break;
        }
        let started = Instant::now();
        ask(router, key, &paths[round % paths.len()]).await;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}

/// The brief's own queries on the same documents, three times each.
async fn straightforward(database: &mongodb::Database) {
    let leads = database.collection::<Document>("leads");
    let own = doc! { "adminId": "admin_mine" };
    println!("  the straightforward way on the same documents");
    let show =
        |what: &str, times: [Duration; 3]| println!("    {what:<40} p50 {:.2?}", times.iter().max().unwrap());
    let mut times = [Duration::ZERO; 3];
    for time in &mut times {
        let started = Instant::now();
        leads.count_documents(own.clone()).await.unwrap();
        let page =
            leads.find(own.clone()).sort(doc! { "createdAt": -1 }).skip(20_000).limit(20).await.unwrap();
        page.try_collect::<Vec<_>>().await.unwrap();
        *time = started.elapsed();
    }
    show("skip, limit and a count", times);
    for time in &mut times {
        let started = Instant::now();
        let pattern = doc! { "$regex": "person123", "$options": "i" };
        let mut filter = own.clone();
        filter.insert(
            "$or",
            vec![
                doc! { "email": pattern.clone() },
                doc! { "requirements": pattern.clone() },
                doc! { "firstMessage": pattern },
            ],
        );
        leads.count_documents(filter.clone()).await.unwrap();
        let page = leads.find(filter).sort(doc! { "createdAt": -1 }).limit(20).await.unwrap();
        page.try_collect::<Vec<_>>().await.unwrap();
        *time = started.elapsed();
    }
    show("$regex search and its count", times);
    for time in &mut times {
        let started = Instant::now();
        let group = doc! { "_id": "$status", "leads": { "$sum": 1 }, "value": { "$sum": "$value" }, "conversations": { "$avg": "$conversationCount" } };
        let stages = [doc! { "$match": own.clone() }, doc! { "$group": group }];
        leads.aggregate(stages).await.unwrap().try_collect::<Vec<_>>().await.unwrap();
        *time = started.elapsed();
    }
    show("$group over all leads", times);
}
