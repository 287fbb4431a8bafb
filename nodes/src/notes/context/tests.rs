use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// Sentences with their labels; the head of the file says how they came about.
const OWN_SENTENCES: &str = include_str!("own_sentences.tsv");

/// The list, read once for all tests.
static TRIGGERS: LazyLock<Triggers> = LazyLock::new(Triggers::built_in);

/// A text and the range of the mention that stands in `[[ ]]`.
fn marked(text: &str) -> (String, Range<usize>) {
    let text = text.replace("\\n", "\n");
    let start = text.find("[[").unwrap();
    let end = text.find("]]").unwrap() - 2;
    (text.replace("[[", "").replace("]]", ""), start..end)
}

fn context(text: &str) -> Context {
    let (text, mention) = marked(text);
    contexts(&text, &[mention], &TRIGGERS).remove(0)
}

fn check(triggers: &Triggers, text: &str, expected: [&str; 3]) {
    let (plain, mention) = marked(text);
    let found = contexts(&plain, &[mention], triggers).remove(0);
    assert_eq!(values(&found), expected, "{text}: {:?}", found.because);
}

fn values(context: &Context) -> [&'static str; 3] {
    let presence = match context.presence {
        Presence::Present => "present",
        Presence::Absent => "absent",
        Presence::Possible => "possible",
    };
    let time = match context.time {
        Time::Recent => "recent",
        Time::Historical => "historical",
        Time::Hypothetical => "hypothetical",
    };
    let experiencer = match context.experiencer {
        Experiencer::Patient => "patient",
        Experiencer::Other => "other",
    };
    [presence, time, experiencer]
}

/// Phrases of the kind that Chapman et al. (2001) print for NegEx: triggers before and behind, and pseudo triggers.
#[test]
fn the_kinds_of_negation_in_the_paper_of_2001_are_told() {
    let triggers = &TRIGGERS;
    let absent = ["absent", "recent", "patient"];
    let present = ["present", "recent", "patient"];
    check(triggers, "The patient denies [[chest pain]].", absent);
    check(triggers, "No [[fever]].", absent);
    check(triggers, "There is no evidence of [[infiltrate]].", absent);
    check(triggers, "Extremities without [[edema]].", absent);
    check(triggers, "The [[mass]] was ruled out.", absent);
    check(triggers, "[[Pneumonia]]: unlikely.", absent);
    check(triggers, "There is no increase in the [[effusion]].", present);
    check(triggers, "Gram negative [[sepsis]].", present);
    check(
        triggers,
        "There is not only [[effusion]] but cardiomegaly.",
        present,
    );
}

/// Phrases of the kind that Harkema et al. (2009) print for ConText: one for each value and each ending term.
#[test]
fn the_kinds_of_context_in_the_paper_of_2009_are_told() {
    let triggers = &TRIGGERS;
    check(
        triggers,
        "History of [[COPD]].",
        ["present", "historical", "patient"],
    );
    check(
        triggers,
        "History of COPD, presenting with [[shortness of breath]].",
        ["present", "recent", "patient"],
    );
    check(
        triggers,
        "He should return if [[fever]] occurs.",
        ["present", "hypothetical", "patient"],
    );
    check(
        triggers,
        "Return for fever, because he had [[chills]].",
        ["present", "recent", "patient"],
    );
    check(
        triggers,
        "The patient's father has a history of [[CHF]].",
        ["present", "historical", "other"],
    );
    check(
        triggers,
        "Mother had cancer, but the patient has [[asthma]].",
        ["present", "recent", "patient"],
    );
    check(
        triggers,
        "No history of [[chest pain]].",
        ["absent", "historical", "patient"],
    );
    check(
        triggers,
        "[[Cough]] for 14 days.",
        ["present", "recent", "patient"],
    );
    check(
        triggers,
        "[[Cough]] for 15 days.",
        ["present", "historical", "patient"],
    );
    check(
        triggers,
        "No fever but she has [[chills]].",
        ["present", "recent", "patient"],
    );
}

/// Right and judged labels of one half, on presence, time and experiencer; `-` is not judged.
fn score(half: &str) -> [(usize, usize); 3] {
    let triggers = &TRIGGERS;
    let mut scores = [(0, 0); 3];
    for row in OWN_SENTENCES.lines().filter(|row| !row.starts_with('#')) {
        let columns: Vec<&str> = row.split('\t').collect();
        let &[of, _, presence, time, experiencer, text] = columns.as_slice() else {
            panic!("six columns: {row}");
        };
        if of != half {
            continue;
        }
        let (plain, mention) = marked(text);
        let found = values(&contexts(&plain, &[mention], triggers).remove(0));
        for ((right, all), (found, label)) in
            scores
                .iter_mut()
                .zip(found.iter().zip([presence, time, experiencer]))
        {
            if label != "-" {
                *all += 1;
                *right += usize::from(*found == label);
                if *found != label && half != "held" {
                    println!("{half}: {found} for {label}: {text}");
                }
            }
        }
    }
    println!("{half}: presence, time and experiencer {scores:?}");
    scores
}

#[test]
fn sentences_of_ones_own_get_the_labels_of_a_clinician() {
    for half in ["development", "held", "afresh"] {
        for (right, all) in score(half) {
            assert!(all >= 85 && right * 100 >= all * 95, "{half}: {right} of {all}");
        }
    }
}

#[test]
fn the_sentences_are_many_and_differ() {
    let mut halves: BTreeMap<&str, usize> = BTreeMap::new();
    let mut texts: Vec<String> = Vec::new();
    for row in OWN_SENTENCES.lines().filter(|row| !row.starts_with('#')) {
        *halves.entry(row.split('\t').next().unwrap()).or_default() += 1;
        texts.push(marked(row.split('\t').next_back().unwrap()).0);
    }
    texts.sort();
    texts.dedup();
    assert!(texts.len() >= 220, "{}", texts.len());
    assert!(halves.values().all(|count| *count >= 90), "{halves:?}");
}

#[test]
fn the_evidence_is_the_words_that_decided() {
    let text = "Mother denies any history of [[stroke]] in her family.";
    let (plain, _) = marked(text);
    let found: Vec<(Category, &str)> = context(text)
        .because
        .iter()
        .map(|evidence| (evidence.category, &plain[evidence.range.clone()]))
        .collect::<Vec<_>>();
    assert_eq!(
        found,
        [
            (Category::Negated, "denies"),
            (Category::Historical, "any history of"),
            (Category::Other, "in her family"),
        ]
    );
}

#[test]
fn an_answer_is_evidence() {
    let text = "Doctor: Any [[fever]]?\nPatient: Well, um, not really.";
    let (plain, _) = marked(text);
    let found = context(text);
    assert_eq!(found.presence, Presence::Absent);
    assert_eq!(&plain[found.because.first().unwrap().range.clone()], "not really");
}

#[test]
fn a_mention_that_is_no_text_gets_what_holds_where_nothing_is_said() {
    let text = "no caf\u{e9} fever";
    let reversed = Range { start: 8, end: 3 };
    let mentions = [6..7, 40..50, reversed, 3..3, 9..14];
    let found = contexts(text, &mentions, &TRIGGERS);
    let presences: Vec<Presence> = found.iter().map(|context| context.presence).collect();
    let expected = [Presence::Present; 4].into_iter().chain([Presence::Absent]);
    assert_eq!(presences, expected.collect::<Vec<_>>());
}

#[test]
fn contexts_come_in_the_order_of_the_mentions() {
    let text = "Denies fever. Has a cough.";
    let found = contexts(text, &[20..25, 7..12], &TRIGGERS);
    let presences: Vec<Presence> = found.iter().map(|context| context.presence).collect();
    assert_eq!(presences, [Presence::Present, Presence::Absent]);
}

#[test]
fn a_hospital_adds_lines_of_its_own() {
    let own = TRIGGERS
        .extended("# ours\n\nnegated\tforward\tkein{|e|en}\n")
        .unwrap();
    check(&own, "Keine [[pneumonia]].", ["absent", "recent", "patient"]);
    check(
        &TRIGGERS,
        "Keine [[pneumonia]].",
        ["present", "recent", "patient"],
    );
}

#[test]
fn a_fault_of_a_list_names_its_line() {
    let fault = |text: &str| Triggers::parse(text).unwrap_err();
    assert_eq!(
        fault("negated\tforward"),
        TriggerFault::Columns { line: 1, found: 2 }
    );
    let kind = TriggerFault::Kind {
        line: 2,
        category: "negated".to_owned(),
        direction: "sideways".to_owned(),
    };
    assert_eq!(fault("# head\nnegated\tsideways\tno"), kind);
    assert_eq!(fault("\n\nnegated\tforward\t "), TriggerFault::Empty { line: 3 });
    assert_eq!(
        fault("negated\tforward\t{no|not"),
        TriggerFault::Alternatives { line: 1 }
    );
    let long = format!("negated\tforward\t{}", "no ".repeat(17));
    assert_eq!(fault(&long), TriggerFault::Long { line: 1, found: 17 });
    let choices = ["{a|b|c|d|e|f|g|h|i|j}"; 3].join(" ");
    let many = format!("negated\tforward\t{choices}\n").repeat(51);
    assert_eq!(fault(&many), TriggerFault::Many { line: 51 });
}

#[test]
fn the_built_in_list_is_read() {
    let count = Triggers::parse(include_str!("triggers.tsv")).unwrap().count();
    assert!((1_000..TRIGGERS_MAX).contains(&count), "{count}");
}

/// The text parts at the bars into its sentences.
fn check_sentences(barred: &str) {
    let text = barred.replace('|', "");
    let found: Vec<&str> = sentences(&text).into_iter().map(|range| &text[range]).collect();
    let expected: Vec<&str> = barred.split('|').map(str::trim).collect();
    assert_eq!(found, expected, "{barred}");
}

#[test]
fn sentences_end_at_stops_that_are_stops() {
    check_sentences("Seen by Dr. Hale today.| No fever.");
    check_sentences("Given 2.5 mg. of morphine p.o. q.d. for pain.| It helped.");
    check_sentences("Takes aspirin 81 mg b.i.d. with food.| Denies bleeding.");
    check_sentences("Came at 4 a.m. with pain.| Seen by J. Smith at once.");
    check_sentences("Any pain?| No.| Good!");
    check_sentences("Sats 98.6 percent.| Stable (no change.)| Home.");
    check_sentences("?UTI, send urine.| Review.");
    check_sentences("no fever.|Denies cough");
}

#[test]
fn sentences_end_at_lines_that_do_not_go_on() {
    check_sentences("PMH:|\n1. asthma|\n2. gout|\n\nPlan: rest");
    check_sentences("- no fever|\n- cough|\n* rash");
    check_sentences("Doctor: Any pain?|\nPatient: No");
    check_sentences("no evidence of\npneumonia.| Home");
    check_sentences("The patient was seen in the clinic today and has\ncough.");
    check_sentences("Asthma|\nGout|\ndiabetes");
    check_sentences("The patient denies any chest pain on walking or\nShortness of breath.");
}

#[test]
fn every_word_is_in_one_sentence() {
    let text = "a. b\n\n- c: d? \u{1f600}! e.f.";
    let found = sentences(text);
    let kept: String = found.iter().map(|range| &text[range.clone()]).collect();
    let visible = |text: &str| {
        text.chars()
            .filter(|letter| !letter.is_whitespace())
            .collect::<String>()
    };
    assert_eq!(visible(&kept), visible(text));
}

/// Texts that would take quadratic time if a reach, a turn or a phrase were walked again for each mention.
#[test]
fn a_mebibyte_made_to_be_slow_is_read() {
    let slow = ["no fever, ", "Doctor: Any fever?\n"];
    for piece in slow {
        read_all(piece, 1 << 20);
    }
}

#[test]
fn texts_of_one_piece_again_and_again_are_read() {
    let pieces = [
        "fever ",
        "any fever? ",
        "has no history of fever is not ",
        "no ",
        "no no evidence of ",
        "if fever and ",
        "denies:\n- fever\n",
        ".",
        ". . ",
        "\n",
        "a",
        "A",
        "1",
        "1,",
        "1-",
        "1/",
        "for 3 days fever ",
        "{[(",
        "\u{301}",
        "mother fever ",
        "my mother he ",
        "PMH: fever. ",
        "\u{5d0} ",
        "\u{1f469}\u{200d}\u{1f467} fever ",
        "\r\n",
        "\0",
        "^ | ",
    ];
    for piece in pieces {
        read_all(piece, 1 << 15);
    }
}

/// Reads a text of so many bytes, made of one piece, with every fever in it as a mention.
fn read_all(piece: &str, bytes: usize) {
    let text = piece.repeat(bytes / piece.len());
    let mentions: Vec<Range<usize>> = text.match_indices("fever").map(|(at, _)| at..at + 5).collect();
    let found = contexts(&text, &mentions, &TRIGGERS);
    assert_eq!(found.len(), mentions.len());
    assert!(
        sentences(&text)
            .iter()
            .all(|range| text.get(range.clone()).is_some())
    );
}

proptest! {
    #[test]
    fn ranges_lie_in_any_text(
        text in r"(\PC|[ .,:;?!\n\-]|no |denies |fever |Doctor: |Patient: |if |mother |PMH: |for 3 weeks |was ruled out ){0,60}",
        starts in prop::collection::vec((0..200_usize, 0..20_usize), 1..8),
    ) {
        let mentions: Vec<Range<usize>> = starts.iter().map(|(start, length)| *start..start + length).collect();
        for context in contexts(&text, &mentions, &TRIGGERS) {
            for evidence in context.because {
                prop_assert!(!evidence.range.is_empty() && text.get(evidence.range).is_some());
            }
        }
        let mut end = 0;
        for sentence in sentences(&text) {
            prop_assert!(sentence.start >= end && !sentence.is_empty());
            prop_assert!(text.get(sentence.clone()).is_some());
            end = sentence.end;
        }
    }
}
