//! What stands around a name in a text, and whether it is a part of the name.
//!
//! `P-101` does not stand in `P-1010`, `AP-101`, `P-101-2` or `P-101A`, nor `pump 1` in `pump 1 bar`. Where it is not
//! certain it is said not to stand there: an order that is missed does less harm than one of another machine. Nothing
//! here knows the name itself. Invariant: answers depend on at most a few characters and words beside it.

/// Units that make a number before them a measured value.
const UNITS: [&str; 38] = [
    "a", "amp", "amps", "bar", "c", "cm", "days", "deg", "degc", "degrees", "ft", "h", "hour", "hours", "hr",
    "hrs", "hz", "inch", "kg", "km", "kn", "kpa", "kw", "kwh", "l", "litre", "litres", "m", "min", "mm",
    "mpa", "nm", "psi", "rpm", "s", "v", "volt", "volts",
];
/// What is fastened with a thread of a size such as `M10`.
const FASTENERS: [&str; 12] = [
    "bolt", "bolts", "nut", "nuts", "screw", "screws", "stud", "studs", "tap", "thread", "threads", "x",
];
/// What stands before a machine that an order is not about, the last word first.
const ELSEWHERE: [&[&str]; 16] = [
    &["not"],
    &["except"],
    &["excluding"],
    &["like"],
    &["near"],
    &["beside"],
    &["behind"],
    &["opposite"],
    &["see"],
    &["as"],
    &["to", "next"],
    &["to", "adjacent"],
    &["to", "similar"],
    &["to", "identical"],
    &["of", "instead"],
    &["than", "other"],
];
/// Shortest letters behind a hyphen that are a word of their own, as in `P-101-bearing`.
const WORD_MIN: usize = 4;

/// A text as characters, with the byte that each begins at.
pub(super) struct Characters {
    all: Vec<(usize, char)>,
    bytes: usize,
}

/// How a name is written in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// Its first character.
    pub(super) first: usize,
    /// The character behind its last.
    pub(super) end: usize,
    /// Whether a hyphen or another sign holds it together, so that no part of it is a measured value.
    pub(super) is_joined: bool,
}

impl Characters {
    pub(super) fn of(text: &str) -> Self {
        Self {
            all: text.char_indices().collect(),
            bytes: text.len(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn at(&self, index: usize) -> Option<char> {
        self.all.get(index).map(|(_, character)| *character)
    }

    /// The byte that a character begins at.
    pub(super) fn byte(&self, index: usize) -> usize {
        self.all.get(index).map_or(self.bytes, |(byte, _)| *byte)
    }

    /// True where a name stands there, and is not a part of a longer one, or mentioned as another machine.
    pub(super) fn holds(&self, written: Written) -> bool {
        self.may_begin(written.first) && self.may_end(written) && !self.is_elsewhere(written.first)
    }

    fn before(&self, index: usize, back: usize) -> Option<char> {
        index.checked_sub(back).and_then(|index| self.at(index))
    }

    fn may_begin(&self, first: usize) -> bool {
        let (Some(before), further) = (self.before(first, 1), self.before(first, 2)) else {
            return true;
        };
        if before.is_alphanumeric() {
            return false;
        }
        match before {
            // `P-100/P-101` are two, `K1/P-101` may be one.
            '/' => further.is_none_or(|further| !further.is_alphabetic()),
            _ if is_joint(before) => {
                further.is_none_or(|further| !further.is_alphanumeric() && further != before)
            }
            _ => true,
        }
    }

    fn may_end(&self, written: Written) -> bool {
        let end = written.end;
        let Some(next) = self.at(end) else { return true };
        if next.is_alphanumeric() {
            return false;
        }
        let follows = self.word(end + 1);
        match next {
            '%' | '°' | '"' => written.is_joined,
            '/' => self.is_tag(end + 1, &follows) || self.may_go_on_with(written, &follows),
            '.' => follows.is_empty() || (is_word(&follows, 2) && !self.goes_on(end + 1, &follows)),
            _ if is_joint(next) => {
                follows.is_empty() || (is_word(&follows, WORD_MIN) && !self.goes_on(end + 1, &follows))
            }
            ' ' => self.is_free(written, &follows),
            _ => true,
        }
    }

    /// What may stand behind a stroke: the number of the next in a list, or a further name.
    fn may_go_on_with(&self, written: Written, follows: &str) -> bool {
        let last = self.last_run(written);
        let alike =
            |is: fn(&char) -> bool| last.chars().all(|it| is(&it)) && follows.chars().all(|it| is(&it));
        match follows.chars().count() {
            0 => true,
            1 => last.chars().count() == 1 && alike(|it| it.is_alphabetic()),
            count if alike(|it| it.is_ascii_digit()) => count == last.chars().count(),
            _ => follows.starts_with(char::is_alphabetic) && follows.chars().count() > 2,
        }
    }

    /// Whether letters from a place on have a number behind them, as a tag has.
    fn is_tag(&self, from: usize, word: &str) -> bool {
        let end = from + word.chars().count();
        let has_number = word.contains(|letter: char| letter.is_ascii_digit())
            || (self.at(end) == Some('-') && self.at(end + 1).is_some_and(|letter| letter.is_ascii_digit()));
        word.starts_with(char::is_alphabetic) && has_number
    }

    /// Whether what stands behind a blank leaves the name as it is.
    fn is_free(&self, written: Written, follows: &str) -> bool {
        let mut letters = follows.chars();
        let is_letter =
            matches!((letters.next(), letters.next()), (Some(letter), None) if letter.is_alphabetic());
        let ends_in_letter = self.before(written.end, 1).is_some_and(char::is_alphabetic);
        if is_letter && !ends_in_letter {
            return false;
        }
        let follows = follows.to_lowercase();
        let is_measure = UNITS.contains(&follows.as_str()) || FASTENERS.contains(&follows.as_str());
        written.is_joined
            || ends_in_letter
            || !(is_measure || self.at(written.end + 1).is_some_and(|it| it == '°' || it == '%'))
    }

    /// The letters or the digits that a name ends with.
    fn last_run(&self, written: Written) -> String {
        let is_digit = self
            .before(written.end, 1)
            .is_some_and(|last| last.is_ascii_digit());
        let run = (written.first..written.end)
            .rev()
            .map_while(|index| self.at(index));
        run.take_while(|character| character.is_ascii_digit() == is_digit && character.is_alphanumeric())
            .collect()
    }

    /// The letters and digits from a place on.
    fn word(&self, from: usize) -> String {
        let characters = (from..self.len()).map_while(|index| self.at(index));
        characters
            .take_while(|character| character.is_alphanumeric())
            .collect()
    }

    /// Whether a word from a place on is joined to a further one.
    fn goes_on(&self, from: usize, word: &str) -> bool {
        let end = from + word.chars().count();
        let joint = self
            .at(end)
            .is_some_and(|character| character != '/' && is_joint(character));
        joint && self.at(end + 1).is_some_and(char::is_alphanumeric)
    }

    fn is_elsewhere(&self, first: usize) -> bool {
        let mut words = self.words_before(first);
        if words.first().is_some_and(|word| word == "the") {
            words.remove(0);
        }
        ELSEWHERE.iter().any(|phrase| {
            words.len() >= phrase.len() && words.iter().zip(*phrase).all(|(word, of)| word == of)
        })
    }

    /// The three words before a place, the last first, as far as blanks alone part them.
    fn words_before(&self, first: usize) -> Vec<String> {
        let mut words = Vec::new();
        let mut end = first;
        while words.len() < 3 {
            let Some(' ') = self.before(end, 1) else { break };
            let gap = (0..end)
                .rev()
                .take_while(|index| self.at(*index) == Some(' '))
                .count();
            let stop = end - gap;
            let letters = (0..stop)
                .rev()
                .take_while(|index| self.at(*index).is_some_and(char::is_alphabetic));
            let count = letters.count();
            if count == 0 {
                break;
            }
            let word = (stop - count..stop).filter_map(|index| self.at(index));
            words.push(word.flat_map(char::to_lowercase).collect());
            end = stop - count;
        }
        words
    }
}

/// True for what joins the parts of a name.
pub(super) fn is_joint(character: char) -> bool {
    matches!(
        character,
        '-' | '_' | '.' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}'
    )
}

/// True for letters alone, so many at least.
fn is_word(text: &str, least: usize) -> bool {
    text.chars().count() >= least && text.chars().all(char::is_alphabetic)
}
