use super::*;
use crate::data::TextExample;
use crate::data::text::tests::example;

fn report(train: &[TextExample], valid: &[TextExample]) -> DataReport {
    let known = ["a", "b", "z"].map(str::to_owned);
    inspect(train, valid, Some(&known))
}

#[test]
fn labels_are_counted_on_both_sides() {
    let train = [
        example("one", "a", ""),
        example("two", "a", ""),
        example("three", "b", ""),
        example("four", "", ""),
    ];
    let valid = [example("five", "c", "")];
    let report = report(&train, &valid);
    let counts: Vec<_> = report
        .labels
        .iter()
        .map(|count| (count.label.as_str(), count.train, count.valid))
        .collect();
    assert_eq!(counts, [("a", 2, 0), ("b", 1, 0), ("z", 0, 0), ("c", 0, 1)]);
    assert_eq!(report.imbalance, Some(2.0));
    assert_eq!(report.without_examples, ["z"]);
    assert_eq!(report.only_in_valid, ["c"]);
    assert!((report.train_unlabelled - 0.25).abs() < 1e-12);
    assert!(report.valid_unlabelled.abs() < 1e-12);
    assert!(!report.leaks());
}

#[test]
fn texts_that_are_on_both_sides_are_found() {
    let train = [
        example("Play some music by Nina Simone in the kitchen.", "a", ""),
        example("What is the weather in Rome?", "b", ""),
    ];
    let valid = [
        example("what is the weather in rome", "b", ""),
        example("play some music by nina simone in the kitchens", "a", ""),
        example("what is the weather in Athens", "b", ""),
    ];
    let report = report(&train, &valid);
    assert_eq!((report.equal.rows, report.near.rows), (1, 1));
    // Of 41 stretches of five, the last is new: 41 of 42 are common.
    assert!((report.near.pairs[0].jaccard - 41.0 / 42.0).abs() < 1e-12);
    assert!(report.leaks());
}

#[test]
fn groups_on_both_sides_are_named() {
    let train = [example("one", "a", "jo"), example("two", "a", "mo")];
    let valid = [example("three", "a", "mo"), example("four", "a", "")];
    let report = report(&train, &valid);
    assert_eq!((report.groups_on_both_sides, report.rows_without_group), (1, 1));
    assert_eq!(report.crossing_groups, ["mo"]);
    assert!(report.leaks());
}

#[test]
fn one_text_with_two_labels_is_counted() {
    let train = [
        example("stop", "a", ""),
        example("Stop!", "b", ""),
        example("stop", "a", ""),
        example("go", "b", ""),
    ];
    assert_eq!(report(&train, &[]).contradictions, 1);
}

#[test]
fn a_report_reads_as_sentences_and_as_json() {
    let train = [example("play it", "a", "jo"), example("stop it now", "b", "mo")];
    let valid = [example("Play it!", "a", "jo")];
    let report = report(&train, &valid);
    assert_eq!(
        report.to_string(),
        "rows: 2 train, 1 valid\n\
         label    train    valid\n\
         a            1        1\n\
         b            1        0\n\
         z            0        0\n\
         largest class over smallest: 1.0\n\
         longest text: 11 characters, set.jsonl:1\n\
         classes without an example in train: `z`\n\
         in train as well: 1 rows of valid\n  set.jsonl:1 and set.jsonl:1 (1.00)\n\
         groups on both sides: 1, as `jo`\n\
         valid is not independent of train: its figures promise too much\n"
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["equal"]["pairs"][0]["train"], "set.jsonl:1");
    assert_eq!(json["labels"][0]["train"], 1);
}

#[test]
fn nothing_on_both_sides_is_a_report_as_well() {
    let report = inspect::<TextExample>(&[], &[], None);
    assert_eq!((report.imbalance, report.longest.is_none()), (None, true));
    assert_eq!(report.to_string(), "rows: 0 train, 0 valid\n");
}
