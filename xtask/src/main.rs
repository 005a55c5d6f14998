//! The project's own commands: `cargo xtask test` builds the server and runs every check.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("test") => test(),
        _ => {
            eprintln!("usage: cargo xtask test");
            ExitCode::FAILURE
        }
    }
}

/// What was counted so far.
#[derive(Default)]
struct Count {
    passed: u64,
    failed: u64,
}

fn test() -> ExitCode {
    let mut count = Count::default();
    let server = std::env::current_dir().unwrap_or_default().join("target/debug/porchlight");
    count.step(&["fmt", "--all", "--check"]);
    count.step(&["build", "--package", "porchlight-server", "--bin", "porchlight"]);
    let mut tests = Command::new("cargo");
    tests.args(["test", "--workspace", "--no-fail-fast"]).env("PORCHLIGHT_TEST_SERVER", server);
    count.tests(&mut tests);
    println!("{} passed, {} failed", count.passed, count.failed);
    if count.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Count {
    /// One check that passes or fails as a whole.
    fn step(&mut self, arguments: &[&str]) {
        println!("cargo {}", arguments.join(" "));
        let passed = Command::new("cargo").args(arguments).status().is_ok_and(|status| status.success());
        self.add(u64::from(passed), u64::from(!passed));
    }

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
