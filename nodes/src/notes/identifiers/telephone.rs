//! Telephone and fax numbers: North American, British, and international with a country code.

use std::sync::LazyLock;

use regex::Regex;

use super::pattern::{compiled, digits, ends_in_word, is_whole_number, lookahead, lookback};
use super::{Certainty, Class, Identifier};

/// Bytes before a number in which a word says what it is.
const CONTEXT_BYTES: usize = 48;

static NUMBERS: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    let extension = r"(?i-u:,?[ ]?(?:ext(?:ension|n)?\.?|x)[ ]?[0-9]{1,6})?";
    [
        r"(?:\+?1[-. /]{0,2})?(?:\([0-9]{3}\)[-. ]{0,2}|[0-9]{3}[ ]?[-. /][ ]?)[0-9]{3}[ ]?[-. ][ ]?[0-9]{4}",
        r"\(?0[0-9]{2,5}\)?(?:[ -]?[0-9]{2,8})(?:[ -][0-9]{3,5}){0,2}",
        r"(?:\+|00[ ]?)[1-9](?:[-. ()/]{0,2}[0-9]){6,14}",
        r"[0-9]{3}-[0-9]{4}",
    ]
    .map(|number| compiled(&format!("{number}{extension}")))
});
static PLAIN: LazyLock<Regex> = LazyLock::new(|| compiled(r"[2-9][0-9]{2}[2-9][0-9]{6}"));

const UNITS: [&str; 20] = [
    "mg", "ml", "mcg", "g ", "kg", "l ", "cc", "%", "mm", "cm", "units", "iu", "k/", "kcal", "calor", "x10",
    "steps", "days", "weeks", "/",
];

/// All of them.
pub(super) fn find(text: &str) -> Vec<Identifier> {
    let [american, british, abroad, local] = &*NUMBERS;
    let mut found = Vec::new();
    for (regex, counts) in [
        (american, 10..=18),
        (british, 10..=11),
        (abroad, 8..=15),
        (local, 7..=13),
        (&*PLAIN, 10..=10),
    ] {
        for number in regex.find_iter(text) {
            let count = digits(
                number
                    .as_str()
                    .split(['x', 'X', 'e', 'E'])
                    .next()
                    .unwrap_or_default(),
            )
            .len();
            let is_measure = *counts.start() == 7
                && UNITS
                    .iter()
                    .any(|unit| lookahead(text, number.end(), 8).trim_start().starts_with(unit));
            if counts.contains(&count) && !is_measure && is_whole_number(text, number.start(), number.end()) {
                let class = class(text, number.start(), number.end());
                found.push(Identifier::new(class, number.range(), Certainty::Format));
            }
        }
    }
    found
}

/// Fax where the nearest word before the number, or a bracket after it, says so.
pub(super) fn class(text: &str, start: usize, end: usize) -> Class {
    let back = lookback(text, start, CONTEXT_BYTES);
    let last = |words: &[&str]| words.iter().filter_map(|word| back.rfind(word)).max();
    let fax = last(&["fax", "facsimile"]);
    let phone = last(&[
        "tel", "phone", "cell", "mobile", "call", "ring", "pager", "home", "work",
    ]);
    let is_fax_after = lookahead(text, end, 8)
        .trim_start_matches([' ', '('])
        .starts_with("fax");
    if fax > phone || is_fax_after || ends_in_word(&back, &["f"]) {
        Class::Fax
    } else {
        Class::Phone
    }
}

/// Whether the text before a number says that it is a telephone's.
pub(super) fn is_announced(text: &str, start: usize) -> bool {
    let back = lookback(text, start, CONTEXT_BYTES);
    [
        "tel", "phone", "cell", "mobile", "call", " ring ", "fax", "contact", "reach",
    ]
    .iter()
    .any(|word| back.contains(word))
}
