//! Numbers whose digits check each other.

/// Whether the digits pass the test of Luhn, as those of cards and of telephones' IMEI do.
///
/// # Source
/// ISO/IEC 7812-1:2017, annex B.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let doubled = |(place, digit): (usize, &u8)| {
        let value = u32::from(*digit) * if place % 2 == 1 { 2 } else { 1 };
        if value > 9 { value - 9 } else { value }
    };
    digits.len() > 1 && digits.iter().rev().enumerate().map(doubled).sum::<u32>() % 10 == 0
}

/// Whether ten digits are a National Provider Identifier: Luhn's test with 80840 before them.
///
/// # Source
/// 45 CFR 162.406; CMS, "NPI check digit".
pub(super) fn national_provider(digits: &[u8]) -> bool {
    let whole: Vec<u8> = [8, 0, 8, 4, 0].iter().chain(digits).copied().collect();
    digits.len() == 10 && matches!(digits.first(), Some(1 | 2)) && luhn(&whole)
}

/// Whether ten digits are an NHS number: weights 10 to 2, modulo 11.
///
/// # Source
/// NHS Data Dictionary, "NHS NUMBER".
pub(super) fn nhs(digits: &[u8]) -> bool {
    let [body @ .., check] = digits else {
        return false;
    };
    let sum: u32 = body
        .iter()
        .zip((2..=10).rev())
        .map(|(digit, weight)| u32::from(*digit) * weight)
        .sum();
    let expected = (11 - sum % 11) % 11;
    digits.len() == 10 && expected != 10 && u32::from(*check) == expected
}

/// Whether 17 signs are a vehicle identification number with its check digit in the ninth place.
///
/// # Source
/// 49 CFR 565.15(c), tables III to V.
pub(super) fn vehicle(signs: &str) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    const VALUES: [u32; 26] = [
        1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9,
    ];
    let value = |sign: u8| match sign.to_ascii_uppercase() {
        digit @ b'0'..=b'9' => Some(u32::from(digit - b'0')),
        b'I' | b'O' | b'Q' => None,
        letter @ b'A'..=b'Z' => VALUES.get(usize::from(letter - b'A')).copied(),
        _ => None,
    };
    let values: Option<Vec<u32>> = signs.bytes().map(value).collect();
    let (Some(values), Some(check)) = (values, signs.as_bytes().get(8)) else {
        return false;
    };
    let sum: u32 = values
        .iter()
        .zip(WEIGHTS)
        .map(|(value, weight)| value * weight)
        .sum();
    let expected = match sum % 11 {
        10 => b'X',
        rest => b'0' + u8::try_from(rest).unwrap_or_default(),
    };
    values.len() == 17 && check.to_ascii_uppercase() == expected
}

/// Whether the signs are an international bank account number: letters as 10 to 35, four signs moved to the end,
/// modulo 97.
///
/// # Source
/// ISO 13616-1:2020; ISO/IEC 7064, MOD 97-10.
pub(super) fn bank_account(signs: &str) -> bool {
    if !(15..=34).contains(&signs.len()) || !signs.is_ascii() {
        return false;
    }
    let (head, tail) = signs.split_at(4);
    let mut rest: u32 = 0;
    for sign in tail.chars().chain(head.chars()) {
        let Some(value) = sign.to_digit(36) else {
            return false;
        };
        let shifted = if value < 10 { rest * 10 } else { rest * 100 };
        rest = (shifted + value) % 97;
    }
    rest == 1
}

/// Whether nine digits can be a social security number: no area 000, 666 or 900 and more, no group 00, no serial 0000.
///
/// # Source
/// Social Security Administration, "Social Security Number Randomization", 2011.
pub(super) fn social_security(digits: &[u8]) -> bool {
    let number = |range: &[u8]| range.iter().fold(0u32, |sum, digit| sum * 10 + u32::from(*digit));
    let [a, b, c, d, e, f @ ..] = digits else {
        return false;
    };
    let area = number(&[*a, *b, *c]);
    let is_area = area != 0 && area != 666 && area < 900;
    digits.len() == 9 && is_area && number(&[*d, *e]) != 0 && number(f) != 0
}

/// Whether the signs are a number of the Drug Enforcement Administration: two letters and seven digits.
///
/// # Source
/// 21 CFR 1301; DEA Diversion Control, "DEA number verification": (1st + 3rd + 5th) + 2 (2nd + 4th + 6th), last digit.
pub(super) fn drug_enforcement(signs: &str) -> bool {
    let bytes = signs.as_bytes();
    let digits: Vec<u32> = bytes
        .iter()
        .skip(2)
        .filter(|sign| sign.is_ascii_digit())
        .map(|sign| u32::from(sign - b'0'))
        .collect();
    let is_lettered = bytes.iter().take(1).all(u8::is_ascii_alphabetic);
    let [a, b, c, d, e, f, check] = digits.as_slice() else {
        return false;
    };
    bytes.len() == 9 && is_lettered && (a + c + e + 2 * (b + d + f)) % 10 == *check
}
