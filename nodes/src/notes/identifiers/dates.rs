//! Dates: every element but the year. Times of day and weekdays alone are kept.
//!
//! A form such as `14/03/2026` or `March 14` is a date wherever it stands. `3/14`, `3-14`, a month alone and "the 3rd"
//! are dates only after words that make them so: the same signs may be a score, a range or a verb.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::pattern::{after, compiled, is_apart, is_whole_number, lookahead, lookback};
use super::{Certainty, Class, Identifier};

mod context;

const MONTH: &str = r"(?:jan(?:uary|urary|aury)?|feb(?:ruary|uary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
const WEEKDAY: &str =
    r"(?:(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?[.,]{0,2}[ ]{1,2}(?:the[ ])?)?";
const ORDINAL: &str = r"(?:(?:twenty|thirty)[ -](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth)";
const CARDINAL: &str = r"(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|one|two|three|four|five|six|seven|eight|nine)";

static BY_FORM: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let spoken_year = format!(
        r"(?:[, ]{{1,3}}(?:of[ ])?(?:two thousand(?: and)?(?:[ ]{CARDINAL})?|(?:nineteen|twenty)[ ](?:{CARDINAL}|oh?[ ]{CARDINAL})|oh?[ ]{CARDINAL}|[0-9]{{4}}))?"
    );
    let year = r"(?:[ ,./'-]{1,3}(?:of[ ])?(?:(?:19|20)[0-9]{2}|'[0-9]{2})|-[0-9]{2})?";
    [
        format!(r"{WEEKDAY}(?:the[ ])?[0-9]{{1,2}}[ ]?(?:st|nd|rd|th)?(?:[ ]of)?(?:[ ]{{1,2}}|[ ]?[./-][ ]?)?{MONTH}\b\.?{year}"),
        format!(r"{WEEKDAY}{MONTH}\.?(?:[ .-]{{1,2}}(?:the[ ])?)?[0-9]{{1,2}}(?:st|nd|rd|th)?\b{year}"),
        format!(r"(?:early |mid |late )?{MONTH}\.?(?:,?[ ]of)?[ ,/-]{{1,2}}(?:(?:19|20)[0-9]{{2}}|'[0-9]{{2}})"),
        format!(r"{WEEKDAY}{MONTH}[ ](?:the[ ])?(?:{ORDINAL}|{CARDINAL})\b{spoken_year}"),
        format!(r"{WEEKDAY}(?:the[ ])?{ORDINAL}[ ](?:day[ ])?(?:of[ ])?{MONTH}\b{spoken_year}"),
        r"(?:spring|summer|autumn|fall|winter)(?:[ ]of|,)?[ ](?:19|20)[0-9]{2}".to_owned(),
    ]
    .iter()
    .map(|pattern| compiled(&format!(r"(?i-u)\b(?:{pattern})")))
    .collect()
});
static YEAR_FIRST: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(?:19|20)[0-9]{2}[ ]?[-/.][ ]?([0-9]{1,2})[ ]?[-/.][ ]?([0-9]{1,2})"));
static THREE_PARTS: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"([0-9]{1,2})[ ]?(?:/[ ]?([0-9]{1,2})[ ]?/|-[ ]?([0-9]{1,2})[ ]?-)[ ]?(?:[0-9]{4}|[0-9]{2})|([0-9]{1,2})\.([0-9]{1,2})\.(?:[0-9]{4}|[0-9]{2})",
    )
});
static PLAIN: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(?:19|20)[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])"));
static MONTH_AND_YEAR: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(0?[1-9]|1[0-2])[ ]?/[ ]?(?:19|20)[0-9]{2}"));
static HOLIDAY: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?i-u)\b(?:thanksgiving(?: day)?|christmas(?: (?:day|eve))?|xmas|boxing day|new year(?:'s|s)?(?: (?:day|eve))?|(?:good friday|easter(?: (?:sunday|monday))?)|(?:labor|memorial|independence|veterans|columbus|presidents'?|valentine's|mother's|father's|mlk|bank holiday|st\.? patrick's) (?:day|monday)|halloween|hanukkah|yom kippur|diwali|eid(?: al[- ](?:fitr|adha))?|(?:the )?fourth of july|july 4th|hogmanay|good friday)\b",
    )
});

/// Dates that their form alone shows.
pub(super) fn by_form(text: &str) -> Vec<Identifier> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let numbers = [&*YEAR_FIRST, &*THREE_PARTS, &*PLAIN, &*MONTH_AND_YEAR];
    for regex in numbers {
        let dates = regex
            .captures_iter(text)
            .filter_map(|captures| numeric(text, &captures));
        found.extend(dates);
    }
    for regex in BY_FORM.iter() {
        for date in regex.find_iter(text) {
            let range = date.start()..date.start() + date.as_str().trim_end_matches(['.', ' ', ',']).len();
            if !is_apart(text, range.start, range.end) || is_decimal(text, range.start) {
                continue;
            }
            if let Some(range) = written(text, range) {
                found.push(range);
            }
        }
    }
    let dates = found.into_iter();
    dates
        .map(|range| Identifier::new(Class::Date, range, Certainty::Format))
        .collect()
}

/// Dates and parts of dates that the words before them show.
pub(super) fn by_context(text: &str) -> Vec<Identifier> {
    let mut found = context::find(text);
    let holidays = HOLIDAY.find_iter(text).map(|holiday| holiday.range());
    found.extend(holidays);
    let dates = found.into_iter();
    dates
        .map(|range| Identifier::new(Class::Date, range, Certainty::Context))
        .collect()
}

/// A date of numbers, if they can be a day and a month.
fn numeric(text: &str, captures: &Captures<'_>) -> Option<Range<usize>> {
    let range = captures.get(0)?.range();
    let parts: Vec<u32> = captures
        .iter()
        .skip(1)
        .flatten()
        .filter(|part| part.len() < 3)
        .filter_map(|part| part.as_str().parse().ok())
        .take(2)
        .collect();
    let is_date = match parts.as_slice() {
        [first, second] => is_day_and_month(*first, *second),
        [month] => (1..=12).contains(month),
        _ => false,
    };
    (is_date && is_whole_number(text, range.start, range.end)).then_some(range)
}

/// Whether one can be a day and the other a month.
fn is_day_and_month(first: u32, second: u32) -> bool {
    let is_day = |number: u32| (1..=31).contains(&number);
    let is_month = |number: u32| (1..=12).contains(&number);
    (is_day(first) && is_month(second)) || (is_month(first) && is_day(second))
}

/// Whether a match begins within a number, as in "3.2 Oct".
fn is_decimal(text: &str, start: usize) -> bool {
    let mut back = text.get(..start).unwrap_or_default().chars().rev();
    matches!(back.next(), Some('.' | ',' | '/'))
        && back.next().is_some_and(|sign| sign.is_ascii_digit())
        && text
            .get(start..)
            .is_some_and(|on| on.starts_with(|sign: char| sign.is_ascii_digit()))
}

/// A date of words, unless its month is a verb or its number a quantity.
fn written(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let date = text.get(range.clone())?;
    let next = lookahead(text, range.end, 10);
    let ends_in_digit = date.ends_with(|sign: char| sign.is_ascii_digit());
    let has_year = date.len() > 4
        && date
            .get(date.len() - 4..)
            .is_some_and(|year| year.bytes().all(|sign| sign.is_ascii_digit()));
    let is_quantity = ends_in_digit
        && !has_year
        && (after(text, range.end) == Some('/')
            || context::UNITS
                .iter()
                .any(|unit| next.trim_start().starts_with(unit))
            || (next.starts_with(['.', ',', '-', ':'])
                && next[1..].starts_with(|sign: char| sign.is_ascii_digit())));
    let number: Option<u32> = date
        .split(|sign: char| !sign.is_ascii_digit())
        .find(|part| (1..=2).contains(&part.len()))
        .and_then(|part| part.parse().ok());
    let is_day = number.is_none_or(|number| (1..=31).contains(&number)) || date.contains('\'');
    let is_verb = ["may ", "march ", "mar "]
        .iter()
        .any(|verb| date.starts_with(verb))
        && number.is_none()
        && !date.contains(|sign: char| sign.is_ascii_digit())
        && context::is_cardinal_only(date)
        && !context::makes_date(&lookback(text, range.start, 24));
    let is_new_sentence = date.contains(". ") && !date.ends_with(|sign: char| sign.is_ascii_digit());
    (!is_quantity && is_day && !is_verb && !is_new_sentence).then_some(range)
}
