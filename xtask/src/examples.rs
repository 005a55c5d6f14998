//! The examples that have to be built or rendered before a browser can look at them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::artefacts::{all_files, copy, unless_fresh};
use crate::shell::{root, run, target};
use crate::tools;

/// What the examples are told in place of an edge's address and a site key; whoever serves them fills both in.
const EDGE: &str = "__PORCHLIGHT_EDGE__";
const SITE_KEY: &str = "__PORCHLIGHT_SITE_KEY__";

/// All examples as pages, one folder each under its name. Built again when a source has changed.
pub(crate) fn build() -> anyhow::Result<PathBuf> {
    let folder = target().join("examples");
    let sources = ["examples", "xtask/examples", "xtask/src/examples.rs"];
    unless_fresh(&folder.with_extension("stamp"), &sources, || build_all(&folder))?;
    Ok(folder)
}

fn build_all(folder: &Path) -> anyhow::Result<()> {
    let _ = fs::remove_dir_all(folder);
    for name in ["site", "strict-policy"] {
        copy(&source(name), &folder.join(name))?;
    }
    consent_manager(&folder.join("consent-manager"))?;
    let vite = ["vite", "build", "--outDir", "out", "--logLevel", "warn"];
    app("spa", &vite, "VITE_PORCHLIGHT", folder)?;
    // Turbopack refuses packages that lie elsewhere.
    app("nextjs", &["next", "build", "--webpack"], "NEXT_PUBLIC_PORCHLIGHT", folder)?;
    shopify(&folder.join("shopify"))?;
    wordpress(&folder.join("wordpress"))
}

fn source(name: &str) -> PathBuf {
    root().join("examples").join(name)
}

/// A page whose packages are served as they are.
fn consent_manager(folder: &Path) -> anyhow::Result<()> {
    copy(&source("consent-manager"), folder)?;
    let packages = tools::packages_of(&source("consent-manager"))?;
    let dist = "node_modules/vanilla-cookieconsent/dist";
    copy(&packages.join(dist), &folder.join(dist))
}

/// An app that a program of its own packages builds into `out`; `prefix` is how its variables begin.
fn app(name: &str, command: &[&str], prefix: &str, folder: &Path) -> anyhow::Result<()> {
    let work = tempfile::tempdir()?;
    for file in all_files(&source(name))? {
        let there = work.path().join(file.strip_prefix(source(name))?);
        fs::create_dir_all(there.parent().unwrap_or(work.path()))?;
        fs::copy(&file, there)?;
    }
    let packages = tools::packages_of(&source(name))?.join("node_modules");
    symlink(&packages, work.path().join("node_modules"))?;
    let mut build = Command::new(packages.join(".bin").join(command[0]));
    build.args(&command[1..]).current_dir(work.path());
    build.env(format!("{prefix}_EDGE"), EDGE).env(format!("{prefix}_SITE"), SITE_KEY);
    run(&format!("Building the example {name}"), build.env("NEXT_TELEMETRY_DISABLED", "1"), "")?;
    copy(&work.path().join("out"), &folder.join(name))
}

/// The snippet as a customer who has logged in gets it.
fn shopify(folder: &Path) -> anyhow::Result<()> {
    let context = serde_json::json!({
        "settings": { "porchlight_edge": EDGE, "porchlight_site": SITE_KEY },
        "customer": { "email": "jane@acme.com", "name": "Jane \"JJ\" O'Neill" },
        "request": { "locale": { "iso_code": "fr" } },
    });
    let mut render = Command::new(tools::node_program("liquidjs")?);
    render.current_dir(source("shopify/snippets")).args([
        "--strict-filters",
        "--context",
        &context.to_string(),
    ]);
    render.args(["--template", "@porchlight.liquid"]);
    page(folder, &printed("Rendering the example shopify", &mut render)?)
}

/// What the plugin prints into a page's head, by a real PHP; WordPress itself is stood in for.
fn wordpress(folder: &Path) -> anyhow::Result<()> {
    let mut render = Command::new(tools::php()?);
    render.arg(root().join("xtask/examples/wordpress.php")).arg(source("wordpress").join("porchlight.php"));
    page(folder, &printed("Rendering the example wordpress", render.args([EDGE, SITE_KEY]))?)
}

fn page(folder: &Path, head: &str) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let page =
        format!("<!doctype html><html><head><title>A page</title>{head}</head><body><p>Hello</body></html>");
    fs::write(folder.join("index.html"), page).context("a page cannot be written")
}

fn printed(what: &str, command: &mut Command) -> anyhow::Result<String> {
    crate::shell::say(what);
    let output = command.output().with_context(|| format!("{what}: the program does not start"))?;
    ensure!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
