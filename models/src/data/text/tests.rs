use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::data::{FAULTS_MAX, LINE_BYTES_MAX};

/// Splits at white space.
pub(in crate::data) fn words(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    for word in text.split_whitespace() {
        // The word is a part of the text.
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        ranges.push(start..start + word.len());
    }
    ranges
}

/// An example; an empty label or group is none.
pub(in crate::data) fn example(text: &str, label: &str, group: &str) -> TextExample {
    let given = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    TextExample {
        id: text.to_owned(),
        place: Place {
            file: Arc::from(Path::new("set.jsonl")),
            line: 1,
        },
        group: given(group),
        text: text.to_owned(),
        further: Vec::new(),
        tokens: words(text),
        label: given(label),
        tags: None,
        untagged: Vec::new(),
        frames: None,
        side: None,
    }
}

fn options(fields: &TextFields) -> TextOptions<'_> {
    TextOptions {
        fields,
        labels: None,
        tags: None,
        characters_max: 200,
        words: &words,
    }
}

fn parse(text: &str) -> Result<TextSet, DataError> {
    TextSet::parse_json_lines(
        Path::new("set.jsonl"),
        text.as_bytes(),
        &options(&TextFields::default()),
    )
}

fn parse_tsv(text: &str) -> Result<TextSet, DataError> {
    TextSet::parse_tsv(
        Path::new("set.tsv"),
        text.as_bytes(),
        &options(&TextFields::default()),
    )
}

/// The only faults of a set, without the name of the file.
fn faults(found: Result<TextSet, DataError>) -> Vec<String> {
    match found {
        Err(DataError::Faults { faults, more: 0 }) => faults
            .iter()
            .map(|fault| format!("{}: {}", fault.line, fault.problem))
            .collect(),
        other => panic!("expected faults, found {other:?}"),
    }
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(faults(parse(text)), expected, "{text}");
}

#[test]
fn tokens_are_joined_by_single_spaces() {
    let set = parse(
        r#"{"id": "a", "intent": "Fly", "tokens": ["to", "Zürich", "now"], "slots": ["O", "B-city", "O"]}"#,
    )
    .unwrap();
    let example = &set.examples[0];
    assert_eq!(example.text, "to Zürich now");
    assert_eq!(example.tokens, [0..2, 3..10, 11..14]);
    assert_eq!(example.words().collect::<Vec<_>>(), ["to", "Zürich", "now"]);
    assert_eq!(example.label.as_deref(), Some("Fly"));
    assert_eq!(example.span_names(), ["city"]);
    assert_eq!(example.place.to_string(), "set.jsonl:1");
    assert_eq!(set.sha256.len(), 64);
}

#[test]
fn spans_become_tags_of_the_words() {
    let line =
        r#"{"text": "à  Zürich, now", "spans": [{"start": 3, "end": 10, "label": "city"}], "label": "Fly"}"#;
    let set = parse(line).unwrap();
    let tags = set.examples[0].tags.clone().unwrap();
    assert_eq!(tags, ["O", "B-city", "O"]);
}

#[test]
fn tokens_are_found_in_a_text_that_is_given_as_well() {
    let set = parse(r#"{"text": "It's  late.", "tokens": ["It", "'s", "late", "."]}"#).unwrap();
    assert_eq!(set.examples[0].tokens, [0..2, 2..4, 6..10, 10..11]);
    check(
        r#"{"text": "two metres", "tokens": ["2", "metres"]}"#,
        &["1: token 0, `2`, does not follow in the text"],
    );
}

#[test]
fn fields_have_the_names_that_the_caller_gives() {
    let fields = TextFields {
        text: Some("dialogue".to_owned()),
        label: Some("section".to_owned()),
        tags: None,
        group: Some("patient".to_owned()),
        only: None,
        ..TextFields::default()
    };
    let line =
        br#"{"dialogue": "hello there", "section": "GENHX", "label": 1.5, "patient": 7, "split": "valid"}"#;
    let set = TextSet::parse_json_lines(Path::new("x"), line, &options(&fields)).unwrap();
    let example = &set.examples[0];
    assert_eq!(
        (example.label(), example.group(), example.side()),
        (Some("GENHX"), Some("7"), Some(Side::Valid))
    );
    assert_eq!(example.id, "line-1");
}

#[test]
fn a_line_is_a_json_object() {
    check(
        "{\"text\": \"a\"}\n\n[1]\n{\"text\": \"b\"",
        &[
            "3: the line is not a JSON object",
            "4: the line is not JSON: EOF while parsing an object at byte 12",
        ],
    );
    check("\"a\"", &["1: the line is not a JSON object"]);
}

#[test]
fn fields_are_there_and_have_their_types() {
    check(
        r#"{"txet": "a"}"#,
        &["1: field `text` is missing, did you mean `txet`"],
    );
    check(r#"{"label": "x"}"#, &["1: field `text` is missing"]);
    check(
        r#"{"text": 3, "id": "", "label": [], "group": 0.5, "split": "test"}"#,
        &[
            "1: field `id` is empty",
            "1: field `group` is not a string or a whole number",
            "1: field `label` is not a string or a whole number",
            "1: field `split` is `test`, expected `train` or `valid`",
            "1: field `text` is not a string",
        ],
    );
    check(
        r#"{"tokens": ["a", 1]}"#,
        &["1: field `tokens[1]` is not a string"],
    );
    check(
        r#"{"text": "a", "label": "x", "intent": "x"}"#,
        &["1: fields `label` and `intent` say the same, expected one of them"],
    );
    check(
        r#"{"text": "a", "tags": ["O"], "spans": []}"#,
        &["1: fields `tags` and `spans` say the same, expected one of them"],
    );
    check(
        r#"{"text": "a", "spans": [{"start": 0, "ende": 1, "label": 2.5}]}"#,
        &[
            "1: field `end` is missing, did you mean `ende`",
            "1: field `label` is not a string or a whole number",
        ],
    );
}

#[test]
fn a_text_is_neither_empty_nor_too_long() {
    check(r#"{"text": " "}"#, &["1: the text is empty"]);
    check(r#"{"tokens": []}"#, &["1: the text is empty"]);
    check(r#"{"tokens": ["a", " "]}"#, &["1: token 1 is empty"]);
    let long = "é".repeat(201);
    let expected = ["1: the text has 201 characters, expected 200 at most"];
    check(&format!(r#"{{"text": "{long}"}}"#), &expected);
    check(&format!(r#"{{"tokens": ["{long}"]}}"#), &expected);
}

#[test]
fn tags_are_as_many_as_tokens_and_well_formed() {
    check(
        r#"{"text": "a b", "tags": ["O"]}"#,
        &["1: there are 2 tokens, but 1 tags"],
    );
    check(
        r#"{"text": "a b", "tags": ["I-x", "x"]}"#,
        &[
            "1: tag 0 is `I-x`, but follows `O`: a span begins with `B-`",
            "1: tag 1 is `x`, expected `O`, `B-name` or `I-name`",
        ],
    );
}

#[test]
fn an_id_is_used_once() {
    check(
        "{\"id\": 1, \"text\": \"a\"}\n{\"id\": \"1\", \"text\": \"b\"}",
        &["2: id `1` is that of line 1 as well"],
    );
}

#[test]
fn labels_and_names_are_those_of_the_recipe() {
    let (labels, tags) = (["PlayMusic".to_owned()], ["city".to_owned()]);
    let fields = TextFields::default();
    let options = TextOptions {
        labels: Some(&labels),
        tags: Some(&tags),
        ..options(&fields)
    };
    let line = br#"{"text": "a", "label": "PlayMusik", "tags": ["B-country"]}"#;
    let found = TextSet::parse_json_lines(Path::new("x"), line, &options);
    assert_eq!(
        faults(found),
        [
            "1: label `PlayMusik` is none of the recipe, did you mean `PlayMusic`",
            "1: tag 0 names `country`, which is none of the recipe",
        ]
    );
}

#[test]
fn sentences_of_a_tsv_end_at_blank_lines() {
    let text = "# source = wards\n# group = d1\n# id = s1\n# intent = drug\nSelegiline\tB-Chemical\n-\tO\n\n\n#\tO\nmg\tO\n\
                \n-DOCSTART-\tO\n\n# group = d2\nrest\tO\r\n";
    let set = parse_tsv(text).unwrap();
    let found: Vec<_> = set
        .examples
        .iter()
        .map(|example| {
            (
                example.id.as_str(),
                example.place.line,
                example.group.as_deref().unwrap(),
                example.text.as_str(),
                example.label.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("s1", 5, "d1", "Selegiline -", Some("drug")),
            ("line-9", 9, "d1", "# mg", None),
            ("line-15", 15, "d2", "rest", None),
        ]
    );
}

#[test]
fn faults_of_a_tsv_have_the_lines_of_their_tokens() {
    let text = "a\tO\nb\tI-x\n\nword\n\t\nc\tO\td\n\ne\tB-\n";
    assert_eq!(
        faults(parse_tsv(text)),
        [
            "2: tag 1 is `I-x`, but follows `O`: a span begins with `B-`",
            "4: the line has 1 columns, expected a token, a tab and a tag",
            "6: the line has 3 columns, expected a token, a tab and a tag",
            "8: tag 0 is `B-`, expected `O`, `B-name` or `I-name`",
        ]
    );
    assert_eq!(faults(parse_tsv(" \tO\n")), ["1: token 0 is empty"]);
}

#[test]
fn a_file_without_examples_is_empty() {
    for text in ["", "\n\n", "\u{feff}"] {
        assert!(matches!(parse(text), Err(DataError::Empty { .. })));
        assert!(matches!(parse_tsv(text), Err(DataError::Empty { .. })));
    }
}

#[test]
fn faults_beyond_the_limit_are_counted() {
    let text = "{}\n".repeat(FAULTS_MAX + 20);
    let error = parse(&text).unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with("the data have 120 faults\n  set.jsonl:1: field `text` is missing\n"));
    assert!(message.ends_with("\n  and 20 more"));
    assert_eq!(message.lines().count(), 1 + FAULTS_MAX + 1);
}

#[test]
fn a_line_beyond_the_limit_is_a_fault() {
    let text = format!(r#"{{"text": "{}"}}"#, "x".repeat(LINE_BYTES_MAX));
    let expected = format!(
        "1: the line has {} bytes, expected 1048576 at most",
        LINE_BYTES_MAX + 12
    );
    check(&text, &[&expected]);
}

#[test]
fn json_that_nests_deeply_is_a_fault() {
    let text = format!("{{\"text\": {}", "[".repeat(100_000));
    check(
        &text,
        &["1: the line is not JSON: recursion limit exceeded at byte 136"],
    );
}

const SAMPLE: &str = "{\"id\": \"a\", \"intent\": \"Fly\", \"tokens\": [\"to\", \"Zürich\"], \"slots\": [\"O\", \"B-city\"]}\n\
    {\"text\": \"à Zürich now\", \"spans\": [{\"start\": 2, \"end\": 8, \"label\": \"city\"}], \"group\": 3}\n\
    {\"text\": \"It's late\", \"tokens\": [\"It\", \"'s\", \"late\"], \"split\": \"train\"}\n";

const SAMPLE_TSV: &str =
    "# id = a\n# group = 3\nto\tO\nZürich\tB-city\nnow\tI-city\n\n-DOCSTART-\tO\n\nà\tO\n";

/// Bytes of `sample` with some of them replaced.
fn mutated(sample: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let change = (0..sample.len(), any::<u8>());
    prop::collection::vec(change, 0..6).prop_map(|changes| {
        let mut bytes = sample.as_bytes().to_vec();
        for (index, byte) in changes {
            bytes[index] = byte;
        }
        bytes
    })
}

/// What must hold of any set that was read.
fn assert_sound(set: &TextSet) {
    assert!(!set.examples.is_empty());
    for example in &set.examples {
        let mut end = 0;
        assert!(!example.tokens.is_empty());
        for token in &example.tokens {
            assert!(token.start >= end && !example.text[token.clone()].is_empty());
            end = token.end;
        }
        if let Some(tags) = &example.tags {
            assert_eq!(tags.len(), example.tokens.len());
            assert_eq!(check_tags(tags, None), []);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_are_read_or_refused(
        json in mutated(SAMPLE),
        tsv in mutated(SAMPLE_TSV),
        noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let fields = TextFields::default();
        for bytes in [&json, &tsv, &noise] {
            let path = Path::new("set");
            let found = [
                TextSet::parse_json_lines(path, bytes, &options(&fields)),
                TextSet::parse_tsv(path, bytes, &options(&fields)),
            ];
            for set in found.into_iter().flatten() {
                assert_sound(&set);
            }
        }
    }
}

#[test]
fn frames_are_tags_and_rows_of_others_are_passed_over() {
    let fields = TextFields {
        only: Some(("lang".to_owned(), "en".to_owned())),
        ..TextFields::default()
    };
    let words = |text: &str| crate::text::split(text, crate::text::Splitting::Blanks);
    let options = TextOptions {
        fields: &fields,
        labels: None,
        tags: None,
        characters_max: 100,
        words: &words,
    };
    let frames = r#""frames": [
        {"name": "Taking", "lexical_unit": [0], "args": [{"role": "Theme", "start": 1, "end": 4}]},
        {"name": "Being", "lexical_unit": [4], "args": [{"role": "Theme", "start": 3, "end": 3}]}
    ]"#
    .replace('\n', "");
    let row = |lang: &str, more: &str| {
        format!(r#"{{"lang": "{lang}", "text": "take the coke that is cold", {frames}{more}}}"#)
    };
    let read = |text: &str| TextSet::parse_json_lines(Path::new("orders.jsonl"), text.as_bytes(), &options);
    let set = read(&[row("en", ""), row("it", "")].join("\n")).unwrap();
    assert_eq!(set.examples.len(), 1);
    let example = &set.examples[0];
    // What evokes a frame comes before the roles, and what would overlap is not tagged, but known.
    assert_eq!(
        example.tags.as_deref().unwrap(),
        ["B-Taking", "O", "O", "B-Being.Theme", "B-Being", "O"]
    );
    assert_eq!(
        example.frames.as_ref().unwrap()[0].roles,
        [("Theme".to_owned(), 1..5)]
    );
    let faults = |text: &str| read(text).unwrap_err().to_string();
    assert!(faults(&row("en", r#", "tags": ["O"]"#)).contains("say the same"));
    assert!(faults(&row("it", "")).contains("orders.jsonl"));
    let beyond = row("en", "").replace("\"end\": 4", "\"end\": 9");
    assert!(
        faults(&beyond).contains("words 1 to 9 of Taking.Theme"),
        "{}",
        faults(&beyond)
    );
}

#[test]
fn further_texts_are_read_where_a_row_has_them() {
    let fields = TextFields {
        further: vec!["note".to_owned(), "title".to_owned()],
        ..TextFields::default()
    };
    let read = |text: &str| TextSet::parse_json_lines(Path::new("x"), text.as_bytes(), &options(&fields));
    let found =
        read("{\"text\": \"a\", \"note\": \"b c\"}\n{\"text\": \"a\", \"note\": \" \", \"title\": \"d\"}");
    let further: Vec<_> = found
        .unwrap()
        .examples
        .into_iter()
        .map(|row| row.further)
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(further, [[some("b c"), None], [None, some("d")]]);
    let long = format!("{{\"text\": \"a\", \"note\": \"{}\"}}", "b".repeat(201));
    assert_eq!(faults(read(&long)).len(), 1);
    assert_eq!(faults(read("{\"text\": \"a\", \"note\": 3}")).len(), 1);
}
