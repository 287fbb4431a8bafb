//! Frames and their roles in rows of JSON Lines, and as tags.

use std::ops::Range;

use super::Problem;
use super::problem::quote;
use super::row::Row;
use super::text::FrameExample;

/// What stands between a frame and its role.
const ROLE: char = '.';

/// The name of the spans of a role.
pub(crate) fn role_name(frame: &str, role: &str) -> String {
    format!("{frame}{ROLE}{role}")
}

/// The frame and the role that spans of this name play in it; none for spans that evoke a frame.
pub fn role(name: &str) -> Option<(&str, &str)> {
    name.split_once(ROLE)
}

/// Reads the field `frames`: an array of `{name, lexical_unit, args}`, where `lexical_unit` has the places of the words
/// that evoke the frame, and `args` is an array of `{role, start, end}` with the first and the last word of each role.
pub(super) fn read(row: &Row, tokens: usize) -> Result<Option<Vec<FrameExample>>, Vec<Problem>> {
    let Some(rows) = row.rows("frames").map_err(|problem| vec![problem])? else {
        return Ok(None);
    };
    let (mut frames, mut problems) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in &rows {
        match frame(row, tokens) {
            Ok(frame) => frames.push(frame),
            Err(problem) => problems.push(problem),
        }
    }
    match problems.is_empty() {
        true => Ok(Some(frames)),
        false => Err(problems),
    }
}

fn frame(row: &Row, tokens: usize) -> Result<FrameExample, Problem> {
    let name = row.name("name")?.ok_or_else(|| row.missing("name"))?;
    let unit = row.counts("lexical_unit")?.unwrap_or_default();
    let (Some(first), Some(last)) = (unit.iter().min(), unit.iter().max()) else {
        return Err(row.missing("lexical_unit"));
    };
    let words = words(&name, (*first, *last), tokens)?;
    let mut roles = Vec::new();
    for argument in row.rows("args")?.unwrap_or_default() {
        let missing = |field: &str| argument.missing(field);
        let role = argument.name("role")?.ok_or_else(|| missing("role"))?;
        let start = argument.count("start")?.ok_or_else(|| missing("start"))?;
        let end = argument.count("end")?.ok_or_else(|| missing("end"))?;
        let words = self::words(&role_name(&name, &role), (start, end), tokens)?;
        roles.push((role, words));
    }
    Ok(FrameExample { name, words, roles })
}

/// The words from the first to the last of them.
fn words(what: &str, (first, last): (u64, u64), tokens: usize) -> Result<Range<usize>, Problem> {
    match (usize::try_from(first), usize::try_from(last)) {
        (Ok(start), Ok(end)) if start <= end && end < tokens => Ok(start..end + 1),
        _ => Err(Problem::FrameWords {
            what: quote(what),
            first,
            last,
            tokens,
        }),
    }
}

/// The same as one tag a word: those that evoke frames, then roles. A role of which a word is taken is left out, as in
/// *take the coke that is in the kitchen*, where *that* is what is in the kitchen and a part of what is taken.
pub(super) fn tags(frames: &[FrameExample], tokens: usize) -> Vec<String> {
    let mut tags = vec!["O".to_owned(); tokens];
    let evoking = frames.iter().map(|frame| (frame.name.clone(), &frame.words));
    let roles = frames.iter().flat_map(|frame| {
        let roles = frame.roles.iter();
        roles.map(|(role, words)| (role_name(&frame.name, role), words))
    });
    for (name, words) in evoking.chain(roles) {
        if tags[words.clone()].iter().any(|tag| tag != "O") {
            continue;
        }
        for (index, tag) in tags[words.clone()].iter_mut().enumerate() {
            *tag = format!("{}-{name}", if index == 0 { 'B' } else { 'I' });
        }
    }
    tags
}
