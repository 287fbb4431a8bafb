//! An order as the net for work orders has met them: tags as `<id>`, numbers as `<num>`.
//!
//! In the texts that it learnt from these words stand for what would tell plant and machine. Invariant: a place in the
//! masked text has its place in the text as it came.

use std::ops::Range;

const TAG: &str = "<id>";
const NUMBER: &str = "<num>";

/// A text with words put in for others.
pub(super) struct Masked {
    /// The text.
    pub(super) text: String,
    /// What was put in, and what it stands for: bytes of the masked text, then of the text as it came.
    put: Vec<(Range<usize>, Range<usize>)>,
}

impl Masked {
    /// Masks what names the asset, where it does so by a tag, and every word with a digit in it.
    pub(super) fn of(text: &str, tag: Option<Range<usize>>) -> Masked {
        let mut masked = Masked {
            text: String::with_capacity(2 * text.len()),
            put: Vec::new(),
        };
        let (before, rest) = match &tag {
            Some(tag) => (tag.start, tag.end),
            None => (text.len(), text.len()),
        };
        masked.take(text, 0..before);
        if let Some(tag) = tag {
            masked.put(TAG, tag);
        }
        masked.take(text, rest..text.len());
        masked
    }

    /// Adds a part of the text, word by word.
    fn take(&mut self, text: &str, part: Range<usize>) {
        let mut start = part.start;
        for piece in text
            .get(part)
            .unwrap_or_default()
            .split_inclusive(char::is_whitespace)
        {
            let core = piece.trim_matches(|letter: char| !letter.is_alphanumeric());
            // The core is a part of the piece.
            let first = piece.find(core).unwrap_or(0);
            if !core.contains(|letter: char| letter.is_numeric()) {
                self.text.push_str(piece);
            } else {
                let is_number = core.chars().all(|letter| !letter.is_alphabetic());
                self.text.push_str(&piece[..first]);
                let end = start + first + core.len();
                self.put(if is_number { NUMBER } else { TAG }, start + first..end);
                self.text.push_str(&piece[first + core.len()..]);
            }
            start += piece.len();
        }
    }

    fn put(&mut self, word: &str, stands_for: Range<usize>) {
        let start = self.text.len();
        self.text.push_str(word);
        self.put.push((start..self.text.len(), stands_for));
    }

    /// Where a range of the masked text is in the text as it came. A word that was put in counts as a whole.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        let last = |at: usize| self.put.iter().take_while(|(put, _)| put.start < at).last();
        let start = match last(range.start + 1) {
            Some((put, original)) if range.start < put.end => original.start,
            Some((put, original)) => range.start - put.end + original.end,
            None => range.start,
        };
        let end = match last(range.end) {
            Some((put, original)) if range.end <= put.end => original.end,
            Some((put, original)) => range.end - put.end + original.end,
            None => range.end,
        };
        start..end
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_and_numbers_are_masked() {
        let text = "p 101: changed 2 seals, KX-4 (12.5 mm)";
        let masked = Masked::of(text, Some(0..5));
        assert_eq!(masked.text, "<id>: changed <num> seals, <id> (<num> mm)");
        let at = masked.text.find("seals").unwrap();
        assert_eq!(&text[masked.original(at..at + 5)], "seals");
        assert_eq!(&text[masked.original(0..4)], "p 101");
        let all = masked.text.len();
        assert_eq!(masked.original(0..all), 0..text.len());
    }

    proptest! {
        #[test]
        fn every_word_without_a_digit_keeps_its_place(text in "[a-c1-3,. é-]{0,60}") {
            let masked = Masked::of(&text, None);
            for word in masked.text.split(' ').filter(|word| !word.is_empty() && !word.contains('<')) {
                let start = word.as_ptr() as usize - masked.text.as_ptr() as usize;
                prop_assert_eq!(&text[masked.original(start..start + word.len())], word);
            }
        }
    }
}
