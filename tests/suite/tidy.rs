//! Rules of the code base that no compiler checks.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .unwrap()
}

/// Every tracked-looking file below the root with one of these endings, paths relative to the root.
fn files(endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !name.starts_with('.') && !name.starts_with("target") && name != "runs" {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let relative = path
                    .strip_prefix(root())
                    .unwrap()
                    .to_string_lossy()
                    .replace('\\', "/");
                found.push((relative, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn refuse(faults: &[String], rule: &str) {
    assert!(faults.is_empty(), "{rule}:\n{}", faults.join("\n"));
}

#[test]
fn unsafe_stands_in_the_kernels_of_the_engine_alone() {
    let mut faults = Vec::new();
    for (path, text) in files(&[".rs"]) {
        let is_kernel = path.starts_with("engine/src/kernel");
        // This file names the word in order to look for it.
        if is_kernel || path == "tests/suite/tidy.rs" {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if code.contains("unsafe {") || code.contains("unsafe fn") || code.contains("unsafe impl") {
                faults.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    refuse(&faults, "`unsafe` belongs into engine/src/kernel/");
}

#[test]
fn crates_depend_only_along_the_allowed_edges() {
    let allowed: [(&str, &[&str]); 6] = [
        ("core", &[]),
        ("engine", &[]),
        ("models", &["motet-engine"]),
        ("nodes", &["motet-core", "motet-models", "motet-engine"]),
        ("cli", &["motet-core", "motet-nodes", "motet-models"]),
        (
            "tests",
            &[
                "motet",
                "motet-core",
                "motet-nodes",
                "motet-models",
                "motet-engine",
            ],
        ),
    ];
    let mut faults = Vec::new();
    for (folder, allowed) in allowed {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let mut in_dependencies = false;
        for line in manifest.lines() {
            if line.starts_with('[') {
                in_dependencies = line.contains("dependencies");
            }
            let name = line.split([' ', '.', '=']).next().unwrap_or_default();
            let ours = name == "motet" || name.starts_with("motet-");
            if in_dependencies && ours && !allowed.contains(&name) {
                faults.push(format!("{folder} -> {name}"));
            }
        }
    }
    refuse(
        &faults,
        "edges between crates that docs/architecture.md does not allow",
    );
}

#[test]
fn no_source_file_is_longer_than_five_hundred_lines() {
    let long = |(path, text): &(String, String)| {
        let is_test = path.contains("/tests/") || path.starts_with("tests/") || path.ends_with("tests.rs");
        let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
        (!is_test && lines > 500).then(|| format!("{path}: {lines}"))
    };
    refuse(
        &files(&[".rs"]).iter().filter_map(long).collect::<Vec<_>>(),
        "split these by idea",
    );
}

#[test]
fn modules_stand_beside_their_folders_and_nothing_is_left_over() {
    let mut faults = Vec::new();
    for (path, text) in files(&[".rs"]) {
        if path.ends_with("/mod.rs") {
            faults.push(format!("{path}: a module stands beside its folder"));
        }
        for (index, line) in text.lines().enumerate() {
            let unmarked = concat!("TO", "DO");
            if line.contains(unmarked) && !line.contains(&format!("{unmarked}(#")) {
                faults.push(format!(
                    "{path}:{}: an open end without an issue number",
                    index + 1
                ));
            }
            if line.trim_start().starts_with("// let ") || line.trim_start().starts_with("// fn ") {
                faults.push(format!("{path}:{}: code in a comment", index + 1));
            }
        }
    }
    refuse(&faults, "tidy up");
}

#[test]
fn no_text_names_a_path_of_one_machine() {
    let homes = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/wo", "rk/"),
    ];
    let mut faults = Vec::new();
    for (path, text) in files(&[".rs", ".md", ".toml", ".yaml", ".py", ".sh"]) {
        for (index, line) in text.lines().enumerate() {
            if homes.iter().any(|home| line.contains(home)) {
                faults.push(format!("{path}:{}: {line}", index + 1));
            }
        }
    }
    refuse(&faults, "paths of one machine");
}

#[test]
fn every_local_link_in_the_documents_leads_somewhere() {
    let mut faults = Vec::new();
    for (path, text) in files(&[".md"]) {
        let folder = root().join(&path).parent().map(Path::to_path_buf).unwrap();
        for part in text.split("](").skip(1) {
            let target = part.split([')', '#', ' ']).next().unwrap_or_default();
            let is_local = !target.is_empty() && !target.contains("://");
            if is_local && !folder.join(target).exists() {
                faults.push(format!("{path}: {target}"));
            }
        }
    }
    refuse(&faults, "links that lead nowhere");
}
