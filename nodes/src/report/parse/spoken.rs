//! Numbers in words, read.

use super::Reading;

const UNITS: [&str; 20] = [
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
const TENS: [&str; 8] = [
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];
/// Most digits after the point.
const DECIMALS_MAX: usize = 20;

/// Reads the number in words that a text begins with, and returns how many bytes it has.
pub(super) fn number(text: &str) -> Option<(Reading, usize)> {
    let mut words = Words { text, at: 0 };
    let is_negative = words.take("minus");
    let mut digits = words.whole()?.to_string();
    let mut decimals = 0_i32;
    if words.take("point") {
        while let Some(digit) = words.one_of(&UNITS[..10]).filter(|_| digits.len() < DECIMALS_MAX) {
            digits.push_str(&digit.to_string());
            decimals += 1;
        }
        if decimals == 0 {
            return None;
        }
    }
    let mut exponent = 0;
    if words.take("times ten to the") {
        let is_small = words.take("minus");
        exponent = i32::try_from(words.whole()?).ok()?;
        exponent = if is_small { -exponent } else { exponent };
    }
    let sign = if is_negative { "-" } else { "" };
    let value = format!("{sign}{digits}e{}", exponent - decimals).parse().ok()?;
    let half = format!("5e{}", exponent - decimals - 1).parse().ok()?;
    Some((Reading { value, half }, words.at))
}

struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl Words<'_> {
    /// A whole number below a million.
    fn whole(&mut self) -> Option<u32> {
        let high = self.below_thousand()?;
        if !self.take("thousand") {
            return Some(high);
        }
        Some(high * 1_000 + self.below_thousand().unwrap_or(0))
    }

    fn below_thousand(&mut self) -> Option<u32> {
        let first = self.below_hundred()?;
        if first == 0 || first > 9 || !self.take("hundred") {
            return Some(first);
        }
        Some(first * 100 + self.below_hundred().unwrap_or(0))
    }

    fn below_hundred(&mut self) -> Option<u32> {
        if let Some(unit) = self.one_of(&UNITS) {
            return u32::try_from(unit).ok();
        }
        let tens = u32::try_from(self.one_of(&TENS)? + 2).ok()? * 10;
        let rest = self.text.get(self.at..)?;
        if !rest.starts_with('-') {
            return Some(tens);
        }
        self.at += 1;
        let unit = self.one_of(&UNITS[1..10])? + 1;
        Some(tens + u32::try_from(unit).ok()?)
    }

    fn one_of(&mut self, words: &[&str]) -> Option<usize> {
        words.iter().position(|word| self.take(word))
    }

    /// Takes a word, or a few, after at most one space.
    fn take(&mut self, word: &str) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let trimmed = rest.strip_prefix(' ').unwrap_or(rest);
        let Some(head) = trimmed.get(..word.len()) else {
            return false;
        };
        let is_whole = !trimmed[word.len()..].starts_with(char::is_alphanumeric);
        if !head.eq_ignore_ascii_case(word) || !is_whole {
            return false;
        }
        self.at += rest.len() - trimmed.len() + word.len();
        true
    }
}
