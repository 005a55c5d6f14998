//! Every check and test, with everything real; the last line is `N passed, N failed`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::mongodb::MongoDb;
use crate::shell::{cargo, say, target};
use crate::{artefacts, check, examples, tools};

/// What was counted so far.
#[derive(Default)]
struct Count {
    passed: u64,
    failed: u64,
}

/// `cargo xtask test`; gives whether all passed.
pub(crate) fn run() -> anyhow::Result<bool> {
    let mut count = Count::default();
    for passed in check::all()? {
        count.add(u64::from(passed), u64::from(!passed));
    }
    let light = artefacts::within_budget(&artefacts::widget()?)?;
    count.add(u64::from(light), u64::from(!light));
    let edge = artefacts::edge()?;
    let examples = examples::build()?;
    let (chromium, driver) = tools::chromium()?;
    let (firefox, geckodriver) = tools::firefox()?;
    // With the tests the server is built as well; by itself it would be built of other features of the same crates.
    let tests = ["test", "--workspace", "--exclude", "porchlight-edge", "--no-fail-fast"];
    crate::shell::run("Building the server and the tests", cargo(&tests).arg("--no-run"), "")?;
    let mongod = tools::mongod()?;
    let (mongodb, standalone) = (MongoDb::start()?, MongoDb::standalone()?);
    say("Running the tests");
    let mut tests = cargo(&tests);
    tests
        .env("PORCHLIGHT_TEST_SERVER", target().join("debug/porchlight"))
        .env("PORCHLIGHT_TEST_MONGODB_URI", &mongodb.uri)
        .env("PORCHLIGHT_TEST_STANDALONE_URI", &standalone.uri)
        .env("PORCHLIGHT_TEST_MONGOD", mongod.program)
        .env("PORCHLIGHT_TEST_MONGOD_LIBRARIES", mongod.libraries)
        .env("PORCHLIGHT_TEST_NODE", tools::node()?)
        .env("PORCHLIGHT_TEST_AXE", tools::node()?.join("node_modules/axe-core/axe.min.js"))
        .env(
            "PORCHLIGHT_TEST_TURBO",
            tools::node()?.join("node_modules/@hotwired/turbo/dist/turbo.es2017-umd.js"),
        )
        .env("PORCHLIGHT_TEST_EDGE_DIR", edge)
        .env("PORCHLIGHT_TEST_CHROMIUM", chromium)
        .env("PORCHLIGHT_TEST_CHROMEDRIVER", driver)
        .env("PORCHLIGHT_TEST_FIREFOX", firefox)
        .env("PORCHLIGHT_TEST_GECKODRIVER", geckodriver)
        .env("PORCHLIGHT_TEST_EXAMPLES", examples);
    count.tests(&mut tests);
    drop((mongodb, standalone));
    say("Reading the corpus of addresses in WebAssembly");
    let mut in_wasm = cargo(&["test", "--target", "wasm32-unknown-unknown"]);
    in_wasm.args(["--package", "porchlight-protocol", "--test", "email"]);
    in_wasm.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", tools::wasm_test_runner()?);
    count.tests(&mut in_wasm);
    println!("{} passed, {} failed", count.passed, count.failed);
    Ok(count.failed == 0)
}

impl Count {
    /// A run of `cargo test`: each test counts, and a run that fails without naming one counts as one failure.
    fn tests(&mut self, command: &mut Command) {
        let failed_before = self.failed;
        let Ok(mut child) = command.stdout(Stdio::piped()).spawn() else { return self.add(0, 1) };
        let lines = child.stdout.take().map(|output| BufReader::new(output).lines());
        for line in lines.into_iter().flatten().map_while(Result::ok) {
            println!("{line}");
            if line.starts_with("test result:") {
                self.add(number_before(&line, "passed"), number_before(&line, "failed"));
            }
        }
        let good = child.wait().is_ok_and(|status| status.success());
        if !good && self.failed == failed_before {
            self.add(0, 1);
        }
    }

    fn add(&mut self, passed: u64, failed: u64) {
        self.passed += passed;
        self.failed += failed;
    }
}

/// The number that stands before a word: `3 passed`.
fn number_before(line: &str, word: &str) -> u64 {
    let words: Vec<&str> = line.split([' ', ';', '.']).filter(|part| !part.is_empty()).collect();
    let pairs = words.windows(2).find(|pair| pair[1] == word);
    pairs.and_then(|pair| pair[0].parse().ok()).unwrap_or_default()
}
