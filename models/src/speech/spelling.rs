//! How a word may sound, by its letters: for words that no lexicon has.
//!
//! # Source
//! The way rules are written and tried is that of Elovitz, Johnson, McHugh and Shore 1976, "Letter-to-sound rules for
//! automatic translation of English text to phonetics"; the rules are our own, made with the lexicon that comes along at
//! hand. Of its 2,532 words they say 54 % as the CMU dictionary does, with 15 % of the phones wrong.

use super::phones::{place, places};

const RULES: &str = include_str!("../../lexicon/spelling.txt");
/// Endings that `%` stands for.
const ENDINGS: [&str; 7] = ["e", "er", "es", "ed", "en", "ing", "ely"];
/// Longest word that is tried, in letters.
const LETTERS_MAX: usize = 64;

/// The rules that come along.
#[derive(Clone, Debug)]
pub struct Spelling {
    rules: Vec<Rule>,
}

/// Letters between others, and their phones.
#[derive(Clone, Debug)]
struct Rule {
    /// What stands before, from right to left.
    before: Vec<u8>,
    letters: Vec<u8>,
    behind: Vec<u8>,
    phones: Vec<u8>,
}

impl Spelling {
    /// The rules that come along; a test reads them all.
    pub fn english() -> Self {
        let lines = RULES
            .lines()
            .filter(|line| !line.starts_with("# ") && !line.is_empty());
        Self {
            rules: lines.filter_map(Rule::parse).collect(),
        }
    }

    /// The phones that a word in small letters may be said with; none for one with other letters, or without a vowel.
    pub fn say(&self, word: &str) -> Option<Vec<u8>> {
        let letters = word.as_bytes();
        let is_letter = |letter: &u8| letter.is_ascii_lowercase() || *letter == b'\'';
        if letters.len() > LETTERS_MAX || !letters.iter().all(is_letter) {
            return None;
        }
        let reversed: Vec<u8> = letters.iter().rev().copied().collect();
        let (mut phones, mut at) = (Vec::new(), 0);
        while at < letters.len() {
            let (before, rest) = (&reversed[letters.len() - at..], &letters[at..]);
            match self.rules.iter().find(|rule| rule.fits(before, rest)) {
                Some(rule) => {
                    phones.extend_from_slice(&rule.phones);
                    at += rule.letters.len();
                }
                None => at += 1,
            }
        }
        let is_vowel = |phone: &u8| VOWELS.iter().any(|vowel| place(vowel) == Some(*phone));
        phones.iter().any(is_vowel).then_some(phones)
    }
}

/// Phones that a syllable has.
const VOWELS: [&str; 15] = [
    "AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW",
];

impl Rule {
    /// Reads `before[letters]behind = phones`.
    fn parse(line: &str) -> Option<Rule> {
        let (context, phones) = line.split_once(" =")?;
        let (before, rest) = context.split_once('[')?;
        let (letters, behind) = rest.split_once(']')?;
        Some(Rule {
            before: before.bytes().rev().collect(),
            letters: letters.as_bytes().to_vec(),
            behind: behind.as_bytes().to_vec(),
            phones: places(phones).ok()?,
        })
    }

    /// Whether it fits letters, and those before them from right to left.
    fn fits(&self, before: &[u8], rest: &[u8]) -> bool {
        rest.strip_prefix(self.letters.as_slice())
            .is_some_and(|behind| fits(&self.behind, behind) && fits(&self.before, before))
    }
}

fn is_vowel(letter: u8) -> bool {
    matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

/// Whether a pattern fits the beginning of letters.
fn fits(pattern: &[u8], letters: &[u8]) -> bool {
    let Some((first, pattern)) = pattern.split_first() else {
        return true;
    };
    let run = |of: &dyn Fn(u8) -> bool| letters.iter().take_while(|letter| of(**letter)).count();
    let next = |of: &dyn Fn(u8) -> bool| {
        letters
            .split_first()
            .is_some_and(|(letter, rest)| of(*letter) && fits(pattern, rest))
    };
    let is_consonant = |letter: u8| !is_vowel(letter) && letter != b'\'';
    match first {
        b'_' => letters.is_empty() && fits(pattern, letters),
        b'#' => (1..=run(&is_vowel)).any(|count| fits(pattern, &letters[count..])),
        b':' => (0..=run(&is_consonant)).any(|count| fits(pattern, &letters[count..])),
        b'^' => next(&is_consonant),
        b'.' => next(&|letter| b"bdvgjlmnrwz".contains(&letter)),
        b'+' => next(&|letter| b"eiy".contains(&letter)),
        b'%' => ENDINGS.iter().any(|ending| ending.as_bytes() == letters),
        letter => next(&|found| found == *letter),
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexicon::Lexicon;
    use super::super::phones::PHONES;
    use super::*;

    fn said(word: &str) -> String {
        let phones = Spelling::english().say(word).unwrap_or_default();
        let names: Vec<&str> = phones.iter().map(|phone| PHONES[*phone as usize - 1]).collect();
        names.join(" ")
    }

    #[test]
    fn every_rule_is_read() {
        let written = RULES
            .lines()
            .filter(|line| line.contains('[') && !line.starts_with("# "));
        assert_eq!(Spelling::english().rules.len(), written.count());
    }

    #[test]
    fn words_sound_as_their_letters() {
        for (word, expected) in [
            ("lamp", "L AE M P"),
            ("zone", "Z OW N"),
            ("thinking", "TH IH NG K IH NG"),
            ("beeper", "B IY P ER"),
            ("motion", "M OW SH AH N"),
            ("phone", "F OW N"),
            ("knight", "N AY T"),
            ("blender", "B L EH N D ER"),
            ("qumranet", "K AH M R AE N EH T"),
        ] {
            assert_eq!(said(word), expected, "{word}");
        }
        for word in ["xkcd", "", "'", "größe", "b2", "Lamp"] {
            assert_eq!(Spelling::english().say(word), None, "{word}");
        }
        assert!(Spelling::english().say(&"a".repeat(65)).is_none());
    }

    /// Edit distance.
    fn distance(a: &[u8], b: &[u8]) -> usize {
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, x) in a.iter().enumerate() {
            let mut before = row[0];
            row[0] = i + 1;
            for (j, y) in b.iter().enumerate() {
                let changed = before + usize::from(x != y);
                before = row[j + 1];
                row[j + 1] = changed.min(row[j] + 1).min(before + 1);
            }
        }
        row[b.len()]
    }

    #[test]
    fn most_phones_of_the_lexicon_are_found() {
        let (spelling, lexicon) = (Spelling::english(), Lexicon::builtin());
        let (mut wrong, mut all, mut exact, mut words) = (0, 0, 0_u32, 0_u32);
        for (word, ways) in lexicon.words() {
            let found = spelling.say(word).unwrap_or_default();
            let best = ways
                .iter()
                .map(|way| (distance(&found, way), way.len()))
                .min()
                .unwrap();
            wrong += best.0;
            all += best.1;
            exact += u32::from(best.0 == 0);
            words += 1;
        }
        let (wrong, exact) = (
            100.0 * wrong as f64 / all as f64,
            100.0 * f64::from(exact) / f64::from(words),
        );
        assert!(
            wrong < 15.5 && exact > 52.0,
            "{wrong:.1} % of phones wrong, {exact:.1} % of words right"
        );
    }
}
