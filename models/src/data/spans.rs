//! From spans of characters to tags of tokens.

use std::ops::Range;

use super::Problem;
use super::problem::quote;

/// A span as a file gives it, in Unicode characters, `end` exclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CharacterSpan {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) name: String,
}

/// Returns one tag a token, or everything that is wrong with the spans.
///
/// `tokens` are ranges of bytes of `text` in ascending order.
pub(super) fn tags(
    text: &str,
    tokens: &[Range<usize>],
    spans: &[CharacterSpan],
) -> Result<Vec<String>, Vec<Problem>> {
    // Byte offset of each character, and of the end.
    let mut offsets: Vec<usize> = text.char_indices().map(|(offset, _)| offset).collect();
    offsets.push(text.len());
    let mut problems = overlaps(spans);
    let mut tags = vec!["O".to_owned(); tokens.len()];
    for (index, span) in spans.iter().enumerate() {
        match covered(text, tokens, &offsets, (index, span)) {
            Ok(covered) => {
                let mut prefix = "B";
                for tag in &mut tags[covered] {
                    *tag = format!("{prefix}-{}", span.name);
                    prefix = "I";
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(tags)
    } else {
        Err(problems)
    }
}

/// Names each span that overlaps the one before it, in the order of their starts.
fn overlaps(spans: &[CharacterSpan]) -> Vec<Problem> {
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by_key(|index| (spans[*index].start, spans[*index].end));
    let mut problems = Vec::new();
    // The span that reaches furthest so far.
    let mut reach: Option<usize> = None;
    for second in order {
        let Some(first) = reach else {
            reach = Some(second);
            continue;
        };
        let (first, second) = (first.min(second), first.max(second));
        if spans[first] == spans[second] {
            problems.push(Problem::SpanTwice { first, second });
        } else if spans[first].start < spans[second].end && spans[second].start < spans[first].end {
            problems.push(Problem::SpanOverlap { first, second });
        }
        reach = [first, second].into_iter().max_by_key(|index| spans[*index].end);
    }
    problems
}

/// Returns the indices of the tokens that a span covers exactly.
fn covered(
    text: &str,
    tokens: &[Range<usize>],
    offsets: &[usize],
    (index, span): (usize, &CharacterSpan),
) -> Result<Range<usize>, Problem> {
    let (start, end) = (span.start, span.end);
    let offset = |character: u64| usize::try_from(character).ok().and_then(|at| offsets.get(at));
    let (Some(from), Some(to)) = (offset(start), offset(end)) else {
        return Err(out_of_range(index, span, offsets));
    };
    if start >= end {
        return Err(out_of_range(index, span, offsets));
    }
    let first = tokens.partition_point(|token| token.end <= *from);
    let last = tokens.partition_point(|token| token.start < *to);
    let inside = tokens.get(first..last).unwrap_or_default();
    let (Some(begins), Some(ends)) = (inside.first(), inside.last()) else {
        return Err(Problem::SpanNoToken { index, start, end });
    };
    let misfit = if begins.start != *from {
        begins
    } else if ends.end != *to {
        ends
    } else {
        return Ok(first..last);
    };
    Err(Problem::SpanInToken {
        index,
        start,
        end,
        token: quote(text.get(misfit.clone()).unwrap_or_default()),
    })
}

fn out_of_range(index: usize, span: &CharacterSpan, offsets: &[usize]) -> Problem {
    Problem::SpanRange {
        index,
        start: span.start,
        end: span.end,
        characters: offsets.len() - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::text::tests::words;

    fn check(text: &str, spans: &[(u64, u64, &str)], expected: Result<&str, &[&str]>) {
        let spans: Vec<CharacterSpan> = spans
            .iter()
            .map(|(start, end, name)| CharacterSpan {
                start: *start,
                end: *end,
                name: (*name).to_owned(),
            })
            .collect();
        let found = tags(text, &words(text), &spans);
        let found = found.map(|tags| tags.join(" ")).map_err(|problems| {
            let messages = problems.iter().map(ToString::to_string);
            messages.collect::<Vec<_>>()
        });
        let expected = expected.map(str::to_owned).map_err(|messages| {
            let messages = messages.iter().map(|message| (*message).to_owned());
            messages.collect::<Vec<_>>()
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn spans_count_characters_as_python_does() {
        // In Python: "café à Zürich"[7:13] == "Zürich".
        check("café à Zürich", &[(7, 13, "city")], Ok("O O B-city"));
        check("👍🏽 to Rome", &[(6, 10, "city")], Ok("O O B-city"));
        check(
            "new york to san jose",
            &[(12, 20, "to"), (0, 8, "from")],
            Ok("B-from I-from O B-to I-to"),
        );
    }

    #[test]
    fn neighbouring_spans_of_one_name_stay_apart() {
        check("a b", &[(0, 1, "x"), (2, 3, "x")], Ok("B-x B-x"));
    }

    #[test]
    fn a_span_outside_the_text_or_turned_round_is_refused() {
        let message = |range: &str| {
            format!("span 0 is {range}, but its start must be before its end and the text has 3 characters")
        };
        check("a b", &[(2, 4, "x")], Err(&[&message("2..4")]));
        check("a b", &[(1, 1, "x")], Err(&[&message("1..1")]));
        check("a b", &[(2, 0, "x")], Err(&[&message("2..0")]));
        check(
            "a b",
            &[(0, u64::MAX, "x")],
            Err(&[&message("0..18446744073709551615")]),
        );
    }

    #[test]
    fn a_span_keeps_to_the_tokens() {
        check(
            "Rome now",
            &[(0, 3, "x")],
            Err(&["span 0, 0..3, begins or ends inside the token `Rome` or beside it"]),
        );
        check(
            "Rome now",
            &[(4, 8, "x")],
            Err(&["span 0, 4..8, begins or ends inside the token `now` or beside it"]),
        );
        check("Rome now", &[(4, 5, "x")], Err(&["span 0, 4..5, holds no token"]));
    }

    #[test]
    fn spans_that_overlap_or_repeat_are_named() {
        check(
            "a b c",
            &[(0, 3, "x"), (2, 5, "y")],
            Err(&["spans 0 and 1 overlap"]),
        );
        check(
            "a b c",
            &[(2, 5, "x"), (2, 5, "x")],
            Err(&["spans 0 and 1 are the same"]),
        );
        // The middle one ends before the last begins; the first does not.
        check(
            "a b c d",
            &[(0, 7, "x"), (0, 1, "y"), (4, 5, "z")],
            Err(&["spans 0 and 1 overlap", "spans 0 and 2 overlap"]),
        );
    }
}
