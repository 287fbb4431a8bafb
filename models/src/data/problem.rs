//! What can be wrong with a row.
//!
//! Names and texts are quoted shortened and with control characters escaped, so that no row makes a message long.

use std::fmt;

/// Longest quotation, in characters.
const QUOTE_CHARACTERS_MAX: usize = 80;

/// A type of the fields of a JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// A string.
    Text,
    /// A string or a whole number.
    Name,
    /// A whole number that is not negative.
    Count,
    /// A number.
    Number,
    /// An array.
    List,
    /// An object.
    Object,
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "a string",
            Self::Name => "a string or a whole number",
            Self::Count => "a whole number from 0",
            Self::Number => "a number",
            Self::List => "an array",
            Self::Object => "an object",
        })
    }
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant says what its fields are")]
pub enum Problem {
    // The line itself.
    #[error("byte {offset} of the line is not UTF-8")]
    NotUtf8 { offset: usize },
    #[error("the line has {bytes} bytes, expected {max} at most", max = super::LINE_BYTES_MAX)]
    LineTooLong { bytes: usize },
    #[error("the line is not JSON: {reason} at byte {column}")]
    NotJson { reason: String, column: usize },

    // Fields.
    #[error("the line is not a JSON object")]
    NotAnObject,
    #[error("field `{field}` is missing{}", hint(near))]
    MissingField { field: String, near: Option<String> },
    #[error("field `{field}` is not {expected}")]
    WrongType { field: String, expected: FieldType },
    #[error("field `{field}` is empty")]
    EmptyField { field: String },
    #[error("fields `{first}` and `{second}` say the same, expected one of them")]
    BothFields { first: String, second: String },
    #[error("field `split` is `{found}`, expected `train` or `valid`")]
    UnknownSide { found: String },
    #[error("id `{id}` is that of line {first_line} as well")]
    DuplicateId { id: String, first_line: usize },
    #[error("label `{label}` is none of the recipe{}", hint(near))]
    UnknownLabel { label: String, near: Option<String> },

    // Text, tokens and tags.
    #[error("the text is empty")]
    EmptyText,
    #[error("the text has {characters} characters, expected {max} at most")]
    TextTooLong { characters: usize, max: usize },
    #[error("token {index} is empty")]
    EmptyToken { index: usize },
    #[error("token {index}, `{token}`, does not follow in the text")]
    TokenNotInText { index: usize, token: String },
    #[error("there are {tokens} tokens, but {tags} tags")]
    TagCount { tokens: usize, tags: usize },
    #[error("tag {index} is `{tag}`, expected `O`, `B-name` or `I-name`")]
    TagForm { index: usize, tag: String },
    #[error("tag {index} is `{tag}`, but follows `{before}`: a span begins with `B-`")]
    TagInside {
        index: usize,
        tag: String,
        before: String,
    },
    #[error("tag {index} names `{name}`, which is none of the recipe{}", hint(near))]
    UnknownTag {
        index: usize,
        name: String,
        near: Option<String>,
    },
    #[error(
        "span {index} is {start}..{end}, but its start must be before its end and the text has {characters} characters"
    )]
    SpanRange {
        index: usize,
        start: u64,
        end: u64,
        characters: usize,
    },
    #[error("span {index}, {start}..{end}, begins or ends inside the token `{token}` or beside it")]
    SpanInToken {
        index: usize,
        start: u64,
        end: u64,
        token: String,
    },
    #[error("span {index}, {start}..{end}, holds no token")]
    SpanNoToken { index: usize, start: u64, end: u64 },
    #[error(
        "span {index} is {start}..{end}, but its start must be before its end and the text has {tokens} tokens"
    )]
    SpanTokens {
        index: usize,
        start: u64,
        end: u64,
        tokens: usize,
    },
    #[error("spans {first} and {second} overlap")]
    SpanOverlap { first: usize, second: usize },
    #[error("words {first} to {last} of {what} are no words of the text, which has {tokens}")]
    FrameWords {
        what: String,
        first: u64,
        last: u64,
        tokens: usize,
    },
    #[error("spans {first} and {second} are the same")]
    SpanTwice { first: usize, second: usize },
    #[error("the line has {found} columns, expected a token, a tab and a tag")]
    TsvColumns { found: usize },

    // Files that a manifest names.
    #[error("`{file}` leads out of the folder of the manifest")]
    FileOutside { file: String },
    #[error("`{file}` is in line {first_line} as well")]
    FileTwice { file: String, first_line: usize },
    #[error("cannot use `{file}`: {reason}")]
    FileUnusable { file: String, reason: String },
    #[error("phone `{phone}` is none of the 39 of the CMU dictionary")]
    UnknownPhone { phone: String },
    #[error("the recording says neither `phones` nor a `text`")]
    NothingSaid,
    #[error("nothing says how `{word}` sounds; give the recording its `phones`")]
    UnknownWord { word: String },
    #[error("`{file}` has {found} samples, the manifest says {expected}")]
    SampleCount { file: String, expected: u64, found: u64 },
    #[error("`{file}` has a sample rate of {found_hz} Hz, expected {expected_hz} Hz")]
    SampleRate {
        file: String,
        expected_hz: u32,
        found_hz: u32,
    },
    #[error("`{file}` is {seconds:.2} s long, expected {max:.2} s at most")]
    Duration { file: String, seconds: f64, max: f64 },
    #[error("`{file}` has {found} rows, the manifest says {expected}")]
    RowCount { file: String, expected: u64, found: u64 },

    // Tables of sensors.
    #[error("the table has no row")]
    NoRow,
    #[error("the table has no column of values")]
    NoColumn,
    #[error("column {index} has no name")]
    ColumnUnnamed { index: usize },
    #[error("column `{column}` is there twice")]
    ColumnTwice { column: String },
    #[error("column `{column}` is missing{}", hint(near))]
    ColumnMissing { column: String, near: Option<String> },
    #[error("the row has {found} cells, expected {expected}")]
    Ragged { expected: usize, found: usize },
    #[error("column `{column}` is empty here")]
    Gap { column: String },
    #[error("`{cell}` in column `{column}` is not a number")]
    NotANumber { column: String, cell: String },
    #[error("`{cell}` in column `{column}` is not a finite number of 32 bits")]
    NotFinite { column: String, cell: String },
    #[error(
        "`{cell}` in column `{column}` is neither a number of seconds nor a time stamp as `2024-05-31 13:30:47`"
    )]
    NotATime { column: String, cell: String },
    #[error("time goes back from `{before}` to `{cell}`")]
    TimeBack { before: String, cell: String },
}

impl Problem {
    /// Returns the index of the tag that is wrong.
    pub(super) fn tag_index(&self) -> Option<usize> {
        match self {
            Self::TagForm { index, .. } | Self::TagInside { index, .. } | Self::UnknownTag { index, .. } => {
                Some(*index)
            }
            _ => None,
        }
    }
}

fn hint(near: &Option<String>) -> String {
    near.as_ref()
        .map(|near| format!(", did you mean `{near}`"))
        .unwrap_or_default()
}

/// Returns `text` as it may stand in a message: shortened, control characters escaped.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::new();
    for (index, character) in text.chars().enumerate() {
        if index == QUOTE_CHARACTERS_MAX {
            quoted.push('…');
            break;
        }
        if character.is_control() {
            quoted.extend(character.escape_default());
        } else {
            quoted.push(character);
        }
    }
    quoted
}

/// Returns the known name nearest to `found`, if it is near enough to be meant.
///
/// # Source
/// Edit distance with transpositions of Damerau, 1964, and Levenshtein, 1966: at most a third of the characters.
pub(super) fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let length = found.chars().count();
    if length > QUOTE_CHARACTERS_MAX {
        return None;
    }
    let limit = (length / 3).clamp(1, 3);
    known
        .into_iter()
        .filter(|name| name.len() <= 4 * QUOTE_CHARACTERS_MAX)
        .map(|name| (strsim::damerau_levenshtein(found, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, name)| quote(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_suggested_only_if_it_is_near() {
        let known = ["PlayMusic", "GetWeather"];
        assert_eq!(nearest("PlayMusik", known).as_deref(), Some("PlayMusic"));
        assert_eq!(nearest("PlyaMusic", known).as_deref(), Some("PlayMusic"));
        assert_eq!(nearest("BookRestaurant", known), None);
        assert_eq!(nearest(&"x".repeat(1 << 20), known), None);
    }

    #[test]
    fn a_quotation_is_short_and_shows_control_characters() {
        assert_eq!(quote("a\tb\u{7}"), "a\\tb\\u{7}");
        assert_eq!(
            quote(&"x".repeat(1_000)).chars().count(),
            QUOTE_CHARACTERS_MAX + 1
        );
    }

    #[test]
    fn messages_name_the_thing_and_what_is_expected() {
        let check = |problem: Problem, expected: &str| assert_eq!(problem.to_string(), expected);
        check(
            Problem::UnknownLabel {
                label: "PlayMusik".to_owned(),
                near: Some("PlayMusic".to_owned()),
            },
            "label `PlayMusik` is none of the recipe, did you mean `PlayMusic`",
        );
        check(
            Problem::TagInside {
                index: 2,
                tag: "I-city".to_owned(),
                before: "O".to_owned(),
            },
            "tag 2 is `I-city`, but follows `O`: a span begins with `B-`",
        );
        check(
            Problem::LineTooLong { bytes: 2_000_000 },
            "the line has 2000000 bytes, expected 1048576 at most",
        );
    }
}
