//! Puts the widget's built files into the binary.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=PORCHLIGHT_WIDGET_DIR");
    let built = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../target/widget");
    let root = env::var_os("PORCHLIGHT_WIDGET_DIR").map_or(built, PathBuf::from);
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    // Without a built widget the server works all the same; /widget.js then says what is missing.
    if root.is_dir() {
        collect(&root, &mut files)?;
    }
    files.sort();
    let mut code = "const FILES: &[(&str, &[u8])] = &[\n".to_owned();
    for file in &files {
        let name = file.strip_prefix(&root)?.to_string_lossy().replace('\\', "/");
        writeln!(code, "    ({name:?}, include_bytes!({:?})),", fs::canonicalize(file)?)?;
    }
    code.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("widget_files.rs"), code)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
