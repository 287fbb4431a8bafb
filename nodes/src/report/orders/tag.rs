//! The tag of an asset, such as `P-101`, and where a text names it in one of its usual spellings.
//!
//! A tag is runs of letters and digits; between two runs may stand one sign or blank or nothing, and capitals do not
//! count: `P-101`, `P101`, `p 101`, `P_101`. Numbers are compared digit by digit, so `P-0101` is another asset. Invariant:
//! a tag has a run of letters and one of digits.

use std::ops::Range;

use super::around::{Characters, Written, is_joint};

/// Letters before a number that are a word of English, so that a blank between the two parts them.
const WORDS: [&str; 30] = [
    "a", "all", "an", "and", "as", "at", "by", "do", "for", "go", "i", "if", "in", "is", "it", "last",
    "nearly", "new", "no", "of", "off", "on", "only", "or", "so", "the", "to", "up", "was", "with",
];

/// The tag of an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// Letters in capitals, or digits.
    runs: Vec<Vec<char>>,
}

impl Tag {
    /// The tag that a name is; none for a name without letters, without digits, or with anything but ASCII in it.
    pub(super) fn of(name: &str) -> Option<Tag> {
        let mut runs: Vec<Vec<char>> = Vec::new();
        let mut is_parted = true;
        for character in name.chars() {
            if !character.is_ascii_alphanumeric() {
                let is_double = is_parted;
                is_parted = true;
                if is_double || !(character == ' ' || is_joint(character)) {
                    return None;
                }
                continue;
            }
            let last = runs.last_mut().filter(|_| !is_parted);
            match last.filter(|run| run[0].is_ascii_digit() == character.is_ascii_digit()) {
                Some(run) => run.push(character.to_ascii_uppercase()),
                None => runs.push(vec![character.to_ascii_uppercase()]),
            }
            is_parted = false;
        }
        let has = |is_digit: bool| runs.iter().any(|run| run[0].is_ascii_digit() == is_digit);
        (has(true) && has(false) && !is_parted).then_some(Tag { runs })
    }

    /// True where a text is this tag and nothing else.
    pub(super) fn is(&self, text: &str) -> bool {
        let characters = Characters::of(text.trim());
        self.written_at(&characters, 0)
            .is_some_and(|written| written.end == characters.len())
    }

    /// The bytes of the first place of a text that names the asset.
    pub(super) fn find(&self, text: &str) -> Option<Range<usize>> {
        let characters = Characters::of(text);
        let written = (0..characters.len())
            .filter_map(|first| self.written_at(&characters, first))
            .find(|written| characters.holds(*written))?;
        Some(characters.byte(written.first)..characters.byte(written.end))
    }

    /// How it is written from a character on, whatever stands around it.
    fn written_at(&self, text: &Characters, first: usize) -> Option<Written> {
        let (mut at, mut is_joined) = (first, false);
        let mut before: Option<&[char]> = None;
        for run in &self.runs {
            if let Some(before) = before {
                let sign = text.at(at)?;
                let has_sign = sign == ' ' || is_joint(sign);
                // Two runs of one sort without anything between them are one.
                let is_alike = before[0].is_ascii_digit() == run[0].is_ascii_digit();
                if (is_alike && !has_sign) || (sign == ' ' && is_english(before)) {
                    return None;
                }
                at += usize::from(has_sign);
                is_joined |= has_sign && sign != ' ';
            }
            for character in run {
                let found = text.at(at)?;
                if found.to_ascii_uppercase() != *character {
                    return None;
                }
                at += 1;
            }
            let goes_on = |next: char| match run[0].is_ascii_digit() {
                true => next.is_numeric(),
                false => next.is_alphabetic(),
            };
            if text.at(at).is_some_and(goes_on) {
                return None;
            }
            before = Some(run);
        }
        Some(Written {
            first,
            end: at,
            is_joined,
        })
    }
}

fn is_english(run: &[char]) -> bool {
    let word: String = run.iter().map(char::to_ascii_lowercase).collect();
    WORDS.contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tag: &str, text: &str, expected: Option<&str>) {
        let tag = Tag::of(tag).unwrap();
        let found = tag.find(text);
        assert_eq!(found.map(|range| &text[range]), expected, "{text}");
    }

    #[test]
    fn a_tag_is_letters_and_digits() {
        for name in ["P-101", "p101", "2P-101A", "press 3", "K1-P-101"] {
            assert!(Tag::of(name).is_some(), "{name}");
        }
        for name in ["", "pump", "101", "P--101", "P-101-", "-P-101", "Ü-101", "P(101)"] {
            assert_eq!(Tag::of(name), None, "{name}");
        }
    }

    #[test]
    fn a_tag_is_found_in_its_usual_spellings() {
        for text in [
            "P-101",
            "P101",
            "p 101",
            "p_101",
            "P/101",
            "P.101",
            "P\u{2011}101",
            "P\u{2013}101",
        ] {
            check("P-101", text, Some(text));
            assert!(Tag::of("P101").unwrap().is(text), "{text}");
        }
        check("P-101", "replaced seal (p-101), ok", Some("p-101"));
        check("P-101", "P-100/P-101/P-102 inspected", Some("P-101"));
        check("P-101", "P-101/102 greased", Some("P-101"));
        check("P-101", "P-101's bearing", Some("P-101"));
        check("P-101", "P-101-bearing changed", Some("P-101"));
        check("P-101", "P-101.", Some("P-101"));
        check("P-101A", "p 101 a leaking", Some("p 101 a"));
        check("P-101A", "P-101A/B swapped", Some("P-101A"));
    }

    #[test]
    fn a_tag_within_a_longer_one_is_another_asset() {
        for text in [
            "P-1010",
            "P-10",
            "P-1011",
            "AP-101",
            "A-P-101",
            "P-101A",
            "P-101 A",
            "P-101-2",
            "P-101-M1",
            "P-101/A",
            "P-101.5",
            "P-0101",
            "P--101",
            "P - 101",
            "PP101",
            "XP 101",
            "P-101_2",
            "K/P-101",
            "P-100..P-101x",
            "P-1 01",
            "\u{420}-101",
            "P-101\u{661}",
        ] {
            check("P-101", text, None);
        }
        check("P-101A", "P-101 inspected", None);
        check("P-10", "P-101 and P-1", None);
    }

    #[test]
    fn a_measured_value_or_a_thread_is_no_tag() {
        for (tag, text) in [
            ("P-10", "set p 10 bar"),
            ("P-10", "P10 kPa"),
            ("T-90", "T 90 degC"),
            ("T-90", "t 90°"),
            ("M-10", "M10 bolt sheared"),
            ("M-10", "m10 x 40 bolts"),
            ("A-1", "replaced a 1 inch hose"),
            ("G-1", "G1/2 fitting"),
            ("NO-1", "pump no 1 greased"),
            ("V-24", "V 24 V supply"),
        ] {
            check(tag, text, None);
        }
        check("P-10", "P-10 bar graph missing", Some("P-10"));
    }

    #[test]
    fn a_machine_that_is_only_compared_with_is_not_the_one() {
        for text in [
            "same as P-101",
            "next to the P-101",
            "not P-101",
            "swap instead of P-101",
            "see P-101",
        ] {
            check("P-101", text, None);
        }
        check("P-101", "not working P-101", Some("P-101"));
    }
}
