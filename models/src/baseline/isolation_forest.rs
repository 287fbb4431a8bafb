//! An isolation forest: how few random cuts set a row apart from others.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::BaselineError;

/// Trees of a forest.
const TREES: usize = 100;
/// Rows of a tree, at most.
const SAMPLE: usize = 256;
/// Euler's constant.
const EULER: f64 = 0.577_215_664_901_532_9;

/// Random trees over rows of numbers.
///
/// # Source
/// Liu, Ting and Zhou (2008), "Isolation forest": 100 trees of 256 rows, cut to a depth of log2 256.
#[derive(Clone, Debug, PartialEq)]
pub struct IsolationForest {
    trees: Vec<Vec<Node>>,
    /// The mean depth of a row in a tree of the sample.
    depth: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Node {
    /// Rows below `at` go to `low`, the others to `high`.
    Cut {
        column: usize,
        at: f64,
        low: usize,
        high: usize,
    },
    /// The depth of what ends here, with that of the rows that were not cut further.
    Leaf(f64),
}

impl IsolationForest {
    /// A forest over rows.
    ///
    /// # Shapes
    /// `rows`: `[rows][columns]`.
    ///
    /// # Errors
    /// [`BaselineError::NoExamples`], [`BaselineError::Length`] for rows of other columns.
    pub fn train(rows: &[Vec<f64>], random: &mut ChaCha8Rng) -> Result<Self, BaselineError> {
        let columns = rows.first().ok_or(BaselineError::NoExamples)?.len();
        if let Some(row) = rows.iter().find(|row| row.len() != columns) {
            return Err(BaselineError::Length {
                what: "columns",
                expected: columns,
                found: row.len(),
            });
        }
        let size = rows.len().min(SAMPLE);
        let mut limit = 0;
        while 1 << limit < size {
            limit += 1;
        }
        let trees = (0..TREES).map(|_| {
            let mut order: Vec<usize> = (0..rows.len()).collect();
            for place in 0..size {
                let other = random.random_range(place..order.len());
                order.swap(place, other);
            }
            order.truncate(size);
            let mut nodes = Vec::new();
            grow(rows, &order, (0, limit), &mut nodes, random);
            nodes
        });
        Ok(Self {
            trees: trees.collect(),
            depth: mean_depth(size),
        })
    }

    /// How easily a row is set apart, from 0 to 1; 0.5 is where a row counts as anomalous.
    pub fn score(&self, row: &[f64]) -> f64 {
        let depths = self.trees.iter().map(|nodes| {
            let mut place = 0;
            loop {
                match nodes[place] {
                    Node::Leaf(depth) => return depth,
                    Node::Cut {
                        column,
                        at,
                        low,
                        high,
                    } => {
                        place = if row[column] < at { low } else { high };
                    }
                }
            }
        });
        let mean = depths.sum::<f64>() / TREES as f64;
        (-mean / self.depth * std::f64::consts::LN_2).exp()
    }
}

/// Adds the tree over some rows, and returns its place.
fn grow(
    rows: &[Vec<f64>],
    of: &[usize],
    (depth, limit): (usize, usize),
    nodes: &mut Vec<Node>,
    random: &mut ChaCha8Rng,
) -> usize {
    let place = nodes.len();
    nodes.push(Node::Leaf(depth as f64 + mean_depth(of.len())));
    let range = |column: usize| {
        let values = || of.iter().map(|row| rows[*row][column]);
        let low = values().fold(f64::INFINITY, f64::min);
        (low, values().fold(f64::NEG_INFINITY, f64::max))
    };
    let columns = of.first().map_or(0, |row| rows[*row].len());
    let uneven: Vec<usize> = (0..columns)
        .filter(|column| range(*column).0 < range(*column).1)
        .collect();
    if depth >= limit || of.len() < 2 || uneven.is_empty() {
        return place;
    }
    let column = uneven[random.random_range(0..uneven.len())];
    let (least, most) = range(column);
    let at = least + (most - least) * random.random::<f64>();
    let (below, above): (Vec<usize>, Vec<usize>) = of.iter().partition(|row| rows[**row][column] < at);
    let low = grow(rows, &below, (depth + 1, limit), nodes, random);
    let high = grow(rows, &above, (depth + 1, limit), nodes, random);
    nodes[place] = Node::Cut {
        column,
        at,
        low,
        high,
    };
    place
}

/// The mean depth at which one of so many rows is alone: that of a search in a random tree.
fn mean_depth(rows: usize) -> f64 {
    match rows {
        0 | 1 => 0.0,
        2 => 1.0,
        _ => {
            let last = rows as f64 - 1.0;
            2.0 * (last.ln() + EULER) - 2.0 * last / rows as f64
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn what_lies_far_off_is_set_apart_sooner() {
        let rows: Vec<Vec<f64>> = (0..400_u32)
            .map(|row| vec![f64::from(row * 37 % 101) / 101.0, f64::from(row * 61 % 89) / 89.0])
            .collect();
        let forest = IsolationForest::train(&rows, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        let (inside, outside) = (forest.score(&[0.5, 0.5]), forest.score(&[3.0, -2.0]));
        assert!(inside < 0.5 && outside > 0.6, "{inside} {outside}");
    }

    #[test]
    fn the_mean_depth_is_that_of_the_paper() {
        // Equation 1 of Liu et al.: c(256) = 10.2448, as their reference implementation has it.
        assert!((mean_depth(256) - 10.244_770).abs() < 1e-3);
    }

    #[test]
    fn nothing_to_learn_from_is_an_error() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        assert!(matches!(
            IsolationForest::train(&[], &mut random),
            Err(BaselineError::NoExamples)
        ));
        assert!(IsolationForest::train(&[vec![1.0], vec![]], &mut random).is_err());
    }
}
