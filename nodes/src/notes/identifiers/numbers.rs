//! Numbers that are recognised by their form: with check digits where they have them, else by their length.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::check_digits::{
    bank_account, drug_enforcement, luhn, national_provider, nhs, social_security, vehicle,
};
use super::pattern::{compiled, digits, is_apart, is_whole_number, lookahead, lookback};
use super::telephone::is_announced;
use super::{Certainty, Class, Identifier};

static SOCIAL: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r"[0-9]{3}[ ]?[-. ][ ]?[0-9]{2}[ ]?[-. ][ ]?[0-9]{4}|[xX*#]{3}[- ]?[xX*#]{2}[- ]?[0-9]{4}")
});
static CARD: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r"[0-9]{4}[ -][0-9]{6}[ -][0-9]{5}|[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{1,7}|[0-9]{13,19}")
});
static BANK: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(?i-u)[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?"));
static VEHICLE: LazyLock<Regex> = LazyLock::new(|| compiled(r"(?i-u)[A-HJ-NPR-Z0-9]{17}"));
static TEN: LazyLock<Regex> = LazyLock::new(|| compiled(r"[0-9]{3}([ -]?)[0-9]{3}[ -]?[0-9]{4}"));
static DRUG: LazyLock<Regex> = LazyLock::new(|| compiled(r"(?i-u)[A-Z][A-Z9][0-9]{7}"));
static DEVICE: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"\(01\)[ ]?[0-9]{10,14}(?:[ ]?\([0-9]{2,4}\)[ ]?[A-Za-z0-9./-]{1,20}){0,8}"));
static VERTEBRAE: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"^(?i-u)[ctls][0-9]{1,2}(?:[-/][ctls]?[0-9]{1,2})+$"));
static CODE: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"[A-Za-z0-9]{1,20}(?:[-_/.:#][A-Za-z0-9]{1,20}){0,6}"));

/// Systems whose codes name things and no person.
const PUBLIC_CODES: [&str; 14] = [
    "snomed",
    "icd",
    "cpt",
    "loinc",
    "ndc",
    "rxnorm",
    "hcpcs",
    "drg",
    "procedure code",
    "pmid",
    "doi",
    "isbn",
    "atc",
    "ref",
];
const UNITS: [&str; 14] = [
    "mg", "ml", "mcg", "ug", "units", "iu", "u", "kcal", "cal", "k", "mm", "cm", "g", "l",
];

/// All of them.
pub(super) fn find(text: &str) -> Vec<Identifier> {
    let mut found = Vec::new();
    let mut add = |class: Class, range: Range<usize>, certainty: Certainty| {
        found.push(Identifier::new(class, range, certainty));
    };
    for number in SOCIAL.find_iter(text) {
        let digits = digits(number.as_str());
        let is_masked = digits.len() == 4;
        let certainty = if is_masked {
            Certainty::Format
        } else {
            Certainty::Checksum
        };
        if (is_masked || social_security(&digits)) && is_whole_number(text, number.start(), number.end()) {
            add(Class::SocialSecurity, number.range(), certainty);
        }
    }
    for number in CARD.find_iter(text) {
        let is_handset = lookback(text, number.start(), 24).contains("imei");
        if luhn(&digits(number.as_str())) && is_whole_number(text, number.start(), number.end()) {
            let class = if is_handset { Class::Device } else { Class::Account };
            add(class, number.range(), Certainty::Checksum);
        }
    }
    for number in BANK.find_iter(text) {
        if let Some(range) = account(text, number.range()) {
            add(Class::Account, range, Certainty::Checksum);
        }
    }
    for number in VEHICLE.find_iter(text) {
        if vehicle(number.as_str()) && is_apart(text, number.start(), number.end()) {
            add(Class::Vehicle, number.range(), Certainty::Checksum);
        }
    }
    for number in DRUG.find_iter(text) {
        if drug_enforcement(number.as_str()) && is_apart(text, number.start(), number.end()) {
            add(Class::Certificate, number.range(), Certainty::Checksum);
        }
    }
    for number in DEVICE.find_iter(text) {
        let kept = number.as_str().trim_end_matches(['.', '-', '/']).len();
        add(
            Class::Device,
            number.start()..number.start() + kept,
            Certainty::Format,
        );
    }
    found.extend(ten_digits(text));
    found.extend(codes(text));
    found
}

/// The longest part of a candidate that passes the test: a following word may look like one more group.
fn account(text: &str, whole: Range<usize>) -> Option<Range<usize>> {
    let mut end = whole.end;
    for _ in 0..8 {
        let part = text.get(whole.start..end)?;
        let signs: String = part.chars().filter(char::is_ascii_alphanumeric).collect();
        if is_apart(text, whole.start, end) && bank_account(&signs) {
            return Some(whole.start..end);
        }
        end = whole.start + part.rfind([' ', '-'])?;
    }
    None
}

fn ten_digits(text: &str) -> Vec<Identifier> {
    let mut found = Vec::new();
    for number in TEN.find_iter(text) {
        let digits = digits(number.as_str());
        if !is_whole_number(text, number.start(), number.end()) || is_announced(text, number.start()) {
            continue;
        }
        let back = lookback(text, number.start(), 32);
        let is_plain = number.as_str().len() == 10;
        if nhs(&digits) && (back.contains("nhs") || number.as_str().contains(' ')) {
            found.push(Identifier::new(
                Class::MedicalRecord,
                number.range(),
                Certainty::Checksum,
            ));
        } else if is_plain && national_provider(&digits) && back.contains("npi") {
            found.push(Identifier::new(
                Class::Certificate,
                number.range(),
                Certainty::Checksum,
            ));
        }
    }
    found
}

/// Codes of letters and digits, and long numbers, that no word announces.
fn codes(text: &str) -> Vec<Identifier> {
    let is_code = |code: &regex::Match<'_>| {
        is_unique(code.as_str())
            && is_apart(text, code.start(), code.end())
            && !PUBLIC_CODES
                .iter()
                .any(|system| lookback(text, code.start(), 24).contains(system))
            && !UNITS
                .iter()
                .any(|unit| is_unit(&lookahead(text, code.end(), 8), unit))
    };
    CODE.find_iter(text)
        .filter(is_code)
        .map(|code| Identifier::new(Class::Other, code.range(), Certainty::Format))
        .collect()
}

fn is_unit(on: &str, unit: &str) -> bool {
    on.trim_start()
        .strip_prefix(unit)
        .is_some_and(|rest| !rest.starts_with(|sign: char| sign.is_alphanumeric()))
}

/// Whether a code has so many digits that it is likely to be one person's or one thing's.
fn is_unique(code: &str) -> bool {
    let digit_count = digits(code).len();
    let letter_count = code.bytes().filter(u8::is_ascii_alphabetic).count();
    let is_trial = code.starts_with("NCT") || code.starts_with("ISRCTN");
    let starts_with_number = code.starts_with(|sign: char| sign.is_ascii_digit());
    let ends_in_unit = UNITS.iter().any(|unit| {
        starts_with_number && code.to_ascii_lowercase().ends_with(unit) && letter_count == unit.len()
    });
    let is_decimal = letter_count == 0 && code.contains(['.', '/', ':']);
    if is_trial || ends_in_unit || is_decimal || VERTEBRAE.is_match(code) {
        return false;
    }
    match letter_count {
        0 => digit_count > 6,
        1..=6 => digit_count > 3 && code.len() > 5,
        _ => digit_count > 4,
    }
}
