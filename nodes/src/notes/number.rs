//! Numbers of a text: in digits, in words, as fractions and as ranges.
//!
//! A number that can be read in two ways is not read: `1,5` may be a list or a decimal, and `5/325` is no fraction.
//! Invariant: no part of a longer number is ever read as a number of its own.

use super::words::{Reading, Sort};

/// Most digits of a number.
const DIGITS_MAX: usize = 12;
/// A range whose upper end is more than this many times its lower end is two numbers, as in `5-325 mg`.
const RANGE_RATIO_MAX: f64 = 10.0;

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = [
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];

/// One number or a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number {
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// The word behind the number.
    pub(crate) end: usize,
}

/// The number or range that begins with this word.
pub(crate) fn number(reading: &Reading<'_>, at: usize) -> Option<Number> {
    if is_inside_number(reading, at) {
        return None;
    }
    let (low, end) = exact(reading, at)?;
    let single = Number { low, high: low, end };
    if is_followed_by_slash(reading, end) {
        return None;
    }
    let is_dash = matches!(reading.written(end), "-" | "\u{2013}" | "\u{2014}");
    let is_joined = reading.is_hyphenated(end) && exact(reading, end).is_some();
    let second = match (is_joined, is_dash || reading.is_one_of(end, &["to", "or"])) {
        (true, _) => end,
        (false, true) => end + 1,
        (false, false) => return Some(single),
    };
    match exact(reading, second) {
        Some((high, end)) if high > low && high <= low.max(0.5) * RANGE_RATIO_MAX => {
            (!is_followed_by_slash(reading, end)).then_some(Number { low, high, end })
        }
        // Digits joined by a hyphen that are no range are a code or a date.
        Some(_) if is_joined => None,
        Some(_) | None => Some(single),
    }
}

/// One number, in digits or in words.
pub(crate) fn exact(reading: &Reading<'_>, at: usize) -> Option<(f64, usize)> {
    if let Some(value) = vulgar(reading.written(at)) {
        return Some((value, at + 1));
    }
    let (whole, end) = in_digits(reading, at).or_else(|| in_words(reading, at))?;
    if whole.fract() == 0.0
        && let Some((part, end)) = fraction_behind(reading, end)
    {
        return Some((whole + part, end));
    }
    Some((whole, end))
}

/// Whether the word stands within a longer number, such as the `5` of `1,5` or of `10-5`.
pub(crate) fn is_inside_number(reading: &Reading<'_>, at: usize) -> bool {
    if reading.sort(at) != Some(Sort::Digits) {
        let follows_digit = at > 0 && reading.sort(at - 1) == Some(Sort::Digits) && reading.touches(at);
        return reading.written(at) == "." && follows_digit;
    }
    let Some(before) = at.checked_sub(1) else {
        return false;
    };
    if reading.is_hyphenated(at) {
        return reading.sort(before) == Some(Sort::Digits);
    }
    let is_joint = matches!(reading.written(before), "." | "," | "/" | "^" | ":");
    let follows_digit =
        before > 0 && reading.sort(before - 1) == Some(Sort::Digits) && reading.touches(before);
    // A naked decimal such as `.5` begins at its stop.
    reading.touches(at) && is_joint && (follows_digit || reading.written(before) == ".")
}

fn is_followed_by_slash(reading: &Reading<'_>, at: usize) -> bool {
    reading.written(at) == "/" && reading.touches(at) && reading.sort(at + 1) == Some(Sort::Digits)
}

fn in_digits(reading: &Reading<'_>, at: usize) -> Option<(f64, usize)> {
    let mut digits = String::new();
    let mut end = at;
    if reading.sort(at) == Some(Sort::Digits) {
        let word = reading.written(at);
        if word.len() > DIGITS_MAX {
            return None;
        }
        digits.push_str(word);
        end += 1;
        while is_joint(reading, end, ",") {
            let group = reading.written(end + 1);
            if group.len() != 3 || word.len() > 3 || digits.len() > DIGITS_MAX {
                return None;
            }
            digits.push_str(group);
            end += 2;
        }
        if let Some(fraction) = slashed(reading, at).filter(|_| end == at + 1) {
            return Some((fraction, at + 3));
        }
    }
    if is_joint(reading, end, ".") || digits.is_empty() && is_naked_decimal(reading, end) {
        let decimals = reading.written(end + 1);
        if decimals.len() > DIGITS_MAX {
            return None;
        }
        digits.push('.');
        digits.push_str(decimals);
        end += 2;
        if is_joint(reading, end, ".") || is_joint(reading, end, ",") {
            return None;
        }
    }
    digits.parse().ok().map(|value| (value, end))
}

/// Whether this mark joins the digits before it with those behind it.
fn is_joint(reading: &Reading<'_>, at: usize, mark: &str) -> bool {
    reading.written(at) == mark
        && at > 0
        && reading.touches(at)
        && reading.touches(at + 1)
        && reading.sort(at + 1) == Some(Sort::Digits)
}

fn is_naked_decimal(reading: &Reading<'_>, at: usize) -> bool {
    let stands_alone =
        !reading.touches(at) || at > 0 && matches!(reading.written(at - 1), "(" | "~" | "<" | ">");
    reading.written(at) == "."
        && stands_alone
        && reading.touches(at + 1)
        && reading.sort(at + 1) == Some(Sort::Digits)
}

/// `1/2`, `3/4` and the like: proper fractions whose lower number is 2, 3 or 4.
fn slashed(reading: &Reading<'_>, at: usize) -> Option<f64> {
    if reading.written(at + 1) != "/" || !reading.touches(at + 1) || !reading.touches(at + 2) {
        return None;
    }
    let value = match (reading.written(at), reading.written(at + 2)) {
        ("1", "2") => 0.5,
        ("1", "3") => 1.0 / 3.0,
        ("2", "3") => 2.0 / 3.0,
        ("1", "4") => 0.25,
        ("3", "4") => 0.75,
        _ => return None,
    };
    let ends = !matches!(reading.written(at + 3), "/" | ".") || !reading.touches(at + 3);
    (ends || reading.sort(at + 4) != Some(Sort::Digits)).then_some(value)
}

fn vulgar(word: &str) -> Option<f64> {
    match word {
        "\u{bd}" => Some(0.5),
        "\u{bc}" => Some(0.25),
        "\u{be}" => Some(0.75),
        "\u{2153}" => Some(1.0 / 3.0),
        "\u{2154}" => Some(2.0 / 3.0),
        _ => None,
    }
}

/// A fraction behind a whole number: `1 1/2`, `1½`, `one and a half`.
fn fraction_behind(reading: &Reading<'_>, at: usize) -> Option<(f64, usize)> {
    if let Some(value) = vulgar(reading.written(at)) {
        return Some((value, at + 1));
    }
    if reading.sort(at) == Some(Sort::Digits) && reading.gap(at) == Some(" ") {
        return slashed(reading, at).map(|value| (value, at + 3));
    }
    if reading.are(at, &["and", "a", "half"]) {
        return Some((0.5, at + 3));
    }
    if reading.are(at, &["and", "a", "quarter"]) {
        return Some((0.25, at + 3));
    }
    None
}

/// A number in words below a million, as in `two hundred and fifty`.
fn in_words(reading: &Reading<'_>, at: usize) -> Option<(f64, usize)> {
    if reading.is(at, "half") {
        let article = usize::from(reading.is_one_of(at + 1, &["a", "an"]));
        return Some((0.5, at + 1 + article));
    }
    let (mut value, mut end) = below_hundred(reading, at)?;
    for (name, factor) in [("hundred", 100.0), ("thousand", 1_000.0)] {
        if reading.is(end, name) {
            value *= factor;
            end += 1;
            let rest = end + usize::from(reading.is(end, "and"));
            if let Some((more, after)) = below_hundred(reading, rest) {
                value += more;
                end = after;
            }
        }
    }
    Some((value, end))
}

fn below_hundred(reading: &Reading<'_>, at: usize) -> Option<(f64, usize)> {
    let one = |at: usize| {
        let word = reading.lower(at);
        let found = ONES.iter().zip(0_u8..).find(|(name, _)| **name == word);
        found.map(|(_, value)| value)
    };
    if let Some(value) = one(at) {
        return Some((f64::from(value), at + 1));
    }
    let word = reading.lower(at);
    let (_, tens) = TENS.iter().zip(0_u8..).skip(2).find(|(name, _)| **name == word)?;
    let tens = f64::from(tens) * 10.0;
    match one(at + 1).filter(|value| (1..10).contains(value)) {
        Some(value) => Some((tens + f64::from(value), at + 2)),
        None => Some((tens, at + 1)),
    }
}
