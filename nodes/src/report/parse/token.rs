//! A text as tokens: names, numbers, dates, quotations, and phrases of the lexicon.

use super::super::record::Unit;
use super::lexicon::{MONTHS, PHRASES, TIMES, UNITS, Word};
use super::{Names, Reading, TEXT_BYTES_MAX, spoken};

/// A piece of a text that means something.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Asset(String),
    Sensor(String),
    Quoted(String),
    Number(Reading, Option<NumberUnit>),
    /// Day, month, and year if it is written.
    Date(u8, u8, Option<i64>),
    Clock(i64, i64),
    /// The number of a work order.
    OrderId(String),
    Word(Word),
    /// One of `,:()`.
    Mark(char),
    /// `;`
    Semicolon,
    /// `.`
    Period,
}

/// What stands behind a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum NumberUnit {
    Of(Unit),
    /// A unit of time, in seconds.
    Time(f64),
}

/// A token with the byte it begins at.
pub(super) type Placed = (usize, Token);

/// Why a text cannot be read. Offsets are bytes into it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// It is too long.
    #[error("a text has at most {TEXT_BYTES_MAX} bytes, found {0}")]
    TooLong(usize),
    /// Something that is no known word, name or number.
    #[error("there is nothing known at byte {offset}")]
    Unknown {
        /// Where.
        offset: usize,
    },
    /// Something that has no use where it stands.
    #[error("what stands at byte {offset} has no use there")]
    Unused {
        /// Where.
        offset: usize,
    },
    /// A clause that lacks something.
    #[error("the clause at byte {offset} lacks {lacks}")]
    Incomplete {
        /// Where it begins.
        offset: usize,
        /// What it lacks.
        lacks: &'static str,
    },
}

/// Splits a text into tokens.
pub(super) fn tokens(text: &str, names: &Names) -> Result<Vec<Placed>, TextError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(TextError::TooLong(text.len()));
    }
    let scanner = Scanner::new(names);
    let mut found: Vec<Placed> = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with([' ', '\n']) {
            at += 1;
            continue;
        }
        let is_order = matches!(found.last(), Some((_, Token::Word(Word::Order))));
        let next = if is_order {
            order_id(rest)
        } else {
            scanner.next(rest)
        };
        let (token, length) = next.ok_or(TextError::Unknown { offset: at })?;
        found.push((at, token));
        at += length;
    }
    Ok(found)
}

/// Whether a name can stand in a text without quotes: no phrase and no number begins like it.
pub(crate) fn is_bare_name(name: &str) -> bool {
    let first = name.split(' ').next().unwrap_or_default();
    let begins_phrase = PHRASES.iter().any(|(phrase, _)| {
        let word = phrase.split([' ', ',']).next().unwrap_or_default();
        word.eq_ignore_ascii_case(first)
    });
    name.starts_with(char::is_alphabetic) && !begins_phrase && spoken::number(name).is_none()
}

/// The patterns of the sentences of a text.
pub(super) fn shapes(text: &str, tokens: &[Placed]) -> Vec<String> {
    let mut shapes = Vec::new();
    let mut shape = String::new();
    for (index, (at, token)) in tokens.iter().enumerate() {
        let end = tokens.get(index + 1).map_or(text.len(), |(next, _)| *next);
        let written = text.get(*at..end).unwrap_or_default().trim().to_lowercase();
        let part: &str = match token {
            Token::Asset(_) => "<asset>",
            Token::Sensor(_) => "<sensor>",
            Token::Quoted(_) => "<quoted>",
            Token::Number(_, None) => "<number>",
            Token::Number(_, Some(_)) => "<number> <unit>",
            Token::Date(..) => "<date>",
            Token::Clock(..) => "<clock>",
            Token::OrderId(_) => "<id>",
            Token::Word(word) => word.placeholder().unwrap_or(&written),
            Token::Mark(_) | Token::Semicolon | Token::Period => &written,
        };
        if !shape.is_empty() {
            shape.push(' ');
        }
        shape.push_str(part);
        if *token == Token::Period {
            shapes.push(std::mem::take(&mut shape));
        }
    }
    if !shape.is_empty() {
        shapes.push(shape);
    }
    shapes
}

/// Knows names and phrases, the longest first.
struct Scanner<'a> {
    /// Each with whether it is the asset's, and whether it may stand without quotes.
    names: Vec<(&'a str, bool, bool)>,
    phrases: Vec<(&'static str, Word)>,
}

impl<'a> Scanner<'a> {
    fn new(names: &'a Names) -> Self {
        let asset = std::iter::once((names.asset.as_str(), true)).filter(|(name, _)| !name.is_empty());
        let sensors = names.sensors.iter().map(|name| (name.as_str(), false));
        let mut names: Vec<(&str, bool, bool)> = asset
            .chain(sensors)
            .map(|(name, is_asset)| (name, is_asset, is_bare_name(name)))
            .collect();
        names.sort_by_key(|(name, ..)| std::cmp::Reverse(name.len()));
        let mut phrases = PHRASES.to_vec();
        phrases.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.len()));
        Self { names, phrases }
    }

    /// The token that a text begins with, and its bytes.
    fn next(&self, text: &str) -> Option<(Token, usize)> {
        let first = text.chars().next()?;
        match first {
            '“' => return self.quoted(text),
            '.' => return Some((Token::Period, 1)),
            ';' => return Some((Token::Semicolon, 1)),
            ',' | ':' | '(' | ')' => return Some((Token::Mark(first), 1)),
            _ => (),
        }
        let name = self
            .names
            .iter()
            .find(|(name, _, is_bare)| *is_bare && begins(text, name, false));
        if let Some((name, is_asset, _)) = name {
            let token = if *is_asset { Token::Asset } else { Token::Sensor };
            return Some((token((*name).to_owned()), name.len()));
        }
        if first.is_ascii_digit() || first == '-' {
            return clock(text).or_else(|| date(text)).or_else(|| number(text));
        }
        let phrase = self.phrases.iter().find(|(phrase, _)| begins(text, phrase, true));
        if let Some((phrase, word)) = phrase {
            return Some((Token::Word(*word), phrase.len()));
        }
        let (reading, length) = spoken::number(text)?;
        Some(with_unit(text, reading, length))
    }

    fn quoted(&self, text: &str) -> Option<(Token, usize)> {
        let inner = text.strip_prefix('“')?;
        let end = inner.find('”')?;
        let quoted = &inner[..end];
        let length = '“'.len_utf8() + end + '”'.len_utf8();
        let name = self.names.iter().find(|(name, ..)| *name == quoted);
        let token = match name {
            Some((_, true, _)) => Token::Asset(quoted.to_owned()),
            Some((_, false, _)) => Token::Sensor(quoted.to_owned()),
            None => Token::Quoted(quoted.to_owned()),
        };
        Some((token, length))
    }
}

/// Whether a text begins with a word or words, and these end there.
fn begins(text: &str, words: &str, any_case: bool) -> bool {
    let Some(head) = text.get(..words.len()) else {
        return false;
    };
    let is_same = if any_case {
        head.eq_ignore_ascii_case(words)
    } else {
        head == words
    };
    let mut behind = text[words.len()..].chars();
    is_same
        && match behind.next() {
            None => true,
            Some(letter) if letter.is_alphanumeric() => !words.ends_with(char::is_alphanumeric),
            Some('_' | '-' | '/' | '#') => false,
            Some('.') => !behind.next().is_some_and(char::is_alphanumeric),
            Some(_) => true,
        }
}

fn number(text: &str) -> Option<(Token, usize)> {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut end = usize::from(text.starts_with('-'));
    let whole = digits(end);
    end += whole;
    let mut decimals = 0;
    if text[end..].starts_with('.') && digits(end + 1) > 0 {
        decimals = digits(end + 1);
        end += 1 + decimals;
    }
    let mantissa_end = end;
    let mut exponent = 0_i32;
    if text[end..].starts_with('e') {
        let sign = usize::from(text[end + 1..].starts_with('-'));
        let count = digits(end + 1 + sign);
        exponent = text[end + 1..end + 1 + sign + count].parse().ok()?;
        end += 1 + sign + count;
    }
    if whole == 0 || mantissa_end > 40 || text[end..].starts_with(|letter: char| letter.is_alphanumeric()) {
        return None;
    }
    let place = exponent
        .checked_sub(i32::try_from(decimals).ok()?)?
        .checked_sub(1)?;
    let value = text[..end].parse().ok()?;
    let half = format!("5e{place}").parse().ok()?;
    Some(with_unit(text, Reading { value, half }, end))
}

/// A number, with the unit behind it if there is one.
fn with_unit(text: &str, reading: Reading, length: usize) -> (Token, usize) {
    let Some(behind) = text[length..].strip_prefix(' ') else {
        return (Token::Number(reading, None), length);
    };
    let fits = |unit: &&str| begins(behind, unit, false);
    let units = UNITS.iter().filter(|(written, _)| fits(written));
    let times = TIMES.iter().filter(|(written, _)| fits(written));
    let found = units
        .map(|(written, unit)| (written.len(), NumberUnit::Of(*unit)))
        .chain(times.map(|(written, seconds)| (written.len(), NumberUnit::Time(*seconds))))
        .max_by_key(|(written, _)| *written);
    match found {
        Some((written, unit)) => (Token::Number(reading, Some(unit)), length + 1 + written),
        None => (Token::Number(reading, None), length),
    }
}

/// `14:05`
fn clock(text: &str) -> Option<(Token, usize)> {
    let bytes = text.as_bytes().get(..5)?;
    let is_clock = bytes.iter().enumerate().all(|(at, byte)| match at {
        2 => *byte == b':',
        _ => byte.is_ascii_digit(),
    });
    let hour = text.get(..2).filter(|_| is_clock)?.parse().ok()?;
    let minute = text.get(3..5)?.parse().ok()?;
    Some((Token::Clock(hour, minute), 5))
}

/// `12 March` or `12 March 2024`
fn date(text: &str) -> Option<(Token, usize)> {
    let (day, rest) = text.split_once(' ')?;
    let day: u8 = day.parse().ok().filter(|day| (1..=31).contains(day))?;
    let month = MONTHS.iter().position(|month| begins(rest, month, false))?;
    let mut length = text.len() - rest.len() + MONTHS[month].len();
    let year = text[length..].strip_prefix(' ').and_then(|rest| rest.get(..4));
    let year: Option<i64> = year
        .filter(|year| year.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|_| !text[length + 5..].starts_with(|letter: char| letter.is_alphanumeric()))
        .and_then(|year| year.parse().ok());
    if year.is_some() {
        length += 5;
    }
    Some((Token::Date(day, u8::try_from(month + 1).ok()?, year), length))
}

/// The number of a work order: up to a space or a sign that it cannot have.
fn order_id(text: &str) -> Option<(Token, usize)> {
    let end = text
        .find(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | '-' | '/' | '#'))
        .unwrap_or(text.len());
    let id = text.get(..end).filter(|id| !id.is_empty())?;
    Some((Token::OrderId(id.to_owned()), end))
}
