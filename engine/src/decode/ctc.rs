//! Greedy decoding of connectionist temporal classification.

/// A label and the frames that say it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Token {
    /// Its index among the labels; never the blank.
    pub label: usize,
    /// The first frame in which it is the best.
    pub start: usize,
    /// The frame behind the last one.
    pub end: usize,
    /// The mean of its scores over these frames, in the unit of the scores.
    pub score: f32,
}

/// The labels of the best path: the best label of each frame, repeats taken as one, blanks dropped.
///
/// Scores are `[frames, labels]`, of any kind that grows with likelihood: logits, or their softmax or its logarithm.
/// Of equal scores the first is the best; a frame without a score above minus infinity is blank, and NaN is not
/// above it. A last frame that is not complete is left out.
///
/// # Source
/// Graves, Fernandez, Gomez and Schmidhuber 2006, "Connectionist temporal classification", best path decoding
/// (equation 4) and the map of section 3.1.
///
/// ```
/// use motet_engine::decode::ctc;
///
/// // Frames of two labels and a blank, which comes last: a, a, blank, a.
/// let scores = [0.9, 0.1, 0.0, 0.7, 0.1, 0.2, 0.1, 0.1, 0.8, 0.5, 0.2, 0.3];
/// let spoken: Vec<(usize, usize)> = ctc::greedy(&scores, 3, 2).map(|token| (token.label, token.start)).collect();
/// assert_eq!(spoken, [(0, 0), (0, 3)]);
/// ```
pub fn greedy(scores: &[f32], labels: usize, blank: usize) -> Greedy<'_> {
    Greedy {
        scores,
        labels: labels.max(1),
        blank,
        frame: 0,
    }
}

/// Tokens in the order of their frames: what [`greedy`] returns.
#[derive(Clone, Debug)]
pub struct Greedy<'a> {
    scores: &'a [f32],
    labels: usize,
    blank: usize,
    frame: usize,
}

impl Greedy<'_> {
    /// The best label of a frame and its score; none behind the last frame.
    fn best(&self, frame: usize) -> Option<(usize, f32)> {
        let scores = self.scores.get(frame * self.labels..(frame + 1) * self.labels)?;
        let mut best = (self.blank, f32::NEG_INFINITY);
        for (label, score) in scores.iter().enumerate() {
            if *score > best.1 {
                best = (label, *score);
            }
        }
        Some(best)
    }
}

impl Iterator for Greedy<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let start = self.frame;
            let (label, mut sum) = self.best(start)?;
            self.frame += 1;
            if label == self.blank {
                continue;
            }
            while let Some((_, score)) = self.best(self.frame).filter(|(next, _)| *next == label) {
                sum += score;
                self.frame += 1;
            }
            let end = self.frame;
            let score = sum / (end - start) as f32;
            return Some(Token {
                label,
                start,
                end,
                score,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Frames whose best labels are those of a text; `-` is blank, and the last label.
    fn frames(text: &str) -> Vec<f32> {
        let label = |letter: char| "abc-".find(letter).unwrap();
        text.chars()
            .flat_map(|letter| (0..4).map(move |at| if at == label(letter) { -0.5 } else { -2.0 }))
            .collect()
    }

    fn text(scores: &[f32]) -> String {
        greedy(scores, 4, 3)
            .map(|token| char::from(b"abc"[token.label]))
            .collect()
    }

    #[test]
    fn the_paths_of_the_paper_are_read_as_in_the_paper() {
        // Section 3.1: B(a-ab-) = B(-aa--abb) = aab.
        assert_eq!(text(&frames("a-ab-")), "aab");
        assert_eq!(text(&frames("-aa--abb")), "aab");
        assert_eq!(text(&frames("")), "");
        assert_eq!(text(&frames("---")), "");
    }

    #[test]
    fn tokens_say_when_and_how_well() {
        let scores = [0.6, 0.1, 0.3, 0.8, 0.1, 0.1, 0.3, 0.2, 0.5, 0.1, 0.7, 0.2];
        let tokens: Vec<Token> = greedy(&scores, 3, 2).collect();
        let [first, second] = tokens[..] else {
            panic!("{tokens:?}")
        };
        assert_eq!((first.label, first.start, first.end), (0, 0, 2));
        assert_eq!((second.label, second.start, second.end), (1, 3, 4));
        assert!((first.score - 0.7).abs() < 1e-6 && (second.score - 0.7).abs() < 1e-6);
    }

    #[test]
    fn frames_without_a_best_label_are_blank() {
        let none = [f32::NAN, f32::NEG_INFINITY, f32::NAN];
        assert_eq!(greedy(&none, 3, 2).count(), 0);
        // Of equal scores the first counts; NaN beside a score does not hide it.
        let tokens: Vec<usize> = greedy(&[0.5, 0.5, 0.5, f32::NAN, 0.1, 0.0], 3, 2)
            .map(|token| token.label)
            .collect();
        assert_eq!(tokens, [0, 1]);
        assert_eq!(greedy(&[1.0, 2.0], 3, 2).count(), 0);
        assert_eq!(greedy(&[1.0, 2.0], 0, 0).count(), 0);
    }

    proptest! {
        #[test]
        fn any_path_is_read_as_by_dropping_repeats_and_then_blanks(path in "[abc-]{0,40}") {
            let mut letters: Vec<char> = path.chars().collect();
            letters.dedup();
            letters.retain(|letter| *letter != '-');
            let scores = frames(&path);
            prop_assert_eq!(text(&scores), letters.iter().collect::<String>());
            for token in greedy(&scores, 4, 3) {
                let letter = "abc".chars().nth(token.label);
                prop_assert!(path[token.start..token.end].chars().all(|other| Some(other) == letter));
                prop_assert!(path[..token.start].chars().last() != letter);
                prop_assert!(path[token.end..].chars().next() != letter);
                prop_assert!((token.score + 0.5).abs() < 1e-6);
            }
        }
    }
}
