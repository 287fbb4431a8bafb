//! Lists the models that come along: every folder of `weights/` with a card and weights of the names below. The keyword
//! model is none of them: its card is of another kind, and it has a loader of its own.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=weights");
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(root.join("weights"))? {
        folders.push(entry?.path());
    }
    folders.sort();
    let mut list = String::from("&[");
    for folder in folders {
        let (card, weights) = (folder.join("card.yaml"), folder.join("weights.safetensors"));
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if name == "keyword" || !card.is_file() || !weights.is_file() {
            continue;
        }
        write!(
            list,
            "Builtin {{ name: {name:?}, card: include_str!({card:?}), weights: include_bytes!({weights:?}) }}, "
        )?;
    }
    list.push(']');
    std::fs::write(Path::new(&variable("OUT_DIR")?).join("builtin.rs"), list)?;
    Ok(())
}

#[allow(
    clippy::disallowed_methods,
    reason = "Cargo tells a build script where things lie in no other way"
)]
fn variable(name: &str) -> Result<String, std::env::VarError> {
    std::env::var(name)
}
