//! Format, lints, types and documentation.

use std::process::Command;

use crate::shell::{cargo, root, run};
use crate::tools;

/// The checks in their order: what they are called, and cargo's arguments.
const CHECKS: &[(&str, &[&str])] = &[
    ("Checking the format", &["fmt", "--all", "--check"]),
    (
        "Linting the native crates",
        &["clippy", "--workspace", "--exclude", "porchlight-edge", "--all-targets", "--", "-D", "warnings"],
    ),
    (
        "Linting what becomes WebAssembly",
        &[
            "clippy",
            "--target",
            "wasm32-unknown-unknown",
            "-p",
            "porchlight-protocol",
            "-p",
            "porchlight-widget",
            "-p",
            "porchlight-finder",
            "-p",
            "porchlight-edge",
            "--",
            "-D",
            "warnings",
        ],
    ),
    (
        "Checking the documentation",
        &["doc", "--workspace", "--exclude", "porchlight-edge", "--no-deps", "--document-private-items"],
    ),
];

/// The documentation is for those who work on the code, private items included; some of it is also the help that the
/// commands print, where addresses stand plain.
const RUSTDOC: &str = "-D warnings -A rustdoc::private_intra_doc_links -A rustdoc::bare_urls";

/// Runs all checks; gives whether each passed.
pub(crate) fn all() -> anyhow::Result<Vec<bool>> {
    tools::wasm_target()?;
    let mut types = Command::new(tools::node_program("tsc")?);
    types.args(["--noEmit", "--strict", "--lib", "es2022,dom"]).arg(root().join("widget/tests/api.ts"));
    let typed = run("Checking the types of the page's commands", &mut types, "").is_ok();
    let passed = CHECKS.iter().map(|(what, arguments)| {
        let result = run(what, cargo(arguments).env("RUSTDOCFLAGS", RUSTDOC), "");
        if let Err(error) = &result {
            eprintln!("xtask: {error:#}");
        }
        result.is_ok()
    });
    Ok(passed.chain([typed]).collect())
}

/// `cargo xtask check`.
pub(crate) fn run_checks() -> anyhow::Result<bool> {
    Ok(all()?.into_iter().all(|passed| passed))
}
