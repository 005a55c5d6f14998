//! What is built beside the native programs: the widget's files and the Worker.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use sha2::{Digest, Sha256};

use crate::shell::{cargo, root, run, say, target};
use crate::tools;

/// The widget's files with their compressed twins: `widget.js`, its types, and `assets/`. Built again when a source has changed.
pub(crate) fn widget() -> anyhow::Result<PathBuf> {
    let folder = root().join("target/widget");
    let sources =
        ["widget", "protocol/src", "Cargo.lock", "Cargo.toml", "xtask/src/artefacts.rs", "xtask/npm"];
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

/// What the linker is told: without reference types, which the module does not need, it can become plain JavaScript.
const WIDGET_FLAGS: &str = "-Ctarget-feature=-reference-types,-multivalue -Clink-arg=--no-check-features \
    -Clink-arg=--features=mutable-globals,sign-ext,nontrapping-fptoint,bulk-memory";

/// What the launcher may weigh, in compressed bytes.
const LAUNCHER_BYTES: u64 = 2 * 1024;
/// What a page may load up to the first typed message: launcher, code, styles, and the words of one language.
const FIRST_BYTES: u64 = 33 * 1024;

fn build_widget(folder: &Path) -> anyhow::Result<()> {
    tools::wasm_target()?;
    let packed = root().join("target/wasm-pack");
    let (widget, finder) =
        (module(&packed, "widget", "widget")?, module(&packed, "finder", "widget/finder")?);
    let sources = root().join("widget");
    let sheet = style(&sources.join("style.css"))?;
    for path in all_files(&sources)?.iter().filter(|path| path.parent() == Some(&sources)) {
        if path.extension().is_some_and(|ending| ending == "js" || ending == "ts") {
            let code = fs::read_to_string(path)?.replace("__PORCHLIGHT_STYLE__", &sheet);
            fs::write(packed.join(path.file_name().unwrap_or_default()), code)?;
        }
    }

    let mut files = vec![
        ("widget.js".to_owned(), bundle(&packed.join("main.js"))?),
        ("widget.wasm".to_owned(), fs::read(&widget)?),
        ("plain.js".to_owned(), plain(&packed, &widget)?),
        ("finder.js".to_owned(), bundle(&packed.join("finder.js"))?),
        ("finder.wasm".to_owned(), fs::read(&finder)?),
        ("finder-plain.js".to_owned(), plain(&packed, &finder)?),
    ];
    let mut locales = Vec::new();
    for locale in all_files(&sources.join("locales"))? {
        let text: serde_json::Value = serde_json::from_slice(&fs::read(&locale)?)?;
        let tag = locale.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        files.push((format!("{tag}.json"), serde_json::to_vec(&text)?));
        locales.push(tag);
    }
    let _ = fs::remove_dir_all(folder);
    let below = format!("assets/{}", hash_of(&files));
    fs::create_dir_all(folder.join(&below))?;
    for (name, content) in &files {
        write(&folder.join(&below).join(name), content)?;
    }
    write(&folder.join("porchlight.d.ts"), &fs::read(sources.join("porchlight.d.ts"))?)?;
    let launcher = fs::read_to_string(sources.join("launcher.js"))?
        .replace("__PORCHLIGHT_LAUNCHER_CSS__", &style(&sources.join("launcher.css"))?)
        .replace("__PORCHLIGHT_FOLDER__", &below)
        .replace("__PORCHLIGHT_LOCALES__", &locales.join(" "));
    write(&folder.join("widget.js"), minify(&launcher, "js")?.as_bytes())?;
    // For those who ask for the files of another release: edge and server look it up.
    fs::write(folder.join("release"), &below)?;
    weigh(folder)
}

/// Builds a crate into a small module, with its bindings beside it; gives the module.
fn module(packed: &Path, name: &str, package: &str) -> anyhow::Result<PathBuf> {
    let (bindgen, pack) = (tools::wasm_bindgen()?, tools::wasm_pack()?);
    let built = packed.join(name);
    let mut command = Command::new(pack);
    command.current_dir(root()).env("PATH", path_with(&bindgen)?);
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", WIDGET_FLAGS);
    command.args(["build", package, "--target", "bundler", "--profile", "size", "--mode", "no-install"]);
    command.args(["--no-opt", "--no-typescript", "--no-pack", "--out-name", name, "--out-dir"]);
    run(&format!("Building the {name}"), command.arg(&built), "")?;
    let bindings = format!("{name}_bg.js");
    fs::copy(built.join(&bindings), packed.join(bindings))?;
    let named = packed.join(format!("{name}.named.wasm"));
    snip(&built.join(format!("{name}_bg.wasm")), &named)?;
    let small = packed.join(format!("{name}.small.wasm"));
    // Nothing is kept in the first kilobyte of its memory, which begins as zeros.
    let memory = ["--low-memory-unused", "--zero-filled-memory"];
    let size = ["-Oz", "--converge", "--strip-debug", "--strip-producers"];
    optimise(&named, &small, &[&memory[..], &size].concat())?;
    Ok(small)
}

/// Prints what a page loads up to the first typed message, and gives whether it is within the budgets.
pub(crate) fn within_budget(folder: &Path) -> anyhow::Result<bool> {
    let assets = fs::read_dir(folder.join("assets"))?.next().context("the widget has no files")??.path();
    say("What a page loads up to the first typed message, in bytes with brotli");
    let mut all = 0;
    for (what, file) in [
        ("launcher", folder.join("widget.js")),
        ("glue, screen and styles", assets.join("widget.js")),
        ("WebAssembly", assets.join("widget.wasm")),
        ("words, English", assets.join("en.json")),
    ] {
        let bytes = fs::metadata(twin(&file))?.len();
        println!("    {bytes:>7}  {what}");
        all += bytes;
    }
    println!("    {all:>7}  in all, of {FIRST_BYTES}; the launcher may have {LAUNCHER_BYTES}");
    let finder = ["finder.js", "finder.wasm"].map(|file| fs::metadata(twin(&assets.join(file))));
    let finder = finder.into_iter().map(|file| Ok(file?.len())).sum::<anyhow::Result<u64>>()?;
    println!("    {finder:>7}  more when the first address is typed");
    let packed = root().join("target/wasm-pack");
    let named = packed.join("largest.wasm");
    optimise(&packed.join("widget.named.wasm"), &named, &["-Oz", "--debuginfo"])?;
    let what = "The largest functions of the widget, in bytes before compression";
    run(what, node_script("sizes.mjs")?.arg(named), "")?;
    Ok(fs::metadata(twin(&folder.join("widget.js")))?.len() <= LAUNCHER_BYTES && all <= FIRST_BYTES)
}

/// Takes the code that only words a panic out of a module: a panic then ends at once, as on a page it would anyway.
fn snip(from: &Path, to: &Path) -> anyhow::Result<()> {
    run("Taking out what words panics", node_script("snip.mjs")?.args([from, to]), "")
}

/// The same module as plain JavaScript: for pages whose policy forbids WebAssembly. It needs no `eval` either.
fn plain(packed: &Path, small: &Path) -> anyhow::Result<Vec<u8>> {
    let old = packed.join("old.wasm");
    let lower =
        ["--llvm-memory-copy-fill-lowering", "--llvm-nontrapping-fptoint-lowering", "--signext-lowering"];
    optimise(small, &old, &[&lower[..], &["-Oz"]].concat())?;
    let code = packed.join("lowered.js");
    let mut command = Command::new(tools::node_program("wasm2js")?);
    command.arg(old).arg("-o").arg(&code).arg("-O").args(features());
    run("Making the form without WebAssembly", &mut command, "")?;
    let entry = packed.join("plain.js");
    run("Making it a module", node_script("plain.mjs")?.args([&code, &entry]), "")?;
    bundle(&entry)
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

fn optimise(from: &Path, to: &Path, options: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new(tools::node_program("wasm-opt")?);
    command.arg(from).arg("-o").arg(to).args(options).args(features());
    run("Making it small", &mut command, "")
}

/// What today's browsers and the compiler's output have in common.
fn features() -> impl Iterator<Item = String> {
    let names = ["bulk-memory", "nontrapping-float-to-int", "sign-ext", "mutable-globals"];
    names.into_iter().map(|name| format!("--enable-{name}"))
}

/// A script of `xtask/npm`, from where it finds its packages.
fn node_script(name: &str) -> anyhow::Result<Command> {
    let mut command = Command::new("node");
    command.arg(tools::node()?.join(name));
    Ok(command)
}

/// One module of an entry and what it imports, but for what is fetched later.
fn bundle(entry: &Path) -> anyhow::Result<Vec<u8>> {
    let mut command = Command::new(tools::node_program("esbuild")?);
    command
        .args(["--bundle", "--minify", "--format=esm", "--target=es2022", "--external:./plain.js"])
        .args(["--external:./finder.js", "--external:./finder-plain.js"])
        .arg(entry);
    let output = command.output().context("esbuild does not start")?;
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout)
}

/// A style sheet, small, as it stands between the backticks of a script.
fn style(file: &Path) -> anyhow::Result<String> {
    let small = minify(&fs::read_to_string(file)?, "css")?;
    Ok(small.trim().replace('\\', "\\\\").replace('`', "\\`"))
}

fn minify(source: &str, language: &str) -> anyhow::Result<String> {
    use std::io::Write;
    use std::process::Stdio;
    let mut command = Command::new(tools::node_program("esbuild")?);
    let target = if language == "css" { "chrome111" } else { "es2022" };
    command.args(["--minify", &format!("--target={target}"), &format!("--loader={language}")]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("esbuild does not start")?;
    child.stdin.take().context("stdin is piped")?.write_all(source.as_bytes())?;
    let output = child.wait_with_output()?;
    anyhow::ensure!(output.status.success(), "esbuild refused a {language} file of the widget");
    Ok(String::from_utf8(output.stdout)?)
}

/// Names a release of the files.
fn hash_of(files: &[(String, Vec<u8>)]) -> String {
    let mut hash = Sha256::new();
    for (name, content) in files {
        hash.update(name);
        hash.update(content);
    }
    hash.finalize().iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file and its compressed twin.
fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    fs::write(path, content)?;
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &*content, &mut compressed, &parameters)?;
    fs::write(twin(path), compressed)?;
    Ok(())
}

/// A file's compressed twin.
fn twin(path: &Path) -> PathBuf {
    let mut twin = path.as_os_str().to_owned();
    twin.push(".br");
    twin.into()
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
pub(crate) fn unless_fresh(
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

/// Every file of a folder, into another.
pub(crate) fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
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
