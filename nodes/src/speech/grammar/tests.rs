use std::collections::BTreeSet;
use std::fmt::Write;

use motet_engine::decode::graph::Search;
use motet_models::speech::Lexicon;
use motet_models::speech::phones::{BLANK, OUTPUTS, places};

use super::network::Network;
use super::sounds::Sounds;
use super::*;

const COFFEE: &str = "\
grammar: 1
about: Orders to a coffee machine.
intents:
  order:
    - \"<ask> (a|an) ([{size}];[{shots}]) {drink} [with {extra} [and {extra:second}]]\"
  stop: [stop, \"never mind\"]
rules:
  ask: [\"(can|may) i (get|have)\", brew]
slots:
  size: [small, twelve ounce]
  shots: {number: {from: 1, to: 2}}
  drink:
    mocha:
    iced tea: [iced tea, cold tea]
  extra: [milk]
";

fn read(text: &str) -> Result<(Grammar, Diagnostics), Diagnostics> {
    Grammar::read(&Source::new("grammar.yaml", text))
}

/// Every utterance of a network, with the names and values in it, and its intent.
fn utterances(network: &Network) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![(0_u32, Vec::new())];
    while let Some((node, said)) = open.pop() {
        if let Some(intent) = network.ends[node as usize] {
            found.insert(format!("{intent}: {}", said.join(" ")));
        }
        for arc in network.arcs.iter().filter(|arc| arc.from == node) {
            let mut said: Vec<String> = said.clone();
            let tag = arc.tag.map(|tag| &network.tags[tag as usize]);
            let word = &network.words[arc.word as usize];
            said.push(match tag {
                Some(tag) => format!("{word}/{}={}", tag.name, tag.value),
                None => word.clone(),
            });
            open.push((arc.to, said));
        }
    }
    found
}

/// The same, written out from the patterns one by one.
fn written_out(grammar: &Grammar) -> BTreeSet<String> {
    fn ways(grammar: &Grammar, form: &Form, tag: &str) -> Vec<Vec<String>> {
        match form {
            Form::Word(word) => vec![vec![format!("{word}{tag}")]],
            Form::Optional(part) => [vec![Vec::new()], ways(grammar, part, tag)].concat(),
            Form::Choice(parts) => parts.iter().flat_map(|part| ways(grammar, part, tag)).collect(),
            Form::Sequence(parts) => parts.iter().fold(vec![Vec::new()], |before, part| {
                let behind = ways(grammar, part, tag);
                let joined = |before: &Vec<String>| {
                    let before = before.clone();
                    behind
                        .iter()
                        .map(move |behind| [before.clone(), behind.clone()].concat())
                };
                before.iter().flat_map(joined).collect()
            }),
            Form::Free(parts) if parts.is_empty() => vec![Vec::new()],
            Form::Free(parts) => {
                let first = |index: usize| {
                    let mut rest = parts.clone();
                    let part = rest.remove(index);
                    ways(grammar, &Form::Sequence(vec![part, Form::Free(rest)]), tag)
                };
                (0..parts.len()).flat_map(first).collect()
            }
            Form::Slot { slot, name, .. } => {
                let values = &grammar.slot(slot).unwrap().values;
                let said = |value: &Value| -> Vec<Vec<String>> {
                    let tag = format!("/{name}={}", value.value);
                    value
                        .said
                        .iter()
                        .flat_map(|said| ways(grammar, &said.form, &tag))
                        .collect()
                };
                values.iter().flat_map(said).collect()
            }
            Form::Rule { rule, .. } => {
                let patterns = &grammar.rule(rule).unwrap().patterns;
                patterns
                    .iter()
                    .flat_map(|pattern| ways(grammar, &pattern.form, tag))
                    .collect()
            }
        }
    }
    let mut found = BTreeSet::new();
    for (index, intent) in grammar.intents.iter().enumerate() {
        for pattern in &intent.patterns {
            let said = ways(grammar, &pattern.form, "");
            found.extend(said.iter().map(|said| format!("{index}: {}", said.join(" "))));
        }
    }
    found
}

#[test]
fn a_network_says_what_its_patterns_say() {
    let (grammar, faults) = read(COFFEE).unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    let network = Network::of(&grammar).unwrap();
    let expected = written_out(&grammar);
    // Four ways to ask and one more, two articles, 13 of size and shots, three drinks, three endings; two ways to stop.
    assert_eq!(expected.len(), 5 * 2 * 13 * 3 * 3 + 2);
    assert_eq!(utterances(&network), expected);
}

#[test]
fn what_patterns_have_in_common_is_held_once() {
    let (grammar, _) = read(COFFEE).unwrap();
    let network = Network::of(&grammar).unwrap();
    assert!(network.arcs.len() < 60, "{} arcs", network.arcs.len());
    let patterns: String = (0..10_000)
        .map(|index| {
            let words = [
                "red", "green", "blue", "black", "white", "brown", "pink", "grey", "gold", "teal",
            ];
            let word = |place: u32| words[index / 10_usize.pow(place) % 10];
            format!(
                "    - turn the {} {} {} {} light on\n",
                word(0),
                word(1),
                word(2),
                word(3)
            )
        })
        .collect();
    let text = format!("grammar: 1\nintents:\n  light:\n{patterns}");
    let (grammar, _) = read(&text).unwrap();
    let network = Network::of(&grammar).unwrap();
    assert_eq!((network.arcs.len(), network.ends.len()), (44, 9));
}

/// Code, place and message of each fault.
fn faults(text: &str) -> Vec<String> {
    let found = match read(text) {
        Ok((grammar, warnings)) => {
            let all = Network::of(&grammar).and_then(|network| {
                Sounds::of(&grammar, &network, &Lexicon::builtin())?;
                let mut all = warnings;
                if let Some(warning) = grammar.alike(&network) {
                    all.push(warning);
                }
                Ok(all)
            });
            all.unwrap_or_else(|faults| faults)
        }
        Err(faults) => faults,
    };
    let line = |fault: &motet_core::diagnostic::Diagnostic| {
        format!("{} {:?} {}", fault.code, fault.labels[0].span, fault.message)
    };
    found.iter().map(line).collect()
}

#[test]
fn faults_are_shown_where_they_stand() {
    let check = |text: &str, expected: &[&str]| assert_eq!(faults(text), expected, "{text}");
    check(
        "grammar: 2\nintent: {a: b}\n",
        &[
            "MT0112 grammar.yaml:1:1 a grammar has no entry `intents`",
            "MT0113 grammar.yaml:1:10 expected the version of the format, 1, found the number `2`",
            "MT0111 grammar.yaml:2:1 a grammar has no entry `intent`",
        ],
    );
    check(
        "grammar: 1\nintents:\n  go:\n    - to {place\n    - 5\n",
        &[
            "MT0601 grammar.yaml:4:10 `{` is not closed",
            "MT0113 grammar.yaml:5:7 expected what is said, as in `turn [it] off`, found the number `5`",
        ],
    );
    check(
        "grammar: 1\nintents: {go: \"to {plase} <now>\"}\nslots: {place: [\"[the] hall\", kitchen]}\n",
        &["MT0601 grammar.yaml:3:18 a value in a list is said as it is written"],
    );
    check(
        "grammar: 1\nintents: {go: \"to {plase} <now>\"}\nslots: {place: {hall: \"[the] hall <now>\"}}\n",
        &[
            "MT0602 grammar.yaml:2:20 there is no slot `plase`",
            "MT0602 grammar.yaml:2:28 there is no rule `now`",
            "MT0602 grammar.yaml:3:35 a value of a slot is made of words alone",
        ],
    );
    check(
        "grammar: 1\nintents: {go: <a>}\nrules: {a: [\"<b> on\"], b: [\"very <c>\"], c: [big, \"so <b>\"]}\n",
        &["MT0603 grammar.yaml:3:24 rule `b` leads back to itself: `b` to `c` to `b`"],
    );
    check(
        "grammar: 1\nintents: {go: \"<a>\"}\nrules: {a: \"<a> on\"}\n",
        &["MT0603 grammar.yaml:3:9 rule `a` leads back to itself: `a` to `a`"],
    );
    check(
        "grammar: 1\nintents: {go: \"[go] <please>\"}\nrules: {please: \"[please]\", now: now}\n",
        &[
            "MT0605 grammar.yaml:2:16 this can be said without a word",
            "MT0604 grammar.yaml:3:29 no intent leads to rule `now`",
        ],
    );
}

#[test]
fn what_cannot_be_meant_is_shown_where_it_stands() {
    let check = |text: &str, expected: &[&str]| assert_eq!(faults(text), expected, "{text}");
    check(
        "grammar: 1\nintents: {go: go}\nrules: {now: \"now {x}\"}\nslots: {x: [y]}\npronunciations: {latte: L AA T EY}\n",
        &[
            "MT0604 grammar.yaml:3:9 no intent leads to rule `now`",
            "MT0604 grammar.yaml:4:9 no intent leads to slot `x`",
            "MT0604 grammar.yaml:5:18 no intent leads to word `latte`",
        ],
    );
    check(
        "grammar: 1\nintents: {go: [go, \"go on\"], walk: \"[please] go [now]\"}\n",
        &["MT0608 grammar.yaml:2:30 one utterance means both `go` and `walk`"],
    );
    check(
        "grammar: 1\nintents: {set: \"to {n}\"}\nslots: {n: {number: {from: 5, to: 2}}}\n",
        &["MT0607 grammar.yaml:3:21 there is no number from 5 to 2"],
    );
    check(
        "grammar: 1\nintents: {}\n",
        &["MT0605 grammar.yaml:2:1 there is no intent"],
    );
    check(
        "grammar: 1\nintents: {a: {b: c}}\n",
        &["MT0113 grammar.yaml:2:14 expected what is said, as in `turn [it] off`, found a mapping"],
    );
    check(
        "grammar: 1\ngrammar: 1\n",
        &["MT0103 grammar.yaml:2:1 the key `grammar` stands twice"],
    );
}

#[test]
fn a_grammar_that_says_too_much_is_refused() {
    let slot = "s: {number: {from: 0, to: 999}}";
    let free = "({s:a};{s:b};{s:c};{s:d};{s:e};{s:f})";
    let text = format!(
        "grammar: 1\nintents: {{go: \"{free}\", on: \"on {free}\", off: \"off {free}\"}}\nslots: {{{slot}}}\n"
    );
    let found = faults(&text);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("MT0607 grammar.yaml:2"), "{found:?}");
}

#[test]
fn a_word_that_nothing_says_how_to_say_is_shown_where_it_is_said() {
    let unsaid = "grammar: 1\nintents:\n  go:\n    - go to [the] größe\n";
    assert_eq!(
        faults(unsaid),
        ["MT0606 grammar.yaml:4:19 nothing says how `größe` sounds"]
    );
    let grammar = |more: &str| format!("grammar: 1\nintents:\n  go:\n    - go to [the] qumranet\n{more}");
    // By its letters, with a warning.
    let source = Source::new("grammar.yaml", grammar(""));
    let (read, _) = Grammar::read(&source).unwrap();
    let network = Network::of(&read).unwrap();
    let sounds = Sounds::of(&read, &network, &Lexicon::builtin()).unwrap();
    let guessed: Vec<String> = sounds
        .guessed
        .iter()
        .map(|warning| format!("{:?} {} {}", warning.severity, warning.code.0, warning.message))
        .collect();
    assert_eq!(
        guessed,
        ["Warning MT0606 nothing says how `qumranet` sounds; by its letters it is `K AH M R AE N EH T`"]
    );
    assert_eq!(
        faults(&grammar("pronunciations: {qumranet: K AH M R AH N EH T}\n")),
        [""; 0]
    );
    assert_eq!(
        faults(&grammar("pronunciations: {qumranet: [K AH QQ, \"\"]}\n")),
        [
            "MT0606 grammar.yaml:5:29 `QQ` is no phone",
            "MT0606 grammar.yaml:5:38 there are no phones"
        ]
    );
}

#[test]
fn every_utterance_is_found_by_its_phones() {
    let (grammar, _) = read(COFFEE).unwrap();
    let network = Network::of(&grammar).unwrap();
    let lexicon = Lexicon::builtin();
    let sounds = Sounds::of(&grammar, &network, &lexicon).unwrap();
    let mut search = Search::new(&sounds.graph, 400);
    let weights = vec![0.0; sounds.graph.arcs()];
    for said in [
        "can i have a small mocha with milk",
        "brew an iced tea",
        "never mind",
        "stop",
    ] {
        // Each phone for one frame, a blank behind it.
        let phones = lexicon.say(said).unwrap();
        let row = |label: usize| (0..OUTPUTS).map(move |at| if at == label { 0.0 } else { -9.0 });
        let rows = |phone: &u8| row(usize::from(*phone)).chain(row(BLANK)).collect::<Vec<f32>>();
        let scores: Vec<f32> = phones.iter().flat_map(rows).collect();
        let (path, score) = search
            .best(&sounds.graph, (&scores, OUTPUTS, BLANK), &weights)
            .unwrap();
        let words = path.iter().filter_map(|step| sounds.ends_word[step.arc as usize]);
        let words: Vec<&str> = words
            .map(|arc| network.words[network.arcs[arc as usize].word as usize].as_str())
            .collect();
        assert_eq!(words.join(" "), said);
        assert!(score.abs() < 1e-6);
    }
    assert_eq!(places("S T AA P").map(|phones| phones.len()), Ok(4));
}

#[test]
fn ten_thousand_patterns_are_a_grammar_of_bounded_size() {
    let lexicon = Lexicon::builtin();
    let words: Vec<&str> = lexicon
        .words()
        .map(|(word, _)| word)
        .filter(|word| word.len() > 2 && word.bytes().all(|letter| letter.is_ascii_lowercase()))
        .take(1_000)
        .collect();
    let mut text = String::from("grammar: 1\nintents:\n");
    for intent in 0..100 {
        writeln!(text, "  intent_{intent}:").unwrap();
        for pattern in 0..100 {
            let number = 100 * intent + pattern;
            let word = |place: usize| words[place % words.len()];
            writeln!(
                text,
                "    - \"[please] {} {} {}\"",
                word(number),
                word(number / 7 + 13),
                word(number / 1_000 + 500)
            )
            .unwrap();
        }
    }
    let source = Source::new("grammar.yaml", text);
    let (grammar, _) = Grammar::read(&source).unwrap();
    let network = Network::of(&grammar).unwrap();
    let sounds = Sounds::of(&grammar, &network, &lexicon).unwrap();
    // No more phones than the patterns have by themselves, and a search that fits into memory.
    assert!(sounds.graph.arcs() < 300_000, "{} arcs", sounds.graph.arcs());
    assert!(Search::bytes(&sounds.graph, 375) < 256 << 20);
}

#[test]
fn utterances_that_mean_two_things_in_different_words_are_found() {
    let check = |text: &str, expected: &[&str]| assert_eq!(faults(text), expected, "{text}");
    // Two intents that differ in what their words are the values of.
    check(
        "grammar: 1\nintents:\n  lamp: \"put the {lamp} [lamp] off\"\n  fan: \"put the {fan} off\"\n\
         slots: {lamp: [desk, top], fan: [top, ceiling]}\n",
        &["MT0609 grammar.yaml:4:3 `put the top off` means both `lamp lamp=top` and `fan fan=top`"],
    );
    // Two values that are said alike.
    check(
        "grammar: 1\nintents: {dim: \"dim to {level}\"}\nslots: {level: {low: [low, \"[very] small\"], tiny: small}}\n",
        &["MT0609 grammar.yaml:2:11 `dim to small` means both `dim level=low` and `dim level=tiny`"],
    );
    // A word that may be the end of one value or the beginning of the next.
    check(
        "grammar: 1\nintents: {mix: \"{a} {b}\"}\nslots: {a: [red, red hot], b: [hot tea, tea]}\n",
        &[
            "MT0609 grammar.yaml:2:11 `red hot tea` means both `mix a=red b=hot tea` and `mix a=red hot b=tea`",
        ],
    );
    // The same words behind different beginnings are nothing new.
    check(
        "grammar: 1\nintents: {lamp: \"lamp {lamp} off\", fan: \"fan {fan} off\"}\n\
         slots: {lamp: [top, desk], fan: [top, ceiling]}\n",
        &[],
    );
}

#[test]
fn names_of_values_are_not_taken_twice() {
    let check = |text: &str, expected: &[&str]| assert_eq!(faults(text), expected, "{text}");
    check(
        "grammar: 1\nintents: {go: \"go from {start} to {place:end}\"}\nslots: {start: [here], place: [hall]}\n",
        &[
            "MT0610 grammar.yaml:2:24 `start` is the name of a slot and of a field of every command",
            "MT0610 grammar.yaml:2:35 `end` is the name of a slot and of a field of every command",
        ],
    );
    check(
        "grammar: 1\nintents:\n  wake: \"between {hour} and <late>\"\n  nap: \"for ({hour}|{hour:most} hours)\"\n\
         rules: {late: [\"later than {hour}\", evening]}\nslots: {hour: {number: {from: 1, to: 12}}}\n",
        &["MT0610 grammar.yaml:3:10 two values are called `hour` here, and the field `hour` has the first"],
    );
}
