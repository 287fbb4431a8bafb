//! Ages over 89, and years of birth that tell one. Ages up to 89 are no identifiers.

use std::sync::LazyLock;

use regex::Regex;

use super::pattern::{before, compiled};
use super::{Certainty, Class, Identifier};

static AGES: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    let number = r"(9[0-9]|1[0-2][0-9])";
    let word = r"((?:ninety|(?:a|one) hundred)(?:(?:[ -]and)?[ -](?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen))?)";
    let unit = r"(?:years?[- ]old|years? of age|year[- ]olds?|y\.?/?o\b|yo[fm]?\b|yrs?[- ]?(?:old)?\b|years\b[ ]?old)";
    [
        format!(r"\b{number}[- ]?{unit}"),
        format!(r"\b{word}[- ]{unit}"),
        format!(
            r"\b(?:aged?|age of|at age|age:|age is|turned|turning|(?:died|alive|dead|living|lived|well|deceased|passed away|passed) (?:at|to|aged|to be)|at the age of)[ :]{{1,3}}(?:about |around |over )?(?:{number}|{word})\b"
        ),
        format!(r"\b(?:age|aged|i am|i'm|he is|she is|he's|she's)[ :]{{1,2}}(?:now )?(?:{number}|{word})\b(?:[.,;]|$| and\b| now\b)"),
    ]
    .map(|pattern| compiled(&format!("(?im-u){pattern}")))
});

static BORN: LazyLock<Regex> = LazyLock::new(|| compiled(r"(?i-u)\bborn (?:in )?((?:18|19)[0-9]{2})\b"));
static YEAR: LazyLock<Regex> = LazyLock::new(|| compiled(r"(?-u)\b(?:19|20)[0-9]{2}\b"));

/// All of them: the number alone, so that "year-old" stays.
pub(super) fn find(text: &str) -> Vec<Identifier> {
    let mut found = Vec::new();
    for regex in AGES.iter() {
        for captures in regex.captures_iter(text) {
            let Some(age) = captures.iter().skip(1).flatten().next() else {
                continue;
            };
            let is_part = before(text, age.start())
                .is_some_and(|sign| sign.is_alphanumeric() || matches!(sign, '.' | '/' | ',' | '_'));
            if !is_part {
                found.push(Identifier::new(Class::Date, age.range(), Certainty::Context));
            }
        }
    }
    found.extend(births(text));
    found
}

/// Years of birth more than 89 years before the latest year of the text.
fn births(text: &str) -> Vec<Identifier> {
    const AGE_YEARS_MAX: u32 = 89;
    let year = |written: &str| written.parse::<u32>().ok();
    let latest = YEAR
        .find_iter(text)
        .filter_map(|written| year(written.as_str()))
        .max();
    let is_old = |born: u32| latest.is_some_and(|latest| latest > born + AGE_YEARS_MAX);
    BORN.captures_iter(text)
        .filter_map(|captures| captures.get(1))
        .filter(|born| year(born.as_str()).is_some_and(is_old))
        .map(|born| Identifier::new(Class::Date, born.range(), Certainty::Context))
        .collect()
}
