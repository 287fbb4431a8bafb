//! The three kinds for utterances, on a small model written for each test.

use std::path::Path;

use motet_core::arena::ReadLease;
use motet_core::catalog::{BuildError, FaultPlace, NodeKind, ParamValue};
use motet_core::node::NodeError;
use motet_core::placement::Placement;
use motet_models::builtin::Builtin;
use motet_models::card::{Card, sha256};
use motet_models::decide::{Abstain, Decision, ScopeScore};
use motet_models::model::NetCard;
use motet_models::net::{Net, NetConfig, Sample};
use motet_models::text::{Hashing, Splitting, split};
use motet_models::utterance::crf::Allowed;
use motet_models::utterance::{IntentConfig, SlotsConfig, UtteranceConfig, corpus};
use tempfile::TempDir;

use super::super::tests::{sources, write};
use super::super::{Intent, ModelSources, Slots};
use crate::text::Tokenize;
use crate::trial::{Trial, Value};

const WORDS: &str = "record{ids: i32[W<=5, 9], offsets: i32[W<=5, 2], words: i32, cut: u8 range=0..1}";
const TEXTS: [&str; 6] = [
    "play some jazz",
    "  Play, caf\u{e9} MILES!",
    "tomorrow",
    "a b c d e",
    "book it now please",
    "\u{ff50}lay \u{e9}t\u{e9}",
];

fn config() -> UtteranceConfig {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    UtteranceConfig {
        splitting: Splitting::Blanks,
        hashing: Hashing {
            rows: 50,
            per_word: 6,
            prefix_max: 1,
            suffix_max: 1,
            piece_min: 3,
            piece_max: 3,
            cased: false,
        },
        words_max: 5,
        embedding: 6,
        width: 8,
        dilations: vec![1, 2],
        heads: 2,
        gram_rows: 20,
        intents: names(&["play", "book", "weather", "other"]),
        out_of_scope: Some("other".to_owned()),
        tags: names(&["O", "B-artist", "I-artist", "B-timeRange", "I-timeRange"]),
        vector: 0,
    }
}

/// A folder with the model `small@1`.
fn folder(config: &UtteranceConfig) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    // The same tensors under either name of the configuration.
    match config.intents.is_empty() {
        false => drop(write(
            folder.path(),
            "small",
            (&IntentConfig(config.clone()), &[]),
        )),
        true => drop(write(folder.path(), "small", (&SlotsConfig(config.clone()), &[]))),
    }
    folder
}

/// Changes the card of the model.
fn change(folder: &Path, change: impl FnOnce(&mut Card<NetCard<UtteranceConfig>>)) {
    let path = folder.join("small.card.yaml");
    let mut card = Card::parse(&std::fs::read_to_string(&path).unwrap()).unwrap();
    change(&mut card);
    std::fs::write(path, card.to_yaml().unwrap()).unwrap();
}

fn abstain(by: ScopeScore, threshold: f32) -> Option<Decision> {
    Some(Decision {
        temperature: 2.0,
        abstain: Some(Abstain {
            by,
            threshold,
            false_rejection: 0.0,
        }),
        span_temperature: None,
    })
}

fn words_of(text: &str) -> Vec<&str> {
    let ranges = split(text, Splitting::Blanks).into_iter().take(5);
    ranges.map(|range| &text[range]).collect()
}

fn ids_of(text: &str) -> Vec<i32> {
    corpus::ids(&config(), &words_of(text))
}

/// What `text/tokenize` should give for a text.
fn words_value(text: &str) -> Value {
    let ranges = split(text, Splitting::Blanks).into_iter().take(5);
    let offsets: Vec<i32> = ranges
        .flat_map(|range| [range.start, range.end])
        .map(|at| i32::try_from(at).unwrap())
        .collect();
    let count = i32::try_from(offsets.len() / 2).unwrap();
    let ids = Value::I32Rows(9, ids_of(text));
    Value::Record(vec![
        ids,
        Value::I32Rows(2, offsets),
        Value::I32(count),
        Value::U8(0),
    ])
}

fn tokenize(kind: &Tokenize) -> Trial<'_> {
    Trial::of(kind)
        .text("model", "small@1")
        .input("text", "utf8[T<=64]")
}

fn intent<'k>(kind: &'k Intent, port: &str) -> Trial<'k> {
    Trial::of(kind).text("model", "small@1").input("words", port)
}

fn slots(kind: &Slots) -> Trial<'_> {
    Trial::of(kind)
        .text("model", "small@1")
        .input("words", WORDS)
        .input("text", "utf8[T<=64]")
}

fn near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
    }
}

fn refusal<T>(outcome: Result<T, NodeError>) -> String {
    match outcome {
        Err(error) => error.to_string(),
        Ok(_) => panic!("the node gave an answer"),
    }
}

#[test]
fn a_text_becomes_the_ids_that_training_made_of_it() {
    let folder = folder(&config());
    let kind = Tokenize::new(sources(&folder));
    assert_eq!(tokenize(&kind).types(), [format!("words: {WORDS}")]);
    let mut running = tokenize(&kind).build();
    for text in TEXTS {
        let outputs = running.fire(&[Some(Value::Text(text))]).unwrap();
        let found = outputs[0].as_ref().unwrap();
        let words = words_of(text);
        assert_eq!(found.tensor::<i32>(0).unwrap(), ids_of(text), "{text}");
        let parts = found.tensor::<i32>(1).unwrap().chunks(2);
        let parts: Vec<&str> = parts
            .map(|range| &text[usize::try_from(range[0]).unwrap()..usize::try_from(range[1]).unwrap()])
            .collect();
        assert_eq!(parts, words);
        assert_eq!(
            found.tensor::<i32>(2).unwrap(),
            [i32::try_from(words.len()).unwrap()]
        );
        assert_eq!(found.tensor::<u8>(3).unwrap(), [0]);
    }
}

#[test]
fn words_beyond_those_of_the_model_are_cut_and_that_is_said() {
    let folder = folder(&config());
    let kind = Tokenize::new(sources(&folder));
    let outputs = tokenize(&kind).run(&[Some(Value::Text("a b c d e, f"))]).unwrap();
    let found = outputs[0].as_ref().unwrap();
    assert_eq!(found.tensor::<i32>(0).unwrap(), ids_of("a b c d e"));
    assert_eq!(found.tensor::<i32>(2).unwrap(), [5]);
    assert_eq!(found.tensor::<u8>(3).unwrap(), [1]);
}

#[test]
fn a_text_without_words_has_no_ids() {
    let folder = folder(&config());
    let kind = Tokenize::new(sources(&folder));
    let mut running = tokenize(&kind).build();
    for text in ["", " \t\n", "\u{a0}\u{2003}"] {
        let outputs = running.fire(&[Some(Value::Text(text))]).unwrap();
        assert!(outputs[0].is_none(), "{text:?}");
    }
    assert!(tokenize(&kind).signature().unwrap().outputs[0].may_be_absent);
    // Ids from elsewhere may have no row; that is an error, not a guess.
    let kind = Intent::new(sources(&folder));
    let found = intent(&kind, "i32[W<=5, 9]").run(&[Some(Value::I32Rows(9, Vec::new()))]);
    assert_eq!(refusal(found), "there is no word here");
}

/// The likeliest intent but the last, its share among these, and how much likelier the last is.
fn by_hand(logits: &[f32], temperature: f32) -> (usize, f32, f32) {
    let best = (0..3)
        .rev()
        .max_by(|a, b| logits[*a].total_cmp(&logits[*b]))
        .unwrap();
    let sum: f32 = logits[..3].iter().map(|score| (score / temperature).exp()).sum();
    let share = (logits[best] / temperature).exp() / sum;
    (best, share, logits[best] - logits[3])
}

fn check_intent(found: &ReadLease, logits: &[f32], (temperature, threshold): (f32, f32)) -> bool {
    near(found.tensor(5).unwrap(), logits);
    let (best, share, odds) = by_hand(logits, temperature);
    let abstains = odds < threshold;
    let label = if abstains {
        "none"
    } else {
        ["play", "book", "weather"][best]
    };
    assert_eq!(found.text(0).unwrap(), label);
    assert_eq!(found.tensor::<i32>(1).unwrap(), [i32::try_from(best).unwrap()]);
    near(found.tensor(2).unwrap(), &[share]);
    near(found.tensor(3).unwrap(), &[odds]);
    assert_eq!(found.tensor::<u8>(4).unwrap(), [u8::from(abstains)]);
    abstains
}

#[test]
fn an_intent_has_the_scores_of_its_net_and_the_model_abstains_as_its_card_says() {
    let folder = tempfile::tempdir().unwrap();
    let net = write(folder.path(), "small", (&IntentConfig(config()), &[]));
    let expected: Vec<Vec<f32>> = TEXTS
        .iter()
        .map(|text| net.reference(&Sample::Ids(ids_of(text))).unwrap())
        .collect();
    let mut odds: Vec<f32> = expected.iter().map(|logits| by_hand(logits, 1.0).2).collect();
    odds.sort_by(f32::total_cmp);
    let middle = f32::midpoint(odds[2], odds[3]);
    // Without a word in the card, the model abstains where everything else is likelier.
    for decision in [None, abstain(ScopeScore::Odds, middle)] {
        let bounds = if decision.is_none() {
            (1.0, 0.0)
        } else {
            (2.0, middle)
        };
        change(folder.path(), |card| card.model.decision = decision);
        let kind = Intent::new(sources(&folder));
        assert_eq!(
            intent(&kind, WORDS).types(),
            [
                "intent: record{label: utf8[T<=32], class: i32, confidence: f32 range=0..1, scope: f32, abstain: u8 \
                 range=0..1, logits: f32[4]}"
            ]
        );
        let mut whole = intent(&kind, WORDS).build();
        let mut alone = intent(&kind, "i32[W<=5, 9]").build();
        let mut abstained = 0;
        for (text, expected) in TEXTS.iter().zip(&expected) {
            let outputs = whole.fire(&[Some(words_value(text))]).unwrap();
            let abstains = check_intent(outputs[0].as_ref().unwrap(), expected, bounds);
            let outputs = alone.fire(&[Some(Value::I32Rows(9, ids_of(text)))]).unwrap();
            assert_eq!(
                check_intent(outputs[0].as_ref().unwrap(), expected, bounds),
                abstains
            );
            abstained += usize::from(abstains);
        }
        if bounds.1 != 0.0 {
            assert_eq!(abstained, 3);
        }
    }
}

#[test]
fn a_card_that_cannot_decide_is_refused_when_the_pipeline_is_checked() {
    let folder = folder(&config());
    let check = |change_card: &dyn Fn(&mut Card<NetCard<UtteranceConfig>>), message: &str| {
        change(folder.path(), change_card);
        let kind = Intent::new(sources(&folder));
        let fault = &intent(&kind, WORDS).faults()[0];
        assert_eq!(fault.place, FaultPlace::Param("model".to_owned(), None));
        assert_eq!(fault.message, message);
    };
    check(
        &|card| card.model.decision = abstain(ScopeScore::Odds, f32::NAN),
        "the model card contradicts itself: `threshold` must be finite",
    );
    check(
        &|card| {
            card.model.net.out_of_scope = None;
            card.model.decision = abstain(ScopeScore::Odds, 0.0);
        },
        "the model card contradicts itself: odds need a class that stands for everything else",
    );
    check(
        &|card| {
            card.model.decision = abstain(ScopeScore::Energy, 0.0);
            card.model.net.intents[1] = "none".to_owned();
        },
        "model `small@1` has an intent `none`, which is what the label says where there is no answer",
    );
}

#[test]
fn ids_that_the_table_does_not_have_are_refused() {
    let folder = folder(&config());
    let (first, second) = (Intent::new(sources(&folder)), Slots::new(sources(&folder)));
    let mut ids = ids_of("play it");
    ids[1] = 50;
    let found = intent(&first, "i32[W<=5, 9]").run(&[Some(Value::I32Rows(9, ids.clone()))]);
    assert!(refusal(found).contains("id 50"));
    let offsets = Value::I32Rows(2, vec![0, 4, 5, 7]);
    let words = Value::Record(vec![Value::I32Rows(9, ids), offsets, Value::I32(2), Value::U8(0)]);
    let found = slots(&second).run(&[Some(words), Some(Value::Text("play it"))]);
    assert!(refusal(found).contains("id 50"));
}

/// All paths that BIO allows, with their scores.
fn paths(net: &<SlotsConfig as NetConfig>::Net, logits: &[f32]) -> Vec<(Vec<usize>, f64)> {
    let tags = 5;
    let names = config().tags;
    let allowed = Allowed::bio(&names);
    let chain = motet_models::utterance::Path::of(&net.0, &names)
        .unwrap()
        .unwrap();
    let chain = chain.chain();
    let rows = logits.len() / tags;
    let path = |number: usize| -> Vec<usize> {
        (0..rows)
            .map(|row| number / tags.pow(u32::try_from(row).unwrap()) % tags)
            .collect()
    };
    let score = |path: &Vec<usize>| -> f64 {
        let rows = path.iter().enumerate().map(|(row, tag)| logits[row * tags + tag]);
        let steps = path
            .windows(2)
            .map(|pair| chain.transitions[pair[0] * tags + pair[1]]);
        let ends = [chain.start[path[0]], chain.end[path[path.len() - 1]]];
        rows.chain(steps).chain(ends).map(f64::from).sum()
    };
    let all = (0..tags.pow(u32::try_from(rows).unwrap())).map(path);
    let all = all.filter(|path| allowed.allows(path));
    all.map(|path| (path.clone(), score(&path))).collect()
}

/// Kind, first word and end of each slot.
fn spans(tags: &[usize]) -> Vec<(usize, usize, usize)> {
    let mut spans: Vec<(usize, usize, usize)> = Vec::new();
    for (word, tag) in tags.iter().enumerate() {
        match tag {
            1 | 3 => spans.push((tag / 2, word, word + 1)),
            2 | 4 => spans.last_mut().unwrap().2 = word + 1,
            _ => (),
        }
    }
    spans
}

#[test]
fn slots_are_the_best_path_that_bio_allows_and_parts_of_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let net = write(folder.path(), "small", (&SlotsConfig(config()), &[]));
    let kind = Slots::new(sources(&folder));
    assert_eq!(
        slots(&kind).types(),
        [
            "slots: record{artist: utf8[T<=64], time_range: utf8[T<=64], count: i32, confidence: f32 range=0..1, \
             kinds: i32[S<=5], ranges: i32[S<=5, 2], confidences: f32[S<=5] range=0..1, tags: i32[W<=5], logits: \
             f32[W<=5, 5]}"
        ]
    );
    let mut running = slots(&kind).build();
    let mut found_any = 0;
    for text in TEXTS {
        let outputs = running
            .fire(&[Some(words_value(text)), Some(Value::Text(text))])
            .unwrap();
        let found = outputs[0].as_ref().unwrap();
        let logits = net.reference(&Sample::Ids(ids_of(text))).unwrap();
        near(found.tensor(8).unwrap(), &logits);
        let whole = |field: usize| -> Vec<usize> {
            let values = found.tensor::<i32>(field).unwrap().iter();
            values.map(|value| usize::try_from(*value).unwrap()).collect()
        };
        let paths = paths(&net, &logits);
        let best = paths.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert_eq!(whole(7), best.0, "{text}");
        let spans_found = spans(&best.0);
        found_any += spans_found.len();
        assert_eq!(whole(2), [spans_found.len()]);
        let kinds: Vec<usize> = spans_found.iter().map(|span| span.0).collect();
        assert_eq!(whole(4), kinds);
        let words = split(text, Splitting::Blanks);
        let part = |span: &(usize, usize, usize)| words[span.1].start..words[span.2 - 1].end;
        let ranges: Vec<usize> = spans_found
            .iter()
            .flat_map(|span| [part(span).start, part(span).end])
            .collect();
        assert_eq!(whole(5), ranges);
        // A slot is as likely as all paths that have it together.
        let all: f64 = paths.iter().map(|path| path.1.exp()).sum();
        #[expect(clippy::cast_possible_truncation, reason = "a share between 0 and 1")]
        let share = |span| -> f32 {
            let with = paths.iter().filter(|path| spans(&path.0).contains(span));
            (with.map(|path| path.1.exp()).sum::<f64>() / all) as f32
        };
        let shares: Vec<f32> = spans_found.iter().map(share).collect();
        near(found.tensor(6).unwrap(), &shares);
        near(
            found.tensor(3).unwrap(),
            &[shares.into_iter().fold(1.0, f32::min)],
        );
        for field in 0..2 {
            let first = spans_found.iter().find(|span| span.0 == field);
            let expected = first.map_or("", |span| &text[part(span)]);
            assert_eq!(found.text(field).unwrap(), expected, "{text}");
        }
    }
    assert!(found_any > 3, "the model finds something to look at");
}

#[test]
fn slots_that_are_not_wanted_have_no_field_and_do_not_count() {
    let folder = folder(&config());
    let kind = Slots::new(sources(&folder));
    let keep = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        slots(&kind).with("keep", ParamValue::Texts(names))
    };
    assert!(
        keep(&["timeRange"]).types()[0].starts_with("slots: record{time_range: utf8[T<=64], count: i32,")
    );
    let fault = &keep(&["artists"]).faults()[0];
    assert_eq!(fault.message, "model `small@1` has no slot `artists`");
    assert_eq!(fault.help.as_deref(), Some("did you mean `artist`?"));
    for text in TEXTS {
        let values = [Some(words_value(text)), Some(Value::Text(text))];
        let (all, some) = (
            slots(&kind).run(&values).unwrap(),
            keep(&["artist"]).run(&values).unwrap(),
        );
        let (all, some) = (all[0].as_ref().unwrap(), some[0].as_ref().unwrap());
        let kinds = all.tensor::<i32>(4).unwrap().iter();
        let artists = kinds.filter(|kind| **kind == 0).count();
        assert_eq!(some.tensor::<i32>(1).unwrap(), [i32::try_from(artists).unwrap()]);
        assert_eq!(some.text(0).unwrap(), all.text(0).unwrap());
        assert_eq!(some.tensor::<i32>(6).unwrap(), all.tensor::<i32>(7).unwrap());
    }
}

#[test]
fn words_of_another_text_are_refused() {
    let folder = folder(&config());
    let kind = Slots::new(sources(&folder));
    let mut refused = 0;
    for text in TEXTS {
        let found = slots(&kind).run(&[Some(words_value(text)), Some(Value::Text(""))]);
        if let Err(error) = found {
            assert!(
                error.to_string().starts_with("the words are of another text"),
                "{error}"
            );
            refused += 1;
        }
    }
    assert!(refused > 0);
    let short = Value::Record(vec![
        Value::I32Rows(9, ids_of("play it")),
        Value::I32Rows(2, vec![0, 4]),
        Value::I32(2),
        Value::U8(0),
    ]);
    let found = slots(&kind).run(&[Some(short), Some(Value::Text("play it"))]);
    assert_eq!(refusal(found), "2 words have 1 places");
}

#[test]
fn what_does_not_come_from_the_words_of_the_model_is_refused() {
    let folder = folder(&config());
    let (first, second) = (Intent::new(sources(&folder)), Slots::new(sources(&folder)));
    let expected = "but model `small@1` reads words as `ids: i32[W<=5, 9]`";
    for port in [
        "i32[W<=6, 9]",
        "i32[W<=5, 8]",
        "f32[W<=5, 9]",
        "utf8[T<=5]",
        "record{words: i32}",
    ] {
        let fault = &intent(&first, port).faults()[0];
        assert_eq!(fault.place, FaultPlace::Input("words".to_owned()));
        assert_eq!(fault.message, format!("`{port}` arrives here, {expected}"));
        let help = "connect `text/tokenize` with `{model: small@1}`";
        assert_eq!(fault.help.as_deref(), Some(help));
    }
    // Slots need the places of words as well.
    for port in ["i32[W<=5, 9]", "record{ids: i32[W<=5, 9], offsets: i32[W<=5, 3]}"] {
        let trial = Trial::of(&second)
            .text("model", "small@1")
            .input("words", port)
            .input("text", "utf8[T<=64]");
        assert_eq!(
            trial.faults()[0].message,
            format!("`{port}` arrives here, {expected}")
        );
    }
}

#[test]
fn a_model_without_a_head_is_refused_by_its_kind_and_read_by_the_others() {
    let no_tags = folder(&UtteranceConfig {
        tags: Vec::new(),
        ..config()
    });
    let kind = Slots::new(sources(&no_tags));
    let fault = &slots(&kind).faults()[0];
    assert_eq!(
        fault.message,
        "the model card contradicts itself: the model must have slots"
    );
    assert_eq!(fault.place, FaultPlace::Param("model".to_owned(), None));
    tokenize(&Tokenize::new(sources(&no_tags))).build();
    intent(&Intent::new(sources(&no_tags)), WORDS).build();
    let no_intents = folder(&UtteranceConfig {
        intents: Vec::new(),
        out_of_scope: None,
        ..config()
    });
    let kind = Intent::new(sources(&no_intents));
    let fault = &intent(&kind, WORDS).faults()[0];
    assert_eq!(
        fault.message,
        "the model card contradicts itself: the model must have intents"
    );
    tokenize(&Tokenize::new(sources(&no_intents))).build();
    slots(&Slots::new(sources(&no_intents))).build();
}

#[test]
fn weights_that_are_no_numbers_are_refused_when_the_pipeline_is_checked() {
    let folder = folder(&config());
    let file = folder.path().join("small.safetensors");
    let mut bytes = std::fs::read(&file).unwrap();
    let last = bytes.len() - 4;
    bytes[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&file, &bytes).unwrap();
    change(folder.path(), |card| card.weights.sha256 = sha256(&bytes));
    let (first, second) = (Intent::new(sources(&folder)), Slots::new(sources(&folder)));
    for faults in [intent(&first, WORDS).faults(), slots(&second).faults()] {
        assert!(faults[0].message.contains("not finite"), "{}", faults[0].message);
        assert_eq!(faults[0].code.map(|code| code.0), Some("MT0416"));
    }
}

#[test]
fn the_two_kinds_of_one_model_hold_a_program_each_and_nodes_of_a_kind_share_it() {
    let folder = folder(&config());
    let sources = sources(&folder);
    let (first, second) = (Intent::new(sources.clone()), Slots::new(sources.clone()));
    let placement = Placement::CPU;
    let key = |kind: &dyn NodeKind, trial: &Trial<'_>| {
        let cost = kind.cost(&trial.params(), &trial.signature().unwrap(), &placement);
        cost.weights.unwrap().key
    };
    assert_eq!(key(&first, &intent(&first, WORDS)), "small@1 intent f32");
    assert_eq!(key(&second, &slots(&second)), "small@1 slots f32");
    let built = (intent(&first, WORDS).build(), slots(&second).build());
    assert_eq!(sources.loaded.count(), 2);
    // The file is not read again.
    std::fs::remove_file(folder.path().join("small.safetensors")).unwrap();
    intent(&first, WORDS).build();
    slots(&second).build();
    drop(built);
}

#[test]
fn a_card_alone_settles_the_ports_and_a_node_needs_the_weights() {
    let folder = folder(&config());
    std::fs::remove_file(folder.path().join("small.safetensors")).unwrap();
    let kind = Slots::new(sources(&folder));
    let trial = slots(&kind);
    let signature = trial.signature().unwrap();
    assert!(kind.cost(&trial.params(), &signature, &Placement::CPU).flops > 0);
    let refused = kind.build(&trial.params(), &signature, &Placement::CPU).err();
    assert!(matches!(refused, Some(BuildError::Model { .. })));
}

#[test]
fn a_model_that_comes_along_is_found_without_a_folder_and_after_those_in_folders() {
    let given = folder(&config());
    let read = |file: &str| std::fs::read(given.path().join(file)).unwrap();
    let card = String::from_utf8(read("small.card.yaml")).unwrap();
    let along = Builtin {
        name: "small",
        card: card.clone().leak(),
        weights: read("small.safetensors").leak(),
    };
    let sources = ModelSources {
        builtin: vec![along].leak(),
        ..sources(&tempfile::tempdir().unwrap())
    };
    let (first, second) = (Intent::new(sources.clone()), Slots::new(sources.clone()));
    let kind = Tokenize::new(sources.clone());
    let outputs = tokenize(&kind).run(&[Some(Value::Text("play it"))]).unwrap();
    assert!(outputs[0].is_some());
    assert!(intent(&first, WORDS).run(&[Some(words_value("play it"))]).is_ok());
    let values = [Some(words_value("play it")), Some(Value::Text("play it"))];
    assert!(slots(&second).run(&values).is_ok());
    let near = Trial::of(&first).text("model", "smal@1").input("words", WORDS);
    assert_eq!(near.faults()[0].help.as_deref(), Some("did you mean `small@1`?"));
    let later = Trial::of(&first).text("model", "small@2").input("words", WORDS);
    assert_eq!(later.faults()[0].help.as_deref(), Some("write `model: small@1`"));
    // A card in a folder goes first: this one has fewer words.
    change(given.path(), |card| card.model.net.words_max = 3);
    let folders = super::super::tests::sources(&given).folders;
    let kind = Tokenize::new(ModelSources { folders, ..sources });
    assert!(tokenize(&kind).types()[0].contains("i32[W<=3, 9]"));
}
