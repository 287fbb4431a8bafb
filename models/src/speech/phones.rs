//! Phones of American English, and their places among the outputs of a net.
//!
//! # Source
//! The symbols of the CMU Pronouncing Dictionary, a subset of ARPAbet: Klatt 1977, "Review of the ARPA speech
//! understanding project", table I.

/// The phones, in the order of the outputs of nets, where the blank stands before them.
pub const PHONES: [&str; 39] = [
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY",
    "JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y",
    "Z", "ZH",
];

/// The place of the blank.
pub const BLANK: usize = 0;

/// Outputs of a net: the blank and the phones.
pub const OUTPUTS: usize = PHONES.len() + 1;

/// The place of a phone among the outputs. Small letters are taken too, and the digit of its stress is left out.
pub fn place(phone: &str) -> Option<u8> {
    let bare = phone.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let found = PHONES.iter().position(|known| known.eq_ignore_ascii_case(bare))?;
    u8::try_from(found + 1).ok()
}

/// The places of phones that are apart by blanks.
///
/// # Errors
/// The first that is none.
pub fn places(phones: &str) -> Result<Vec<u8>, &str> {
    phones
        .split_whitespace()
        .map(|phone| place(phone).ok_or(phone))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_have_their_places_whatever_their_stress() {
        assert_eq!(places("L AA1 t ey0"), Ok(vec![21, 1, 31, 13]));
        assert_eq!(places("  "), Ok(Vec::new()));
        assert_eq!(places("L XX EY"), Err("XX"));
        assert!(PHONES.is_sorted());
    }
}
