//! Spans over tokens, which may lie within each other, as tags of tokens.
//!
//! Tags have no room for a span within a span: one of the two is tagged, and the other is kept beside the tags, so that
//! what is judged can count it. Invariant: spans that are tagged do not overlap.

use std::ops::Range;

use super::Problem;
use super::row::{Row, note};

/// A field of spans over tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenSpans {
    /// The field: an array of objects with `start` and `end`, places of tokens, `end` exclusive.
    pub field: String,
    /// Their field of the name.
    pub label: String,
    /// What a name ends at, as `/` in `State/FailedState`; empty for whole names.
    pub until: String,
    /// What is tagged of spans within spans.
    pub nested: Nested,
}

/// What is tagged of spans within spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nested {
    /// They are refused.
    #[default]
    Refused,
    /// Those that lie in no other.
    Outermost,
    /// Those that no other lies in.
    Innermost,
}

/// A name, and the tokens that have it.
pub(super) type Named = (String, Range<usize>);

/// Reads the spans of a row; none where it has no such field.
pub(super) fn read(row: &Row, field: &TokenSpans, tokens: usize) -> Result<Option<Vec<Named>>, Vec<Problem>> {
    let Some(rows) = row.rows(&field.field).map_err(|problem| vec![problem])? else {
        return Ok(None);
    };
    let (mut spans, mut problems) = (Vec::with_capacity(rows.len()), Vec::new());
    for (index, row) in rows.iter().enumerate() {
        let mut there = |name: &str, found: bool| {
            if !found {
                problems.push(row.missing(name));
            }
        };
        let (start, end) = (row.count("start"), row.count("end"));
        let label = row.name(&field.label);
        there("start", !matches!(start, Ok(None)));
        there("end", !matches!(end, Ok(None)));
        there(&field.label, !matches!(label, Ok(None)));
        let (start, end) = (note(start, &mut problems), note(end, &mut problems));
        let label = note(label, &mut problems);
        let (Some(start), Some(end), Some(label)) = (start, end, label) else {
            continue;
        };
        match (usize::try_from(start), usize::try_from(end)) {
            (Ok(first), Ok(last)) if first < last && last <= tokens => {
                spans.push((cut(&label, &field.until), first..last));
            }
            _ => problems.push(Problem::SpanTokens {
                index,
                start,
                end,
                tokens,
            }),
        }
    }
    match problems.is_empty() {
        true => Ok(Some(spans)),
        false => Err(problems),
    }
}

/// The part of a name before a mark.
fn cut(name: &str, until: &str) -> String {
    let head = (!until.is_empty()).then(|| name.split_once(until)).flatten();
    head.map_or(name, |(head, _)| head).to_owned()
}

/// Divides spans into those to tag and the others, or says which of them cannot be.
pub(super) fn divide(spans: Vec<Named>, nested: Nested) -> Result<[Vec<Named>; 2], Vec<Problem>> {
    let problems = crossings(&spans, nested);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut order: Vec<usize> = (0..spans.len()).collect();
    match nested {
        Nested::Refused => {}
        Nested::Outermost => order.sort_by_key(|index| std::cmp::Reverse(spans[*index].1.len())),
        Nested::Innermost => order.sort_by_key(|index| spans[*index].1.len()),
    }
    let [mut tagged, mut others] = [Vec::new(), Vec::new()];
    for index in order {
        let span = spans[index].clone();
        match tagged.iter().any(|(_, other): &Named| overlap(other, &span.1)) {
            true => others.push(span),
            false => tagged.push(span),
        }
    }
    Ok([tagged, others])
}

/// Names spans that are there twice, that cross, or that lie within each other where that is refused.
fn crossings(spans: &[Named], nested: Nested) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (second, (name, words)) in spans.iter().enumerate() {
        for (first, (other_name, other)) in spans[..second].iter().enumerate() {
            let is_within = |inner: &Range<usize>, outer: &Range<usize>| {
                outer.start <= inner.start && inner.end <= outer.end
            };
            if words == other && name == other_name {
                problems.push(Problem::SpanTwice { first, second });
            } else if overlap(words, other)
                && (nested == Nested::Refused || !(is_within(words, other) || is_within(other, words)))
            {
                problems.push(Problem::SpanOverlap { first, second });
            }
        }
    }
    problems
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

/// The same as one tag a token.
pub(super) fn tags(spans: &[Named], tokens: usize) -> Vec<String> {
    let mut tags = vec!["O".to_owned(); tokens];
    for (name, words) in spans {
        for (index, tag) in tags[words.clone()].iter_mut().enumerate() {
            *tag = format!("{}-{name}", if index == 0 { 'B' } else { 'I' });
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(nested: Nested) -> TokenSpans {
        TokenSpans {
            field: "entities".to_owned(),
            label: "type".to_owned(),
            until: "/".to_owned(),
            nested,
        }
    }

    fn check(entities: &str, nested: Nested, expected: Result<(&str, &str), &[&str]>) {
        let row = Row::parse(&format!(r#"{{"entities": {entities}}}"#)).unwrap();
        let field = field(nested);
        let found = read(&row, &field, 4).and_then(|spans| divide(spans.unwrap(), nested));
        let found = found.map(|[tagged, others]| {
            let others = others.iter().map(|(name, words)| format!("{name} {words:?}"));
            (tags(&tagged, 4).join(" "), others.collect::<Vec<_>>().join(", "))
        });
        let found = found.map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>());
        let expected = expected.map(|(tags, others)| (tags.to_owned(), others.to_owned()));
        let expected = expected.map_err(|all| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        assert_eq!(found, expected);
    }

    const PUMP: &str = r#"[{"start": 0, "end": 1, "type": "Activity/Fix"},
        {"start": 1, "end": 3, "type": "Object/Pump"}, {"start": 2, "end": 3, "type": "Object/Pump/Part"}]"#;

    #[test]
    fn a_span_within_a_span_is_tagged_or_kept_beside() {
        let outermost = Ok(("B-Activity B-Object I-Object O", "Object 2..3"));
        check(PUMP, Nested::Outermost, outermost);
        check(
            PUMP,
            Nested::Innermost,
            Ok(("B-Activity O B-Object O", "Object 1..3")),
        );
        check(PUMP, Nested::Refused, Err(&["spans 1 and 2 overlap"]));
    }

    #[test]
    fn the_innermost_of_three_is_tagged_and_both_others_are_kept() {
        let three = r#"[{"start": 0, "end": 4, "type": "a"}, {"start": 0, "end": 2, "type": "b"},
            {"start": 1, "end": 2, "type": "c"}, {"start": 2, "end": 3, "type": "d"}]"#;
        check(three, Nested::Innermost, Ok(("O B-c B-d O", "b 0..2, a 0..4")));
        let outermost = Ok(("B-a I-a I-a I-a", "b 0..2, c 1..2, d 2..3"));
        check(three, Nested::Outermost, outermost);
    }

    #[test]
    fn spans_that_cross_or_repeat_are_refused() {
        let crossing = r#"[{"start": 0, "end": 2, "type": "a"}, {"start": 1, "end": 3, "type": "a"}]"#;
        check(crossing, Nested::Innermost, Err(&["spans 0 and 1 overlap"]));
        let twice = r#"[{"start": 0, "end": 2, "type": "a/b"}, {"start": 0, "end": 2, "type": "a/c"}]"#;
        check(twice, Nested::Outermost, Err(&["spans 0 and 1 are the same"]));
    }

    #[test]
    fn a_span_outside_of_the_tokens_or_without_a_part_is_refused() {
        let range = "span 0 is 3..5, but its start must be before its end and the text has 4 tokens";
        check(
            r#"[{"start": 3, "end": 5, "type": "a"}]"#,
            Nested::Outermost,
            Err(&[range]),
        );
        let range = "span 0 is 2..2, but its start must be before its end and the text has 4 tokens";
        check(
            r#"[{"start": 2, "end": 2, "type": "a"}]"#,
            Nested::Outermost,
            Err(&[range]),
        );
        let missing = ["field `end` is missing", "field `type` is missing"];
        check(r#"[{"start": 2}]"#, Nested::Outermost, Err(&missing));
        let wrong = ["field `start` is not a whole number from 0"];
        check(
            r#"[{"start": -1, "end": 2, "type": "a"}]"#,
            Nested::Outermost,
            Err(&wrong),
        );
    }
}
