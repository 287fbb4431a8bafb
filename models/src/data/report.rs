//! What stands out in the two sides of a split, before anything is learnt.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use serde::Serialize;

use super::classes::counts;
use super::{Example, Place, near_duplicates, normalise};

/// Most pairs and names that a report lists; it counts all.
const LISTED_MAX: usize = 10;

/// Examples of a label, or spans of a name, on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LabelCount {
    /// The label or name.
    pub label: String,
    /// Number on the side of training.
    pub train: usize,
    /// Number on the side of validation.
    pub valid: usize,
}

/// Two rows that are the same or nearly so.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// The row of training.
    pub train: Place,
    /// The row of validation.
    pub valid: Place,
    /// How much they have in common, to 1.
    pub jaccard: f64,
}

/// Rows of validation that training has as well.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Crossing {
    /// Number of rows of validation.
    pub rows: usize,
    /// The first ten of them, each with a row of training.
    pub pairs: Vec<Pair>,
}

/// The longest text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LongestText {
    /// Its length in characters.
    pub characters: usize,
    /// Where it is.
    pub place: Place,
}

/// What stands out in the two sides of a split.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataReport {
    /// Rows of training.
    pub train_rows: usize,
    /// Rows of validation.
    pub valid_rows: usize,
    /// Examples of each class: those of the recipe in its order, then others by name.
    pub labels: Vec<LabelCount>,
    /// Spans of each name, by name.
    pub spans: Vec<LabelCount>,
    /// Spans of both sides that are not learnt, because they lie within others or around them: of training, of validation.
    pub untagged: [usize; 2],
    /// Size of the largest class of training over that of the smallest that has examples.
    pub imbalance: Option<f64>,
    /// Classes of the recipe without an example in training.
    pub without_examples: Vec<String>,
    /// Labels and names of spans that only validation has.
    pub only_in_valid: Vec<String>,
    /// Rows of validation whose text, case and punctuation aside, or whose file is in training as well.
    pub equal: Crossing,
    /// Further rows of validation whose text is nearly that of a row of training.
    pub near: Crossing,
    /// Rows of training whose text has another label in an earlier row of training.
    pub contradictions: usize,
    /// Number of groups that are on both sides.
    pub groups_on_both_sides: usize,
    /// The first ten of them, by name.
    pub crossing_groups: Vec<String>,
    /// Rows of both sides without a group.
    pub rows_without_group: usize,
    /// The longest text of both sides.
    pub longest: Option<LongestText>,
    /// Share of rows of training without a label, from 0 to 1.
    pub train_unlabelled: f64,
    /// Share of rows of validation without a label, from 0 to 1.
    pub valid_unlabelled: f64,
}

impl DataReport {
    /// True if validation shares texts, files or groups with training, so that its figures promise too much.
    pub fn leaks(&self) -> bool {
        self.equal.rows > 0 || self.near.rows > 0 || self.groups_on_both_sides > 0
    }
}

/// Compares two sides; `known` are the classes of the recipe, if it names them.
pub fn inspect<E: Example>(train: &[E], valid: &[E], known: Option<&[String]>) -> DataReport {
    let labels = label_counts(known.unwrap_or_default(), train, valid, |example| {
        example.label().into_iter().collect()
    });
    let spans = label_counts(&[], train, valid, |example| example.span_names());
    let only_in_valid = labels
        .iter()
        .chain(&spans)
        .filter(|count| count.train == 0 && count.valid > 0);
    let only_in_valid = only_in_valid.map(|count| count.label.clone()).collect();
    let sizes = || labels.iter().map(|count| count.train).filter(|count| *count > 0);
    let imbalance = sizes()
        .max()
        .zip(sizes().min())
        .map(|(largest, smallest)| largest as f64 / smallest as f64);
    let has_none = |name: &&String| !train.iter().any(|example| example.label() == Some(name));
    let without_examples = known
        .unwrap_or_default()
        .iter()
        .filter(has_none)
        .cloned()
        .collect();
    let texts = Texts::of(train, valid);
    let (equal, near) = texts.crossings(train, valid);
    let groups: BTreeSet<&str> = train.iter().filter_map(Example::group).collect();
    let crossing: BTreeSet<&str> = valid
        .iter()
        .filter_map(Example::group)
        .filter(|group| groups.contains(group))
        .collect();
    let both = || train.iter().chain(valid);
    DataReport {
        untagged: [train, valid].map(|side| side.iter().map(Example::untagged).sum()),
        train_rows: train.len(),
        valid_rows: valid.len(),
        imbalance,
        without_examples,
        only_in_valid,
        equal,
        near,
        contradictions: texts.contradictions(train),
        groups_on_both_sides: crossing.len(),
        crossing_groups: crossing
            .iter()
            .take(LISTED_MAX)
            .map(|group| (*group).to_owned())
            .collect(),
        rows_without_group: both().filter(|example| example.group().is_none()).count(),
        longest: longest(both()),
        train_unlabelled: unlabelled(train),
        valid_unlabelled: unlabelled(valid),
        labels,
        spans,
    }
}

fn label_counts<E: Example>(
    known: &[String],
    train: &[E],
    valid: &[E],
    names: impl Fn(&E) -> Vec<&str>,
) -> Vec<LabelCount> {
    let train = counts(train.iter().flat_map(&names));
    let valid = counts(valid.iter().flat_map(&names));
    let count = |counts: &BTreeMap<&str, usize>, name: &str| counts.get(name).copied().unwrap_or_default();
    let found: BTreeSet<&str> = train.keys().chain(valid.keys()).copied().collect();
    let is_new = |name: &&str| !known.iter().any(|known| known == name);
    let others = found.into_iter().filter(is_new);
    let all = known.iter().map(String::as_str).chain(others);
    all.map(|name| LabelCount {
        label: name.to_owned(),
        train: count(&train, name),
        valid: count(&valid, name),
    })
    .collect()
}

fn unlabelled<E: Example>(examples: &[E]) -> f64 {
    let without = examples
        .iter()
        .filter(|example| example.label().is_none())
        .count();
    without as f64 / examples.len().max(1) as f64
}

fn longest<'a, E: Example + 'a>(examples: impl Iterator<Item = &'a E>) -> Option<LongestText> {
    let mut longest: Option<LongestText> = None;
    for example in examples {
        let Some(text) = example.text() else { continue };
        let characters = text.chars().count();
        if longest
            .as_ref()
            .is_none_or(|longest| characters > longest.characters)
        {
            longest = Some(LongestText {
                characters,
                place: example.place().clone(),
            });
        }
    }
    longest
}

/// The texts of both sides as they are compared.
struct Texts {
    train: Vec<Option<String>>,
    valid: Vec<Option<String>>,
}

impl Texts {
    fn of<E: Example>(train: &[E], valid: &[E]) -> Self {
        let normalised = |examples: &[E]| {
            examples
                .iter()
                .map(|example| example.text().map(normalise))
                .collect()
        };
        Self {
            train: normalised(train),
            valid: normalised(valid),
        }
    }

    /// Returns the rows of validation that are in training: the same, and nearly the same.
    fn crossings<E: Example>(&self, train: &[E], valid: &[E]) -> (Crossing, Crossing) {
        let (mut texts, mut files) = (HashMap::new(), HashMap::new());
        for (index, (text, example)) in self.train.iter().zip(train).enumerate() {
            // A recording is its file: others may say the same.
            if let Some(file) = example.sha256() {
                files.entry(file).or_insert(index);
            } else if let Some(text) = text {
                texts.entry(text.as_str()).or_insert(index);
            }
        }
        let (mut equal, mut near) = (Crossing::default(), Crossing::default());
        let mut rest = Vec::new();
        for (index, (text, example)) in self.valid.iter().zip(valid).enumerate() {
            let twin = match (example.sha256(), text) {
                (Some(file), _) => files.get(file),
                (None, Some(text)) => texts.get(text.as_str()),
                (None, None) => None,
            };
            if let Some(twin) = twin {
                equal.add(&train[*twin], example, 1.0);
            } else if let (None, Some(text)) = (example.sha256(), text) {
                rest.push((index, text.as_str()));
            }
        }
        // Each text once, in the order of the rows.
        let mut rows: Vec<(usize, &str)> = self
            .train
            .iter()
            .enumerate()
            .filter_map(|(index, text)| text.as_deref().map(|text| (index, text)))
            .collect();
        rows.retain(|(index, text)| texts.get(text) == Some(index));
        let searched: Vec<&str> = rows.iter().map(|(_, text)| *text).collect();
        let wanted: Vec<&str> = rest.iter().map(|(_, text)| *text).collect();
        for found in near_duplicates(&wanted, &searched) {
            near.add(
                &train[rows[found.other].0],
                &valid[rest[found.text].0],
                found.jaccard,
            );
        }
        (equal, near)
    }

    fn contradictions<E: Example>(&self, train: &[E]) -> usize {
        let mut first: HashMap<&str, &str> = HashMap::new();
        let mut contradictions = 0;
        for (text, example) in self.train.iter().zip(train) {
            let (Some(text), Some(label), None) = (text, example.label(), example.sha256()) else {
                continue;
            };
            contradictions += usize::from(*first.entry(text).or_insert(label) != label);
        }
        contradictions
    }
}

impl Crossing {
    fn add<E: Example>(&mut self, train: &E, valid: &E, jaccard: f64) {
        self.rows += 1;
        if self.pairs.len() < LISTED_MAX {
            self.pairs.push(Pair {
                train: train.place().clone(),
                valid: valid.place().clone(),
                jaccard,
            });
        }
    }
}

impl fmt::Display for DataReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "rows: {} train, {} valid", self.train_rows, self.valid_rows)?;
        if self.train_unlabelled > 0.0 || self.valid_unlabelled > 0.0 {
            let (train, valid) = (100.0 * self.train_unlabelled, 100.0 * self.valid_unlabelled);
            writeln!(f, "without a label: {train:.1} % of train, {valid:.1} % of valid")?;
        }
        write_counts(f, "label", &self.labels)?;
        write_counts(f, "spans", &self.spans)?;
        if self.untagged != [0, 0] {
            let [train, valid] = self.untagged;
            writeln!(
                f,
                "spans within others or around them, not learnt: {train} in train, {valid} in valid"
            )?;
        }
        if let Some(imbalance) = self.imbalance {
            writeln!(f, "largest class over smallest: {imbalance:.1}")?;
        }
        if let Some(longest) = &self.longest {
            writeln!(
                f,
                "longest text: {} characters, {}",
                longest.characters, longest.place
            )?;
        }
        write_names(f, "classes without an example in train", &self.without_examples)?;
        write_names(f, "only in valid", &self.only_in_valid)?;
        if self.contradictions > 0 {
            writeln!(
                f,
                "same text, another label in train: {} rows",
                self.contradictions
            )?;
        }
        if self.rows_without_group > 0 {
            writeln!(f, "without a group: {} rows", self.rows_without_group)?;
        }
        write_crossing(f, "in train as well", &self.equal)?;
        write_crossing(f, "nearly in train as well", &self.near)?;
        if self.groups_on_both_sides > 0 {
            write!(f, "groups on both sides: {}", self.groups_on_both_sides)?;
            writeln!(f, ", as `{}`", self.crossing_groups.join("`, `"))?;
        }
        if self.leaks() {
            writeln!(
                f,
                "valid is not independent of train: its figures promise too much"
            )?;
        }
        Ok(())
    }
}

fn write_counts(f: &mut fmt::Formatter<'_>, title: &str, counts: &[LabelCount]) -> fmt::Result {
    if counts.is_empty() {
        return Ok(());
    }
    let lengths = counts.iter().map(|count| count.label.chars().count());
    let width = lengths.max().unwrap_or_default().clamp(title.len(), 40);
    writeln!(f, "{title:<width$}  {:>7}  {:>7}", "train", "valid")?;
    for count in counts {
        writeln!(
            f,
            "{:<width$}  {:>7}  {:>7}",
            count.label, count.train, count.valid
        )?;
    }
    Ok(())
}

fn write_names(f: &mut fmt::Formatter<'_>, title: &str, names: &[String]) -> fmt::Result {
    if names.is_empty() {
        return Ok(());
    }
    writeln!(f, "{title}: `{}`", names.join("`, `"))
}

fn write_crossing(f: &mut fmt::Formatter<'_>, title: &str, crossing: &Crossing) -> fmt::Result {
    if crossing.rows == 0 {
        return Ok(());
    }
    writeln!(f, "{title}: {} rows of valid", crossing.rows)?;
    for pair in &crossing.pairs {
        writeln!(f, "  {} and {} ({:.2})", pair.valid, pair.train, pair.jaccard)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
