//! Broken pipelines too large or too hostile to be kept as files.

use std::fmt::Write;
use std::time::Duration;

use motet_core::diagnostic::{Diagnostic, Source};
use motet_core::graph::{LibraryEntry, LibraryError, NoLibrary};
use motet_core::limits::{AGENTS_MAX, INPUTS_MAX, NODES_MAX, SPEC_BYTES_MAX};

use super::{TIME_MAX, compile, diagnostics};

/// The codes that no file in `tests/broken` shows because these tests do.
pub(super) const CODES: [&str; 3] = ["MT0101", "MT0104", "MT0117"];

/// The faults of a text, found within the time for any file of its size.
fn faults(text: &str, time_max: Duration) -> Vec<Diagnostic> {
    let (result, taken) = compile(Source::new("made.yaml", text), &NoLibrary);
    assert!(taken < time_max, "{} bytes took {taken:?}", text.len());
    let found = diagnostics(&result);
    let printed = found.iter().map(|fault| fault.message.len()).sum::<usize>();
    assert!(printed < 1 << 20, "{printed} bytes of messages");
    found
}

fn check(text: &str, expected: &[(&str, usize)]) {
    let found = faults(text, 20 * TIME_MAX);
    let found: Vec<(&str, usize)> = found
        .iter()
        .map(|fault| (fault.code.0, fault.labels[0].span.line()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn hostile_texts_are_refused_at_their_place() {
    let head = "motet: 1\npipeline: p\n";
    check(
        &format!("{head}about: {}\n", "x".repeat(SPEC_BYTES_MAX)),
        &[("MT0101", 1)],
    );
    for opening in ["[", "{", "{a: ", "- ", "? ", "[{a: "] {
        check(
            &format!("{head}about: \n{}", opening.repeat(100_000)),
            &[("MT0102", 4)],
        );
    }
    let mut bomb = format!("{head}a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        writeln!(bomb, "a{level}: &a{level} [{}]", [before.as_str(); 9].join(", ")).unwrap();
    }
    let found = faults(&bomb, 20 * TIME_MAX);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code.0, "MT0104");
    let long = format!(
        "{head}about: &a {}\nb: [{}]\n",
        "x".repeat(500_000),
        ["*a"; 50_000].join(", ")
    );
    assert_eq!(faults(&long, 20 * TIME_MAX)[0].code.0, "MT0104");
}

#[test]
fn counts_are_bounded() {
    let mut many = "motet: 1\npipeline: p\ninputs:\n".to_owned();
    (0..=INPUTS_MAX).for_each(|index| writeln!(many, "  i{index}: f32").unwrap());
    many.push_str("outputs: {a: i0}\n");
    check(&many, &[("MT0117", 3)]);
    let chain = chain(NODES_MAX + 1);
    check(&chain, &[("MT0117", 4)]);
}

/// `count` nodes one after the other.
fn chain(count: usize) -> String {
    let mut text =
        "motet: 1\npipeline: chain\ninputs: {mic: \"f32[T<=1600] rate=16kHz range=-1..1\"}\nnodes:\n"
            .to_owned();
    for index in 0..count {
        let before = index
            .checked_sub(1)
            .map_or("mic".to_owned(), |before| format!("n{before}"));
        writeln!(
            text,
            "  n{index}: {{kind: audio/resample, in: {before}, with: {{rate: 16 kHz}}}}"
        )
        .expect("text takes all");
    }
    writeln!(text, "outputs: {{last: n{}}}", count - 1).expect("text takes all");
    text
}

#[test]
fn a_fault_among_a_hundred_nodes_is_found_in_time() {
    let whole = chain(100);
    assert_eq!(faults(&whole, TIME_MAX), []);
    let broken = whole.replacen("in: n97", "in: n197", 1);
    let found = faults(&broken, TIME_MAX);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].code.0, found[0].labels[0].span.line()), ("MT0202", 103));
    let everywhere = whole.replace("rate: 16 kHz", "rate: 16");
    assert_eq!(faults(&everywhere, 4 * TIME_MAX).len(), 100);
}

#[test]
fn the_longest_chain_and_the_longest_cycle_are_walked_without_deep_recursion() {
    let longest = chain(NODES_MAX);
    assert_eq!(faults(&longest, 20 * TIME_MAX), []);
    let cycle = longest.replacen("in: mic", &format!("in: n{}", NODES_MAX - 1), 1);
    let found = faults(&cycle, 20 * TIME_MAX);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code.0, "MT0205");
}

#[test]
fn a_file_of_nothing_but_faults_is_answered_in_time() {
    let mut unknown = "motet: 1\npipeline: p\n".to_owned();
    (0..100_000).for_each(|index| writeln!(unknown, "k{index}: 1").unwrap());
    assert_eq!(faults(&unknown, 100 * TIME_MAX).len(), 100);
    let mut nodes = chain(NODES_MAX);
    nodes = nodes.replace("audio/resample", "audio/resampel");
    assert_eq!(faults(&nodes, 20 * TIME_MAX).len(), 100);
    assert_eq!(
        faults(&chain(NODES_MAX).replace("16 kHz", "16"), 20 * TIME_MAX).len(),
        100
    );
}

/// Every pipeline uses two others, without end.
struct Endless;

impl motet_core::graph::Library for Endless {
    fn find(&self, base: &str, uses: &str) -> Result<LibraryEntry, LibraryError> {
        let agents: String = (0..20)
            .map(|index| format!("  a{index}: {{use: x{index}, in: {{mic: mic}}}}\n"))
            .collect();
        let text =
            format!("motet: 1\npipeline: p\ninputs: {{mic: f32}}\nagents:\n{agents}outputs: {{mic: mic}}\n");
        let base = format!("{base}/{uses}");
        Ok(LibraryEntry {
            source: Source::new(&base, text),
            base,
        })
    }
}

#[test]
fn agents_that_use_agents_are_bounded() {
    let text =
        "motet: 1\npipeline: p\ninputs: {mic: f32}\nagents: {a: {use: b, in: {mic: mic}}}\noutputs: {o: a}\n";
    let (result, taken) = compile(Source::new("made.yaml", text), &Endless);
    assert!(taken < 20 * TIME_MAX, "{AGENTS_MAX} agents took {taken:?}");
    let found = diagnostics(&result);
    assert!(found.iter().any(|fault| fault.code.0 == "MT0230"), "{found:#?}");
}
