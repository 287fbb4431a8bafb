//! Pipeline files with one fault each: every file of `tests/broken` says in its first line which code it must get
//! and at which line. What takes too much room for a file is made here.

mod documented;
mod generated;
mod mutated;
mod shelf;
mod stand_in;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use motet_core::catalog::Catalog;
use motet_core::diagnostic::{Diagnostic, Diagnostics, Severity, Source};
use motet_core::graph::{Graph, Library};
use motet_core::spec::{Settings, Spec};
use shelf::Shelf;

/// Most time for a file. An unoptimised build on a busy machine may take a hundred times as long: there the bound only finds
/// work that grows out of all proportion.
const TIME_MAX: Duration = Duration::from_millis(if cfg!(debug_assertions) { 5_000 } else { 50 });

static CATALOG: LazyLock<Catalog> = LazyLock::new(stand_in::catalog);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("broken")
}

/// Parses and resolves, and returns every diagnostic with the time that took.
fn compile(source: Arc<Source>, library: &dyn Library) -> (Result<Graph, Diagnostics>, Duration) {
    #[allow(
        clippy::disallowed_methods,
        reason = "the time the compiler takes is what is tested"
    )]
    let begun = Instant::now();
    let spec = Spec::parse_source(source, &Settings::default());
    let graph = spec.and_then(|spec| Graph::resolve(&spec, &CATALOG, library));
    (graph, begun.elapsed())
}

fn diagnostics(result: &Result<Graph, Diagnostics>) -> Vec<Diagnostic> {
    match result {
        Ok(graph) => graph.warnings.iter().cloned().collect(),
        Err(faults) => faults.iter().cloned().collect(),
    }
}

/// What the first line of a broken file says.
struct Broken {
    name: String,
    code: String,
    line: usize,
    /// The file the fault lies in: itself, or that of an agent.
    file: String,
}

fn broken_files() -> Vec<Broken> {
    let entries = fs::read_dir(folder()).expect("tests/broken");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .collect();
    names.retain(|name| name.ends_with(".yaml"));
    names.sort();
    names.into_iter().map(expectation).collect()
}

fn expectation(name: String) -> Broken {
    let text = fs::read_to_string(folder().join(&name)).expect("a broken file");
    let first = text
        .trim_start_matches('\u{feff}')
        .lines()
        .next()
        .unwrap_or_default();
    let words: Vec<&str> = first.split_whitespace().collect();
    let (code, line, file) = match words.as_slice() {
        ["#", "expect:", code, "at", line] => (*code, *line, name.as_str()),
        ["#", "expect:", code, "at", line, "in", file] => (*code, *line, *file),
        _ => panic!("{name}: `{first}` does not say what to expect"),
    };
    assert!(
        name.starts_with(code),
        "{name} is named after another code than {code}"
    );
    let (code, line, file) = (code.to_owned(), line.parse().expect("a line"), file.to_owned());
    Broken {
        name,
        code,
        line,
        file,
    }
}

#[test]
fn every_broken_file_gets_one_fault_of_its_code_at_its_line() {
    let shelf = Shelf::new(&folder());
    let files = broken_files();
    assert!(files.len() >= 60, "{} files", files.len());
    // The weights of the keyword model are read once, by whoever comes first.
    compile(Source::new("first", MENDED), &shelf)
        .0
        .expect("the pipeline without a fault");
    let mut wrong = Vec::new();
    for broken in &files {
        let (result, taken) = compile(shelf.source(&broken.name).unwrap(), &shelf);
        let found = diagnostics(&result);
        let places: Vec<String> = found
            .iter()
            .map(|fault| {
                let place = &fault.labels[0].span;
                format!("{} at {} in {}", fault.code, place.line(), place.source.name)
            })
            .collect();
        let expected = format!("{} at {} in {}", broken.code, broken.line, broken.file);
        if places != [expected.as_str()] {
            wrong.push(format!("{}: expected {expected}, found {found:#?}", broken.name));
        }
        let severities: BTreeSet<Severity> = found.iter().map(|fault| fault.severity).collect();
        let is_warning = matches!(broken.code.as_str(), "MT0218" | "MT0219" | "MT0232");
        let severity = if is_warning {
            Severity::Warning
        } else {
            Severity::Error
        };
        assert_eq!(severities, BTreeSet::from([severity]), "{}", broken.name);
        assert!(taken < TIME_MAX, "{} took {taken:?}", broken.name);
    }
    assert!(
        wrong.is_empty(),
        "{} of {} files:\n{}",
        wrong.len(),
        files.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_fault_says_what_to_do_in_plain_words() {
    let shelf = Shelf::new(&folder());
    let mut helpless = Vec::new();
    for broken in broken_files() {
        let (result, _) = compile(shelf.source(&broken.name).unwrap(), &shelf);
        for fault in diagnostics(&result) {
            let text = &fault.message;
            if fault.help.as_ref().is_none_or(String::is_empty) {
                helpless.push(format!("{}: {text}", broken.name));
            }
            assert!(
                !text.ends_with('.') && !text.is_empty(),
                "{}: {text}",
                broken.name
            );
            assert!(
                !text.starts_with(|c: char| c.is_uppercase()),
                "{}: {text}",
                broken.name
            );
            assert!(
                fault
                    .labels
                    .iter()
                    .all(|label| label.span.range.end <= label.span.source.text.len())
            );
        }
    }
    assert!(helpless.is_empty(), "no help:\n{}", helpless.join("\n"));
}

#[test]
fn the_fix_of_at_least_half_of_the_faults_makes_the_file_pass() {
    let files = broken_files();
    let (mut without, mut unmended) = (Vec::new(), Vec::new());
    for broken in &files {
        let mut shelf = Shelf::new(&folder());
        let (result, _) = compile(shelf.source(&broken.name).unwrap(), &shelf);
        let found = diagnostics(&result);
        let Some(fault) = found.iter().find(|fault| fault.fix.is_some()) else {
            without.push(broken.name.as_str());
            continue;
        };
        shelf.mend(fault);
        let (result, _) = compile(shelf.source(&broken.name).unwrap(), &shelf);
        let left = diagnostics(&result);
        if !left.is_empty() {
            unmended.push(format!("{} after its fix: {left:#?}", broken.name));
        }
    }
    assert!(unmended.is_empty(), "{}", unmended.join("\n"));
    println!(
        "{} of {} faults have no single certain edit:",
        without.len(),
        files.len()
    );
    without.iter().for_each(|name| println!("  {name}"));
    assert!(
        without.len() * 2 <= files.len(),
        "{} of {} have no fix",
        without.len(),
        files.len()
    );
}

/// The pipeline that most broken files are made of.
const MENDED: &str = r#"motet: 1
pipeline: door
about: Opens a door when somebody asks for it.

inputs:
  mic: f32[T<=48000] rate=16kHz range=-1..1

nodes:
  mel: {kind: audio/log-mel, in: mic}
  intent: {kind: model/keyword, in: mel, with: {model: wakewords@1}}
  decide:
    kind: control/rules
    in: {command: intent}
    with: {open_if: "command.label == 'jarvis' && command.score > 0.7"}

outputs: {decision: decide}
"#;

#[test]
fn two_faults_in_one_file_are_both_reported() {
    let check = |changes: &[(&str, &str)], expected: &[(&str, usize)]| {
        let mut text = MENDED.to_owned();
        for (old, new) in changes {
            assert!(text.contains(old), "{old}");
            text = text.replacen(old, new, 1);
        }
        let (result, _) = compile(Source::new("two.yaml", text), &Shelf::new(&folder()));
        let found = diagnostics(&result);
        let found: Vec<(&str, usize)> = found
            .iter()
            .map(|fault| (fault.code.0, fault.labels[0].span.line()))
            .collect();
        assert_eq!(found, expected, "{changes:?}");
    };
    check(
        &[("motet: 1", "motet: 2"), ("T<=48000", "T")],
        &[("MT0110", 1), ("MT0115", 6)],
    );
    check(
        &[("log-mel", "logmel"), ("command.label", "command.lable")],
        &[("MT0201", 9)],
    );
    check(
        &[("in: mic", "in: mik"), ("decision: decide", "decision: decided")],
        &[("MT0202", 9), ("MT0202", 16)],
    );
    check(
        &[("label ==", "label ="), ("in: mic}", "in: mic, with: {bin: 3}}")],
        &[("MT0208", 9)],
    );
    check(
        &[("label == 'jarvis'", "lable == 'jarvis'"), ("score >", "scor >")],
        &[("MT0221", 14), ("MT0221", 14)],
    );
    check(
        &[
            ("in: mic}", "in: mic, with: {bins: 0, hop: 10}}"),
            ("decision: decide", "decision: decided"),
        ],
        &[("MT0210", 9), ("MT0210", 9), ("MT0202", 16)],
    );
    check(
        &[("  mel:", "  Mel:"), ("kind: control", "knd: control")],
        &[("MT0114", 9), ("MT0111", 12)],
    );
    check(
        &[
            ("in: mic}", "in: decide.action}"),
            ("wakewords@1}", "wakewords@1, threshold: 3}"),
        ],
        &[("MT0205", 9), ("MT0210", 10)],
    );
}

#[test]
fn every_code_has_a_section_and_every_code_of_the_compiler_a_broken_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let manual = fs::read_to_string(root.join("docs/errors.md")).unwrap();
    let sections: Vec<&str> = manual
        .lines()
        .filter_map(|line| line.strip_prefix("## ")?.split(": ").next())
        .collect();
    let sorted = sections.windows(2).all(|pair| pair[0] < pair[1]);
    assert!(sorted, "the sections of docs/errors.md stand in order, each once");
    let mut used = BTreeSet::new();
    for folder in ["core/src", "nodes/src", "cli/src"] {
        codes_below(&root.join(folder), &mut used);
    }
    let section = |code: &String| sections.contains(&code.as_str());
    let unexplained: Vec<&String> = used.iter().filter(|code| !section(code)).collect();
    assert!(
        unexplained.is_empty(),
        "docs/errors.md has no section for {unexplained:?}"
    );
    let unused: Vec<&&str> = sections.iter().filter(|code| !used.contains(**code)).collect();
    assert!(
        unused.is_empty(),
        "docs/errors.md explains {unused:?}, which nothing reports"
    );
    let shown: BTreeSet<String> = broken_files().into_iter().map(|broken| broken.code).collect();
    let made = generated::CODES.map(str::to_owned);
    let compiler = |code: &&String| code.starts_with("MT01") || code.starts_with("MT02");
    let unshown: Vec<&String> = used
        .iter()
        .filter(compiler)
        .filter(|code| !shown.contains(*code) && !made.contains(code))
        .collect();
    assert!(unshown.is_empty(), "no broken file shows {unshown:?}");
}

/// Every text `"MT...."` in the sources, those of tests left out.
fn codes_below(folder: &Path, codes: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            codes_below(&path, codes);
            continue;
        }
        let is_test = path.components().any(|part| part.as_os_str() == "tests")
            || path.file_name().is_some_and(|name| name == "tests.rs");
        if is_test || path.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (at, _) in code.match_indices("\"MT") {
            let found = code.get(at + 1..at + 7).unwrap_or_default();
            let digits = found[2..].bytes().all(|byte| byte.is_ascii_digit());
            if digits && code[at + 7..].starts_with('"') {
                codes.insert(found.to_owned());
            }
        }
    }
}
