//! Which part of a talk or a note belongs to which section.
//!
//! A note says it by its headings, where a list knows them. Everything else is told by a linear model: a short text as a whole;
//! of a longer one each piece by itself and its neighbours, so that changes of subject are found by the best path. It knows
//! nothing of what a section should hold. Invariant: stretches are in the order of the text, do not overlap, and each has a
//! place in it.

use std::ops::Range;

use super::context::sentences;

/// Pieces of a text of which a part is one section: a short talk about one subject has no more.
const WHOLE_PIECES_MAX: usize = 40;
/// Words of such a text.
const WHOLE_WORDS_MAX: usize = 600;
/// Neighbours on each side that a piece is told by.
const REACH: usize = 4;
/// What a change of section costs, in margins: a change must be worth the difference over a few pieces.
const CHANGE: f32 = 1.2;
/// The list of headings that comes along.
const HEADINGS: &str = include_str!("headings.tsv");

/// A stretch of a text that belongs to a section.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// The class: its number in the model.
    pub class: usize,
    /// Where, in bytes.
    pub range: Range<usize>,
    /// Whether a heading says so, and no model.
    pub is_headed: bool,
}

/// What scores a stretch for each class.
pub trait Scores {
    /// Classes that there are.
    fn classes(&self) -> usize;

    /// Writes the margin of a text for each class.
    fn margins(&mut self, text: &str, out: &mut [f32]);
}

/// Headings of notes, and the class that each stands for.
#[derive(Clone, Debug)]
pub struct Headings {
    /// Small letters and class, sorted.
    known: Vec<(String, usize)>,
}

impl Headings {
    /// The list that comes along, for classes of these names; lines of other classes are passed over.
    pub fn built_in(labels: &[String]) -> Headings {
        Headings::parse(HEADINGS, labels)
    }

    /// A list: a class, a tab, and a heading in a line; empty lines and those that begin with `#` are passed over.
    pub fn parse(text: &str, labels: &[String]) -> Headings {
        let mut known: Vec<(String, usize)> = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| {
                let (label, heading) = line.split_once('\t')?;
                let class = labels.iter().position(|known| known == label.trim())?;
                Some((heading.trim().to_lowercase(), class))
            })
            .collect();
        known.sort();
        known.dedup_by(|a, b| a.0 == b.0);
        Headings { known }
    }

    /// This list with the lines of another, as a hospital may have its own: its lines go first.
    ///
    /// # Errors
    /// The number of the first line that names no class of these, or no heading, and what is wrong with it.
    pub fn extended(&self, text: &str, labels: &[String]) -> Result<Headings, (usize, String)> {
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |message: String| Err((index + 1, format!("line {}: {message}", index + 1)));
            match line.split_once('\t') {
                None => return wrong("expected a header and a heading with a tab between".to_owned()),
                Some((_, heading)) if heading.trim().is_empty() => {
                    return wrong("the heading is empty".to_owned());
                }
                Some((label, _)) if !labels.iter().any(|known| known == label.trim()) => {
                    return wrong(format!("`{}` is no header of the model", label.trim()));
                }
                Some(_) => (),
            }
        }
        let mut known = Headings::parse(text, labels).known;
        known.extend(self.known.iter().cloned());
        // Stable, so that of two equal headings the one that was added stays.
        known.sort_by(|a, b| a.0.cmp(&b.0));
        known.dedup_by(|a, b| a.0 == b.0);
        Ok(Headings { known })
    }

    /// The class that a line begins a section of, and where what it says begins.
    fn of(&self, line: &str) -> Option<(usize, usize)> {
        let (heading, rest) = match line.find(':') {
            Some(colon) => (&line[..colon], colon + 1),
            // A line of capitals alone.
            None if line.chars().any(char::is_alphabetic) && !line.chars().any(char::is_lowercase) => {
                (line, line.len())
            }
            None => return None,
        };
        let heading = heading.trim().to_lowercase();
        let place = self
            .known
            .binary_search_by(|(known, _)| known.as_str().cmp(&heading))
            .ok()?;
        Some((self.known[place].1, rest))
    }
}

/// The stretches of a text by section.
pub fn stretches(text: &str, headings: &Headings, scores: &mut impl Scores) -> Vec<Stretch> {
    let mut found = Vec::new();
    for part in parts(text, headings) {
        match part.class {
            Some(class) => found.push(Stretch {
                class,
                range: part.range,
                is_headed: true,
            }),
            None => found.extend(by_model(text, part.range, scores)),
        }
    }
    found
}

/// A part of a text, and its class where a heading says so.
struct Part {
    class: Option<usize>,
    range: Range<usize>,
}

/// The parts of a text between headings; parts without a word are left out.
fn parts(text: &str, headings: &Headings) -> Vec<Part> {
    let mut parts = vec![Part {
        class: None,
        range: 0..0,
    }];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_end();
        let begins = headings.of(trimmed);
        let end = at + trimmed.len();
        match (begins, parts.last_mut()) {
            (Some((class, rest)), _) => parts.push(Part {
                class: Some(class),
                range: at + rest..end,
            }),
            (None, Some(part)) if !trimmed.is_empty() => part.range.end = end,
            (None, _) => (),
        }
        at += line.len();
    }
    parts.retain_mut(|part| {
        let said = text.get(part.range.clone()).unwrap_or_default();
        let before = said.len() - said.trim_start().len();
        part.range.start += before;
        said.chars().any(char::is_alphanumeric)
    });
    parts
}

fn by_model(text: &str, range: Range<usize>, scores: &mut impl Scores) -> Vec<Stretch> {
    let said = text.get(range.clone()).unwrap_or_default();
    let pieces: Vec<Range<usize>> = pieces(said)
        .into_iter()
        .map(|piece| range.start + piece.start..range.start + piece.end)
        .collect();
    let classes = scores.classes();
    if pieces.is_empty() || classes == 0 {
        return Vec::new();
    }
    let mut margins = vec![0.0; classes];
    if pieces.len() <= WHOLE_PIECES_MAX && said.split_whitespace().count() <= WHOLE_WORDS_MAX {
        scores.margins(said, &mut margins);
        return vec![Stretch {
            class: largest(&margins),
            range: pieces[0].start..pieces[pieces.len() - 1].end,
            is_headed: false,
        }];
    }
    let mut emissions = vec![0.0; pieces.len() * classes];
    for (place, row) in emissions.chunks_exact_mut(classes).enumerate() {
        let first = place.saturating_sub(REACH);
        let last = (place + REACH).min(pieces.len() - 1);
        let around = text
            .get(pieces[first].start..pieces[last].end)
            .unwrap_or_default();
        scores.margins(around, row);
    }
    joined(&pieces, &best_path(&emissions, classes))
}

/// Turns of a talk, or sentences.
fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut turns = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_end();
        let before = trimmed.len() - trimmed.trim_start().len();
        if before < trimmed.len() {
            found.push(at + before..at + trimmed.len());
            turns += usize::from(trimmed.split_once(':').is_some_and(|(name, _)| name.len() <= 24));
        }
        at += line.len();
    }
    match 2 * turns > found.len() && found.len() > 1 {
        true => found,
        false => sentences(text),
    }
}

/// The classes with the largest sum of margins less the costs of changes.
///
/// # Shapes
/// `emissions`: `[pieces, classes]`, at least one of each.
///
/// # Source
/// Viterbi 1967, with one cost for every change.
fn best_path(emissions: &[f32], classes: usize) -> Vec<usize> {
    let rows = emissions.len() / classes;
    let mut sums: Vec<f32> = emissions[..classes].to_vec();
    let mut from = vec![0_usize; rows * classes];
    for (row, scores) in emissions.chunks_exact(classes).enumerate().skip(1) {
        let best = largest(&sums);
        let changed = sums[best] - CHANGE;
        for (class, score) in scores.iter().enumerate() {
            let stays = sums[class] >= changed;
            from[row * classes + class] = if stays { class } else { best };
            sums[class] = score + if stays { sums[class] } else { changed };
        }
    }
    let mut path = vec![largest(&sums); rows];
    for row in (1..rows).rev() {
        path[row - 1] = from[row * classes + path[row]];
    }
    path
}

fn joined(pieces: &[Range<usize>], path: &[usize]) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    for (piece, class) in pieces.iter().zip(path) {
        match found.last_mut() {
            Some(last) if last.class == *class => last.range.end = piece.end,
            Some(_) | None => found.push(Stretch {
                class: *class,
                range: piece.clone(),
                is_headed: false,
            }),
        }
    }
    found
}

/// The first of the largest.
fn largest(values: &[f32]) -> usize {
    let better = |best: usize, next: usize| if values[next] > values[best] { next } else { best };
    (0..values.len()).fold(0, better)
}
