//! Texts as JSON Lines.
//!
//! A line is an object with `text`, `tokens` or both. Tags come as one tag a token, as spans of characters or of tokens, or
//! with frames and their roles. Fields that are not asked for are not looked at.

use std::ops::Range;

use super::frames;
use super::problem::quote;
use super::row::{Row, note};
use super::spans::{CharacterSpan, tags};
use super::text::{Collector, Draft, TextOptions, join};
use super::{Problem, file, token_spans};

/// Reads all lines.
pub(super) fn read(bytes: &[u8], collector: &mut Collector<'_>) {
    for (line, text) in file::lines(bytes) {
        let text = match text {
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => text,
            Err(problem) => {
                collector.fault(line, problem);
                continue;
            }
        };
        let draft = Row::parse(text).map_err(|problem| vec![problem]).and_then(|row| {
            match is_wanted(&row, collector.options)? {
                true => draft(line, &row, collector.options).map(Some),
                false => Ok(None),
            }
        });
        match draft {
            Ok(draft) => draft.into_iter().for_each(|draft| collector.add(draft)),
            Err(problems) => problems
                .into_iter()
                .for_each(|problem| collector.fault(line, problem)),
        }
    }
}

/// True for a row that the options do not pass over.
fn is_wanted(row: &Row, options: &TextOptions<'_>) -> Result<bool, Vec<Problem>> {
    let Some((field, wanted)) = &options.fields.only else {
        return Ok(true);
    };
    let found = row.name(field).map_err(|problem| vec![problem])?;
    Ok(found.as_ref() == Some(wanted))
}

fn draft(line: usize, row: &Row, options: &TextOptions<'_>) -> Result<Draft, Vec<Problem>> {
    let mut problems = Vec::new();
    let fields = options.fields;
    let label = match &fields.label {
        Some(field) => row.name(field),
        None => row
            .either("label", "intent")
            .and_then(|field| field.map_or(Ok(None), |field| row.name(field))),
    };
    let mut draft = Draft {
        line,
        id: note(row.name("id"), &mut problems),
        group: note(
            row.name(fields.group.as_deref().unwrap_or("group")),
            &mut problems,
        ),
        label: note(label, &mut problems),
        side: note(row.side(), &mut problems),
        ..Draft::default()
    };
    for field in &fields.further {
        let text = note(row.text(field), &mut problems);
        draft.further.push(text.filter(|text| !text.trim().is_empty()));
    }
    match words(row, options) {
        Ok((text, tokens)) => (draft.text, draft.tokens) = (text, tokens),
        Err(problem) => {
            // Without tokens nothing can be said about tags.
            problems.push(problem);
            return Err(problems);
        }
    }
    match read_tags(row, &draft, options) {
        Ok((tags, untagged)) => (draft.tags, draft.untagged) = (tags, untagged),
        Err(found) => problems.extend(found),
    }
    match frames::read(row, draft.tokens.len()) {
        Ok(Some(_)) if draft.tags.is_some() => problems.push(Problem::BothFields {
            first: "tags".to_owned(),
            second: "frames".to_owned(),
        }),
        Ok(Some(found)) => {
            draft.tags = Some(frames::tags(&found, draft.tokens.len()));
            draft.frames = Some(found);
        }
        Ok(None) => {}
        Err(found) => problems.extend(found),
    }
    if problems.is_empty() {
        Ok(draft)
    } else {
        Err(problems)
    }
}

/// Returns the text and its tokens.
fn words(row: &Row, options: &TextOptions<'_>) -> Result<(String, Vec<Range<usize>>), Problem> {
    let field = options.fields.text.as_deref().unwrap_or("text");
    let (mut text, tokens) = (row.text(field)?, row.texts("tokens")?);
    if options.fields.spans.is_some() && tokens.is_some() {
        // Spans count tokens, which may be others than those of the text.
        text = None;
    }
    let is_blank = |token: &String| token.trim().is_empty();
    if let Some(index) = tokens.iter().flatten().position(is_blank) {
        return Err(Problem::EmptyToken { index });
    }
    match (text, tokens) {
        (Some(text), Some(tokens)) => {
            let ranges = locate(&text, &tokens)?;
            Ok((text, ranges))
        }
        (None, Some(tokens)) => Ok(join(&tokens)),
        (Some(text), None) if text.chars().count() > options.characters_max => {
            // Not worth splitting: the length alone refuses it.
            Err(Problem::TextTooLong {
                characters: text.chars().count(),
                max: options.characters_max,
            })
        }
        (Some(text), None) => {
            let ranges = (options.words)(&text);
            assert_words(&text, &ranges);
            Ok((text, ranges))
        }
        (None, None) => Err(row.missing(field)),
    }
}

/// Returns where each token lies in the text, one after the other with nothing but white space between them.
fn locate(text: &str, tokens: &[String]) -> Result<Vec<Range<usize>>, Problem> {
    let mut ranges = Vec::with_capacity(tokens.len());
    let mut rest = text;
    for (index, token) in tokens.iter().enumerate() {
        rest = rest.trim_start();
        let start = text.len() - rest.len();
        let Some(after) = rest.strip_prefix(token.as_str()) else {
            return Err(Problem::TokenNotInText {
                index,
                token: quote(token),
            });
        };
        rest = after;
        ranges.push(start..start + token.len());
    }
    Ok(ranges)
}

fn assert_words(text: &str, ranges: &[Range<usize>]) {
    let mut end = 0;
    for range in ranges {
        let is_word = range.start >= end && text.get(range.clone()).is_some_and(|word| !word.is_empty());
        assert!(is_word, "tokens are ascending ranges of characters");
        end = range.end;
    }
}

/// Tags, and spans that they have no room for.
type Tagged = (Option<Vec<String>>, Vec<(String, Range<usize>)>);

fn read_tags(row: &Row, draft: &Draft, options: &TextOptions<'_>) -> Result<Tagged, Vec<Problem>> {
    let one = |problem| vec![problem];
    let field = match &options.fields.tags {
        Some(field) => Some(field.as_str()),
        None => row.either("tags", "slots").map_err(one)?,
    };
    let given = field.map_or(Ok(None), |field| row.texts(field)).map_err(one)?;
    if let (Some(spans), None) = (&options.fields.spans, &given) {
        let tokens = draft.tokens.len();
        let Some(found) = token_spans::read(row, spans, tokens)? else {
            return Ok((None, Vec::new()));
        };
        let [tagged, untagged] = token_spans::divide(found, spans.nested)?;
        return Ok((Some(token_spans::tags(&tagged, tokens)), untagged));
    }
    let tags = match (given, read_spans(row)?) {
        (Some(_), Some(_)) => Err(vec![Problem::BothFields {
            first: field.unwrap_or_default().to_owned(),
            second: "spans".to_owned(),
        }]),
        (Some(given), None) => Ok(Some(given)),
        (None, Some(spans)) => tags(&draft.text, &draft.tokens, &spans).map(Some),
        (None, None) => Ok(None),
    };
    tags.map(|tags| (tags, Vec::new()))
}

fn read_spans(row: &Row) -> Result<Option<Vec<CharacterSpan>>, Vec<Problem>> {
    let Some(rows) = row.rows("spans").map_err(|problem| vec![problem])? else {
        return Ok(None);
    };
    let mut problems = Vec::new();
    let mut spans = Vec::with_capacity(rows.len());
    for row in &rows {
        match (row.count("start"), row.count("end"), row.name("label")) {
            (Ok(Some(start)), Ok(Some(end)), Ok(Some(name))) => {
                spans.push(CharacterSpan { start, end, name })
            }
            (start, end, name) => {
                let start = start.map(|found| found.map(drop));
                let end = end.map(|found| found.map(drop));
                let name = name.map(|found| found.map(drop));
                for (field, found) in [("start", start), ("end", end), ("label", name)] {
                    match found {
                        Ok(Some(())) => {}
                        Ok(None) => problems.push(row.missing(field)),
                        Err(problem) => problems.push(problem),
                    }
                }
            }
        }
    }
    if problems.is_empty() {
        Ok(Some(spans))
    } else {
        Err(problems)
    }
}
