//! What is built beside the native programs: the widget's files and the Worker.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use sha2::{Digest, Sha256};

use crate::shell::{cargo, root, run, say, target};
use crate::tools;

/// The widget's files with their compressed twins: `widget.js` and `assets/`. Built again when a source has changed.
pub(crate) fn widget() -> anyhow::Result<PathBuf> {
    let folder = root().join("target/widget");
    let sources = ["widget", "protocol/src", "Cargo.lock", "Cargo.toml", "xtask/src/artefacts.rs"];
    unless_fresh(&folder.with_extension("stamp"), &sources, || build_widget(&folder))?;
    Ok(folder)
}

/// The Worker, in `edge/build`. Built again when a source has changed.
pub(crate) fn edge() -> anyhow::Result<PathBuf> {
    let folder = root().join("edge");
    let sources = ["edge/src", "edge/Cargo.toml", "protocol/src", "Cargo.lock", "Cargo.toml"];
    unless_fresh(&root().join("target/edge.stamp"), &sources, || build_edge(&folder))?;
    Ok(folder)
}

/// Everything that is given to users, in `dist/`.
pub(crate) fn release() -> anyhow::Result<()> {
    let (widget, edge) = (widget()?, edge()?);
    let mut build = cargo(&["build", "--release", "--package", "porchlight-server", "--bin", "porchlight"]);
    run("Building the server, with the widget inside it", &mut build, "")?;
    let dist = root().join("dist");
    let _ = fs::remove_dir_all(&dist);
    fs::create_dir_all(&dist)?;
    fs::copy(target().join("release/porchlight"), dist.join("porchlight"))?;
    copy(&widget, &dist.join("widget"))?;
    copy(&edge.join("build"), &dist.join("edge/build"))?;
    fs::copy(edge.join("wrangler.toml"), dist.join("edge/wrangler.toml"))?;
    fs::copy(edge.join("README.md"), dist.join("edge/README.md"))?;
    say(&format!("{} holds porchlight, widget/ and edge/", dist.display()));
    Ok(())
}

fn build_widget(folder: &Path) -> anyhow::Result<()> {
    tools::wasm_target()?;
    let (bindgen, pack) = (tools::wasm_bindgen()?, tools::wasm_pack()?);
    let packed = root().join("target/wasm-pack");
    let mut command = Command::new(pack);
    command.current_dir(root()).env("PATH", path_with(&bindgen)?);
    command.args([
        "build",
        "widget",
        "--target",
        "web",
        "--profile",
        "size",
        "--mode",
        "no-install",
        "--no-opt",
    ]);
    command.args(["--no-typescript", "--no-pack", "--out-name", "widget", "--out-dir"]).arg(&packed);
    run("Building the widget", &mut command, "")?;

    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder.join("assets"))?;
    let small = packed.join("small.wasm");
    optimise(&packed.join("widget_bg.wasm"), &small)?;
    let wasm = store(folder, "assets/widget", "wasm", &fs::read(&small)?)?;
    let glue = minify(&fs::read_to_string(packed.join("widget.js"))?, "js", &["--format=esm"])?;
    let glue = store(folder, "assets/widget", "js", glue.as_bytes())?;
    let sources = root().join("widget");
    let css = minify(&fs::read_to_string(sources.join("launcher.css"))?, "css", &[])?;
    let launcher = fs::read_to_string(sources.join("launcher.js"))?
        .replace("__PORCHLIGHT_LAUNCHER_CSS__", css.trim())
        .replace("__PORCHLIGHT_GLUE__", &glue)
        .replace("__PORCHLIGHT_WASM__", &wasm);
    write(&folder.join("widget.js"), minify(&launcher, "js", &["--format=iife"])?.as_bytes())?;
    weigh(folder)
}

fn build_edge(folder: &Path) -> anyhow::Result<()> {
    tools::wasm_target()?;
    let mut command = Command::new(tools::worker_build()?);
    command.current_dir(folder).arg("--release");
    command.env("WASM_BINDGEN_BIN", tools::wasm_bindgen()?);
    command.env("ESBUILD_BIN", tools::node_program("esbuild")?);
    command.env("WASM_OPT_BIN", tools::node_program("wasm-opt")?);
    run("Building the Worker", &mut command, "")
}

fn optimise(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(tools::node_program("wasm-opt")?);
    command.arg(from).arg("-o").arg(to).args(["-Oz", "--converge", "--strip-debug", "--strip-producers"]);
    // What today's browsers and the compiler's output have in common.
    for feature in [
        "bulk-memory",
        "nontrapping-float-to-int",
        "sign-ext",
        "mutable-globals",
        "reference-types",
        "multivalue",
    ] {
        command.arg(format!("--enable-{feature}"));
    }
    run("Making it small", &mut command, "")
}

fn minify(source: &str, language: &str, options: &[&str]) -> anyhow::Result<String> {
    use std::io::Write;
    use std::process::Stdio;
    let mut command = Command::new(tools::node_program("esbuild")?);
    command.args(["--minify", "--target=es2021", &format!("--loader={language}")]).args(options);
    if language == "css" {
        command.args(["--target=chrome100"]);
    }
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("esbuild does not start")?;
    child.stdin.take().context("stdin is piped")?.write_all(source.as_bytes())?;
    let output = child.wait_with_output()?;
    anyhow::ensure!(output.status.success(), "esbuild refused a {language} file of the widget");
    Ok(String::from_utf8(output.stdout)?)
}

/// Writes a file whose name holds a hash of its content; gives its path below the folder.
fn store(folder: &Path, stem: &str, ending: &str, content: &[u8]) -> anyhow::Result<String> {
    let hash: String = Sha256::digest(content).iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    let name = format!("{stem}.{hash}.{ending}");
    write(&folder.join(&name), content)?;
    Ok(name)
}

/// Writes a file and its compressed twin.
fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    fs::write(path, content)?;
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &*content, &mut compressed, &parameters)?;
    let mut twin = path.as_os_str().to_owned();
    twin.push(".br");
    fs::write(twin, compressed)?;
    Ok(())
}

fn weigh(folder: &Path) -> anyhow::Result<()> {
    let mut total = 0;
    for path in all_files(folder)? {
        let size = fs::metadata(&path)?.len();
        if path.extension().is_some_and(|ending| ending == "br") {
            total += size;
            println!("    {:>7} bytes  {}", size, path.strip_prefix(folder)?.display());
        }
    }
    println!("    {total:>7} bytes  in all");
    Ok(())
}

/// Does the work unless the stamp says that it was done for these very sources.
fn unless_fresh(
    stamp: &Path,
    sources: &[&str],
    work: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut hash = Sha256::new();
    for source in sources {
        for path in all_files(&root().join(source))? {
            hash.update(path.to_string_lossy().as_bytes());
            hash.update(fs::read(&path)?);
        }
    }
    let now: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if fs::read_to_string(stamp).is_ok_and(|then| then == now) {
        return Ok(());
    }
    let _ = fs::remove_file(stamp);
    work()?;
    fs::write(stamp, now).context("the target folder cannot be written")
}

/// Every file at or below a path, sorted.
pub(crate) fn all_files(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).with_context(|| format!("{} cannot be read", path.display()))? {
        found.extend(all_files(&entry?.path())?);
    }
    found.sort();
    Ok(found)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    for file in all_files(from)? {
        let there = to.join(file.strip_prefix(from)?);
        fs::create_dir_all(there.parent().unwrap_or(to))?;
        fs::copy(&file, there)?;
    }
    Ok(())
}

/// `PATH` with a program's folder in front.
fn path_with(program: &Path) -> anyhow::Result<OsString> {
    let own = program.parent().map(Path::to_owned);
    let rest = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(own.into_iter().chain(std::env::split_paths(&rest)))?)
}
