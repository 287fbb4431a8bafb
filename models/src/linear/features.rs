//! From the terms of a text to weighted numbers of length 1.
//!
//! The value of a term that is in a text `tf` times is `(1 + ln tf) (1 + ln((1 + n) / (1 + df)))`, where `df` of the `n`
//! texts that were learnt from have it; the values of a text are divided by their length. A term that none of them has
//! is worth nothing.
//!
//! # Source
//! Salton and Buckley 1988, "Term-weighting approaches in automatic text retrieval"; the weights are those of
//! scikit-learn's `TfidfVectorizer` with `sublinear_tf`.

use half::f16;

use super::Terms;

/// What counts the terms of a text, allocated once: reading a text allocates nothing.
#[derive(Clone, Debug)]
pub struct Scratch {
    /// How often each row was met; all zero between two texts.
    counts: Vec<u32>,
    /// The rows that were met, each once.
    met: Vec<u32>,
}

/// What a text was read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Different terms that the model knows; without any, its margins say nothing of the text.
    pub known: usize,
    /// True where the text has more words than are read.
    pub is_cut: bool,
}

impl Scratch {
    /// Room for the terms of any text.
    pub fn new(terms: &Terms) -> Self {
        Self {
            counts: vec![0; terms.rows],
            met: Vec::with_capacity(terms.rows),
        }
    }

    /// Bytes that [`Scratch::new`] allocates.
    pub fn bytes(terms: &Terms) -> usize {
        2 * size_of::<u32>() * terms.rows
    }

    /// Counts the terms of a text.
    fn count(&mut self, terms: &Terms, text: &str) -> bool {
        let Self { counts, met } = self;
        met.clear();
        terms.each(text, |row| {
            if counts[row] == 0 {
                // Rows are at most `ROWS_MAX`.
                met.push(u32::try_from(row).unwrap_or(u32::MAX));
            }
            counts[row] = counts[row].saturating_add(1);
        })
    }

    /// Makes all counts zero again.
    fn clear(&mut self) {
        for row in &self.met {
            self.counts[*row as usize] = 0;
        }
    }
}

/// The weight of each row: how rare its terms are among texts, rounded to what a file stores. Rows that no text has are 0.
///
/// # Shapes
/// `[rows]`.
pub fn rarity<'a>(terms: &Terms, texts: impl IntoIterator<Item = &'a str>) -> Vec<f32> {
    let mut scratch = Scratch::new(terms);
    let mut having = vec![0_u32; terms.rows];
    let mut count = 0_u32;
    for text in texts {
        scratch.count(terms, text);
        count = count.saturating_add(1);
        for row in &scratch.met {
            having[*row as usize] += 1;
        }
        scratch.clear();
    }
    let weight = |having: u32| match having {
        0 => 0.0,
        _ => {
            let rarity = 1.0 + ((1.0 + f64::from(count)) / (1.0 + f64::from(having))).ln();
            f16::from_f64(rarity).to_f32()
        }
    };
    having.into_iter().map(weight).collect()
}

/// Calls `each` with the rows of a text that have a weight, and their values, which have the length 1 together.
///
/// # Panics
/// `idf` or `scratch` are of another table.
pub fn values(
    terms: &Terms,
    idf: &[f32],
    (text, scratch): (&str, &mut Scratch),
    mut each: impl FnMut(usize, f32),
) -> Seen {
    assert_eq!((idf.len(), scratch.counts.len()), (terms.rows, terms.rows));
    let is_cut = scratch.count(terms, text);
    let value = |row: u32| {
        let row = row as usize;
        (row, (1.0 + (scratch.counts[row] as f32).ln()) * idf[row])
    };
    let square: f32 = scratch.met.iter().map(|row| value(*row).1.powi(2)).sum();
    let mut known = 0;
    if square > 0.0 {
        let length = square.sqrt();
        for (row, value) in scratch.met.iter().map(|row| value(*row)) {
            if value > 0.0 {
                known += 1;
                each(row, value / length);
            }
        }
    }
    scratch.clear();
    Seen { known, is_cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms {
        rows: 1 << 12,
        grams: 1,
        run_min: 3,
        run_max: 0,
        words_max: 100,
    };

    fn found(idf: &[f32], text: &str, scratch: &mut Scratch) -> (Vec<f32>, Seen) {
        let mut found = Vec::new();
        let seen = values(&TERMS, idf, (text, scratch), |_, value| found.push(value));
        (found, seen)
    }

    #[test]
    fn values_are_those_of_the_closed_form() {
        // `a` is in both texts, `b` in one: 1 + ln(3/3) and 1 + ln(3/2).
        let idf = rarity(&TERMS, ["a b a", "a"]);
        let mut scratch = Scratch::new(&TERMS);
        let (found, seen) = found(&idf, "b A c a a", &mut scratch);
        let (a, b) = ((1.0 + 3.0_f32.ln()), 1.0 + 1.5_f32.ln());
        let length = (a * a + b * b).sqrt();
        // 16-bit weights are right to 11 bits.
        assert!((found[0] - b / length).abs() < 5e-4, "{found:?}");
        assert!((found[1] - a / length).abs() < 5e-4, "{found:?}");
        assert_eq!((found.len(), seen.known, seen.is_cut), (2, 2, false));
        assert!((found.iter().map(|value| value * value).sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn one_text_leaves_nothing_behind_for_the_next() {
        let idf = rarity(&TERMS, ["a b"]);
        let mut scratch = Scratch::new(&TERMS);
        let first = found(&idf, "a a b", &mut scratch);
        let (nothing, seen) = found(&idf, "x y", &mut scratch);
        assert_eq!((nothing.len(), seen.known), (0, 0));
        assert_eq!(found(&idf, "a a b", &mut scratch), first);
    }
}
