//! Valid pipelines with bytes and lines changed at random: the compiler answers, whatever comes.

use proptest::prelude::*;

use motet_core::diagnostic::{Diagnostic, Source};

use super::shelf::Shelf;
use super::{MENDED, compile, diagnostics, folder};

/// One change of a text.
#[derive(Clone, Debug)]
enum Change {
    Delete(usize),
    Duplicate(usize),
    Swap(usize, usize),
    Replace(usize, char),
    Insert(usize, &'static str),
    Splice(usize, usize, usize),
}

/// What authors and fuzzers write in the wrong place.
const PIECES: [&str; 24] = [
    "[",
    "]",
    "{",
    "}",
    ":",
    ": ",
    "- ",
    "#",
    "\"",
    "'",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "&a ",
    "*a",
    "!t ",
    "|\n",
    ">\n",
    "${x}",
    "é\u{85}\u{2028}",
    "~",
    "---\n",
    "\u{feff}",
];

fn change() -> impl Strategy<Value = Change> {
    let at = 0usize..4_000;
    prop_oneof![
        at.clone().prop_map(Change::Delete),
        at.clone().prop_map(Change::Duplicate),
        (at.clone(), at.clone()).prop_map(|(a, b)| Change::Swap(a, b)),
        (at.clone(), any::<char>()).prop_map(|(at, character)| Change::Replace(at, character)),
        (at.clone(), proptest::sample::select(PIECES.to_vec()))
            .prop_map(|(at, piece)| Change::Insert(at, piece)),
        (at.clone(), at.clone(), at).prop_map(|(from, length, to)| Change::Splice(from, length, to)),
    ]
}

fn mutate(text: &str, changes: &[Change]) -> String {
    let mut text = text.to_owned();
    for change in changes {
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        let mut characters: Vec<char> = text.chars().collect();
        if characters.is_empty() {
            break;
        }
        let (line, character) = (lines.len(), characters.len());
        text = match change {
            Change::Delete(at) => {
                lines.remove(at % line);
                lines.concat()
            }
            Change::Duplicate(at) => {
                lines.insert(at % line, lines[at % line]);
                lines.concat()
            }
            Change::Swap(a, b) => {
                lines.swap(a % line, b % line);
                lines.concat()
            }
            Change::Replace(at, with) => {
                characters[at % character] = *with;
                characters.into_iter().collect()
            }
            Change::Insert(at, piece) => {
                let (before, after) = characters.split_at(at % character);
                before
                    .iter()
                    .copied()
                    .chain(piece.chars())
                    .chain(after.iter().copied())
                    .collect()
            }
            Change::Splice(from, length, to) => {
                let from = from % character;
                let piece = characters[from..(from + length % 60).min(character)].to_vec();
                let to = to % character;
                characters.splice(to..to, piece);
                characters.into_iter().collect()
            }
        };
    }
    text
}

fn in_its_source(fault: &Diagnostic) -> bool {
    let fix = fault.fix.iter().map(|fix| &fix.span);
    fault
        .labels
        .iter()
        .map(|label| &label.span)
        .chain(fix)
        .all(|span| {
            let text = &span.source.text;
            span.range.start <= span.range.end && text.get(span.range.clone()).is_some() && span.line() >= 1
        })
}

fn texts() -> Vec<String> {
    let root = folder();
    let agents = std::fs::read_to_string(root.join("agents/voice/pipeline.yaml")).expect("an agent");
    let using =
        std::fs::read_to_string(root.join("MT0226-misspelt-input-of-an-agent.yaml")).expect("a broken file");
    vec![
        MENDED.to_owned(),
        MENDED.replace('\n', "\r\n"),
        FULL.to_owned(),
        agents,
        using,
    ]
}

const FULL: &str = r#"motet: 1
pipeline: full
about: |
  Every section once.
  On two lines.
params: {threshold: 0.7, word: jarvis}
contract:
  memory: {cpu: 96 MiB}
  egress: none
  deadline: 500 ms
  privacy: {personal: [decision]}
  chains:
    open: {path: mic -> mel -> decide, deadline: 120 ms, quantile: 0.99, headroom: 20 %}
types:
  speech: "f32[T<=48000] rate=16kHz range=-1..1 privacy=personal"
inputs:
  mic: speech
  line: f32[T<=48000] rate=16kHz range=-1..1
agents:
  voice: {use: agents/voice, in: {mic: line}}
nodes:
  mel: {kind: audio/log-mel, in: mic, with: {bins: 40, window: 25 ms, hop: 10 ms}}
  intent: {kind: model/keyword, in: {frames: mel}, with: {model: wakewords@1, threshold: "${threshold}"}, place: cpu}
  decide:
    kind: control/rules
    in: {command: intent}
    with: {open_if: "command.label == '${word}' && command.score > ${threshold}"}
    when: command.score > 0.1
    on_error: absent
outputs: {decision: decide}
tests:
  a spoken word opens the door:
    feed: {mic: inputs/jarvis.flac, line: inputs/other.flac}
    expect: {decision.action: open}
  and another says why:
    feed: {mic: inputs/jarvis.flac}
    expect: ["decision.why == 'command'"]
"#;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_file_is_answered_with_places_in_its_text(
        which in 0usize..5,
        changes in proptest::collection::vec(change(), 1..6),
    ) {
        let text = mutate(&texts()[which], &changes);
        let (result, _) = compile(Source::new("mutated.yaml", text), &Shelf::new(&folder()));
        for fault in diagnostics(&result) {
            prop_assert!(in_its_source(&fault), "{fault:?}");
            prop_assert!(!fault.labels.is_empty());
        }
        if let Err(faults) = &result {
            prop_assert!(faults.has_errors());
            prop_assert!(!faults.to_string().is_empty());
        }
    }

    #[test]
    fn a_fix_never_cuts_a_character(
        which in 0usize..5,
        changes in proptest::collection::vec(change(), 1..4),
    ) {
        let text = mutate(&texts()[which], &changes);
        let (result, _) = compile(Source::new("mutated.yaml", text), &Shelf::new(&folder()));
        for fault in diagnostics(&result).iter().filter(|fault| fault.fix.is_some()) {
            let mut shelf = Shelf::new(&folder());
            shelf.mend(fault);
        }
    }
}

#[test]
fn the_file_with_every_section_gets_a_warning_only() {
    let (result, _) = compile(Source::new("full.yaml", FULL), &Shelf::new(&folder()));
    let found = diagnostics(&result);
    let codes: Vec<&str> = found.iter().map(|fault| fault.code.0).collect();
    assert_eq!(codes, ["MT0218"], "no output needs the agent: {found:#?}");
}
