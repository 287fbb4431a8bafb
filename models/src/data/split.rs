//! Splits that keep whole groups on one side, with about the same mix of classes on each.
//!
//! Groups are shuffled by the seed, then dealt from the largest to the smallest, each to the side where it brings the
//! shares of all classes nearest to what is wanted; then single groups change sides as long as that helps.
//!
//! # Source
//! The greedy dealing is that of `StratifiedGroupKFold` in scikit-learn 0.24, 2021; stratification by rare classes as
//! well follows Sechidis, Tsoumakas and Vlahavas, "On the Stratification of Multi-Label Data", 2011.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::{Example, Place, Side};

/// Most times that all groups are tried on other sides.
const ROUNDS_MAX: usize = 8;

/// The class that every row has.
const EVERY_ROW: usize = 0;

/// What may not be on two sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SplitBy {
    /// Examples of one group.
    Group {
        /// The field that groups were read from, as in `speaker`; it is only named.
        field: String,
    },
    /// Nothing: rows are dealt one by one. Figures then promise too much where rows of one source are alike.
    RowsAtRisk,
    /// Nothing is drawn: each row says its side itself.
    Given,
}

/// Indices of the examples on either side, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Split {
    /// Those to learn from.
    pub train: Vec<usize>,
    /// Those to judge by.
    pub valid: Vec<usize>,
}

impl Split {
    /// Returns the examples of either side; indices beyond them are left out.
    pub fn take<E: Clone>(&self, examples: &[E]) -> (Vec<E>, Vec<E>) {
        let pick = |side: &[usize]| {
            let found = side.iter().filter_map(|index| examples.get(*index));
            found.cloned().collect()
        };
        (pick(&self.train), pick(&self.valid))
    }
}

/// Why examples are not split.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// Examples do not say which group they are of.
    #[error("{count} examples have no `{field}`, the first is {place}; without groups, ask for rows at risk")]
    NoGroup {
        /// The field of the group.
        field: String,
        /// Number of such examples.
        count: usize,
        /// The first of them.
        place: Place,
    },
    /// Examples do not say which side they are of.
    #[error("{count} examples have no `split`, the first is {place}")]
    NoSide {
        /// Number of such examples.
        count: usize,
        /// The first of them.
        place: Place,
    },
    /// There are fewer groups than sides.
    #[error("there are {found} groups, expected {expected} at least")]
    TooFewGroups {
        /// Number of groups, or of rows where rows are dealt.
        found: usize,
        /// Number of sides.
        expected: usize,
    },
    /// The share of validation is not between 0 and 1.
    #[error("the share of validation is {share}, expected more than 0 and less than 1")]
    Share {
        /// The share.
        share: f64,
    },
    /// Folds are fewer than two, or the rows say their sides themselves.
    #[error("expected two folds or more, drawn by group or by row")]
    Folds,
    /// A side has no example.
    #[error("the side `{side}` has no example")]
    EmptySide {
        /// The side.
        side: Side,
    },
}

/// Splits examples into training and validation; `share` is that of validation.
///
/// The same examples and seed give the same split.
///
/// # Errors
/// [`SplitError::NoGroup`], [`SplitError::NoSide`], [`SplitError::TooFewGroups`], [`SplitError::Share`],
/// [`SplitError::EmptySide`].
pub fn split<E: Example>(examples: &[E], by: &SplitBy, share: f64, seed: u64) -> Result<Split, SplitError> {
    if *by == SplitBy::Given {
        return given(examples);
    }
    if !(share > 0.0 && share < 1.0) {
        return Err(SplitError::Share { share });
    }
    let groups = Groups::of(examples, by)?;
    let sides = groups.deal(&[1.0 - share, share], seed)?;
    Ok(groups.pick(&sides, 1))
}

/// Splits examples into `count` parts and returns, for each, the split that judges by it.
///
/// # Errors
/// [`SplitError::NoGroup`], [`SplitError::TooFewGroups`], [`SplitError::Folds`].
pub fn folds<E: Example>(
    examples: &[E],
    by: &SplitBy,
    count: usize,
    seed: u64,
) -> Result<Vec<Split>, SplitError> {
    if count < 2 || *by == SplitBy::Given {
        return Err(SplitError::Folds);
    }
    let groups = Groups::of(examples, by)?;
    // Before the shares are listed, for `count` may be any number.
    groups.expect(count)?;
    let sides = groups.deal(&vec![1.0 / count as f64; count], seed)?;
    Ok((0..count).map(|fold| groups.pick(&sides, fold)).collect())
}

fn given<E: Example>(examples: &[E]) -> Result<Split, SplitError> {
    let mut without = examples.iter().filter(|example| example.side().is_none());
    if let Some(first) = without.next() {
        return Err(SplitError::NoSide {
            count: 1 + without.count(),
            place: first.place().clone(),
        });
    }
    let of = |side: Side| {
        let matching = (0..examples.len()).filter(|index| examples[*index].side() == Some(side));
        let matching: Vec<usize> = matching.collect();
        if matching.is_empty() {
            Err(SplitError::EmptySide { side })
        } else {
            Ok(matching)
        }
    };
    Ok(Split {
        train: of(Side::Train)?,
        valid: of(Side::Valid)?,
    })
}

/// What is dealt in one piece.
#[derive(Debug, Default)]
struct Group {
    rows: Vec<usize>,
    /// How often each class and each name of a span is in it.
    counts: BTreeMap<usize, f64>,
}

/// All groups, in the order of their names or rows.
struct Groups {
    groups: Vec<Group>,
    /// How often each class is there.
    totals: Vec<f64>,
    row_count: usize,
}

impl Groups {
    fn of<E: Example>(examples: &[E], by: &SplitBy) -> Result<Self, SplitError> {
        let groups = match by {
            SplitBy::Group { field } => by_name(examples, field)?,
            SplitBy::RowsAtRisk | SplitBy::Given => (0..examples.len()).map(|row| vec![row]).collect(),
        };
        // Labels and names of spans may be the same words.
        let mut classes: BTreeMap<(bool, &str), usize> = BTreeMap::new();
        let mut totals = vec![0.0; EVERY_ROW + 1];
        let mut counted = Vec::with_capacity(groups.len());
        for rows in groups {
            let mut group = Group {
                rows,
                counts: BTreeMap::new(),
            };
            for row in &group.rows {
                let example = &examples[*row];
                let label = (true, example.label().unwrap_or_default());
                let spans = example.span_names().into_iter().map(|name| (false, name));
                let mut present = vec![EVERY_ROW];
                for name in spans.chain([label]) {
                    let class = *classes.entry(name).or_insert_with(|| {
                        totals.push(0.0);
                        totals.len() - 1
                    });
                    present.push(class);
                }
                for class in present {
                    *group.counts.entry(class).or_default() += 1.0;
                    totals[class] += 1.0;
                }
            }
            counted.push(group);
        }
        Ok(Self {
            groups: counted,
            totals,
            row_count: examples.len(),
        })
    }

    fn expect(&self, sides: usize) -> Result<(), SplitError> {
        if self.groups.len() < sides {
            return Err(SplitError::TooFewGroups {
                found: self.groups.len(),
                expected: sides,
            });
        }
        Ok(())
    }

    /// Returns the side of each group; every side has one at least.
    fn deal(&self, shares: &[f64], seed: u64) -> Result<Vec<usize>, SplitError> {
        self.expect(shares.len())?;
        let order = self.order(seed);
        let mut table = Table::new(&self.totals, shares);
        let mut sides = vec![0; self.groups.len()];
        for group in &order {
            let side = table.best(&self.groups[*group]);
            table.add(side, &self.groups[*group]);
            sides[*group] = side;
        }
        self.fill(&mut table, &mut sides, &order);
        for _ in 0..ROUNDS_MAX {
            if !self.improve(&mut table, &mut sides, &order) {
                break;
            }
        }
        Ok(sides)
    }

    /// Returns the groups from the largest to the smallest, equally large ones shuffled.
    fn order(&self, seed: u64) -> Vec<usize> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        for last in (1..order.len()).rev() {
            let below = last as u64 + 1;
            // The remainder is less than the length of `order`.
            let drawn = usize::try_from(random.next_u64() % below).unwrap_or_default();
            order.swap(last, drawn);
        }
        order.sort_by_key(|group| std::cmp::Reverse(self.groups[*group].rows.len()));
        order
    }

    /// Gives each empty side the smallest group of a side that has several.
    fn fill(&self, table: &mut Table<'_>, sides: &mut [usize], order: &[usize]) {
        for side in 0..table.sides.len() {
            if table.sides[side].groups > 0 {
                continue;
            }
            let spare = order
                .iter()
                .rev()
                .find(|group| table.sides[sides[**group]].groups > 1);
            if let Some(group) = spare {
                table.remove(sides[*group], &self.groups[*group]);
                table.add(side, &self.groups[*group]);
                sides[*group] = side;
            }
        }
    }

    /// Moves single groups where that helps; true if any was moved.
    fn improve(&self, table: &mut Table<'_>, sides: &mut [usize], order: &[usize]) -> bool {
        const GAIN_MIN: f64 = 1e-12;
        let mut is_moved = false;
        for index in order {
            let (from, group) = (sides[*index], &self.groups[*index]);
            if table.sides[from].groups < 2 {
                continue;
            }
            table.remove(from, group);
            let to = table.best(group);
            let is_better = table.cost(to, group) < table.cost(from, group) - GAIN_MIN;
            let side = if is_better { to } else { from };
            table.add(side, group);
            sides[*index] = side;
            is_moved |= is_better;
        }
        is_moved
    }

    fn pick(&self, sides: &[usize], valid: usize) -> Split {
        let mut is_valid = vec![false; self.row_count];
        for (group, side) in self.groups.iter().zip(sides) {
            for row in &group.rows {
                is_valid[*row] = *side == valid;
            }
        }
        let (valid, train) = (0..self.row_count).partition(|row| is_valid[*row]);
        Split { train, valid }
    }
}

fn by_name<E: Example>(examples: &[E], field: &str) -> Result<Vec<Vec<usize>>, SplitError> {
    let mut without = examples.iter().filter(|example| example.group().is_none());
    if let Some(first) = without.next() {
        return Err(SplitError::NoGroup {
            field: field.to_owned(),
            count: 1 + without.count(),
            place: first.place().clone(),
        });
    }
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, example) in examples.iter().enumerate() {
        groups
            .entry(example.group().unwrap_or_default())
            .or_default()
            .push(row);
    }
    Ok(groups.into_values().collect())
}

/// What the sides hold so far, and how far that is from what is wanted.
struct Table<'a> {
    totals: &'a [f64],
    sides: Vec<Holding>,
}

struct Holding {
    share: f64,
    counts: Vec<f64>,
    groups: usize,
}

impl<'a> Table<'a> {
    fn new(totals: &'a [f64], shares: &[f64]) -> Self {
        let holding = |share: &f64| Holding {
            share: *share,
            counts: vec![0.0; totals.len()],
            groups: 0,
        };
        Self {
            totals,
            sides: shares.iter().map(holding).collect(),
        }
    }

    fn add(&mut self, side: usize, group: &Group) {
        let side = &mut self.sides[side];
        side.groups += 1;
        for (class, count) in &group.counts {
            side.counts[*class] += count;
        }
    }

    fn remove(&mut self, side: usize, group: &Group) {
        let side = &mut self.sides[side];
        side.groups -= 1;
        for (class, count) in &group.counts {
            side.counts[*class] -= count;
        }
    }

    /// Returns the side that a group costs least, the first of equals.
    fn best(&self, group: &Group) -> usize {
        let costs = (0..self.sides.len()).map(|side| (side, self.cost(side, group)));
        let best = costs.min_by(|(_, one), (_, two)| one.total_cmp(two));
        best.map_or(0, |(side, _)| side)
    }

    /// Returns by how much the squared distance from the wanted shares grows: the number of rows weighs as much as the
    /// mean of all classes.
    fn cost(&self, side: usize, group: &Group) -> f64 {
        let side = &self.sides[side];
        let class_count = (self.totals.len() - 1).max(1) as f64;
        let grown = |(class, count): (&usize, &f64)| {
            let weight = if *class == EVERY_ROW {
                1.0
            } else {
                1.0 / class_count
            };
            let (held, more) = (
                side.counts[*class] / self.totals[*class],
                count / self.totals[*class],
            );
            weight * more * (2.0 * (held - side.share) + more)
        };
        group.counts.iter().map(grown).sum()
    }
}

#[cfg(test)]
mod tests;
