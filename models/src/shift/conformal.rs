//! The limit of a score that normal rows choose: for a stated number of false alarms a day, or none where they are too few.

use super::settings::LessonSettings;
use super::{Beginning, LimitBy, Scorer, ShiftModel};

const DAY_S: f64 = 86_400.0;
/// The range of limits that a model may have.
const LIMITS: (f64, f64) = (0.5, 300.0);

/// A limit, how it was chosen, and what to tell people of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Choice {
    pub(super) limit: f64,
    pub(super) by: LimitBy,
    pub(super) remark: String,
}

/// The largest score of each row of a stream, of which the first `learnt` rows were learnt from: the means follow drift
/// after them.
///
/// # Shapes
/// `rows`: `[rows][sensors]`.
pub(super) fn scores<'a>(
    model: &ShiftModel,
    rows: impl Iterator<Item = &'a [f64]>,
    learnt: usize,
) -> Vec<f64> {
    let mut scorer = Scorer::new(model, Beginning::Full);
    rows.enumerate()
        .map(|(row, values)| {
            let scores = scorer.step(values.iter().map(|value| Some(*value)), row >= learnt);
            scores.iter().map(|score| score.score).fold(0.0, f64::max)
        })
        .collect()
}

/// Chooses a limit by the scores of normal rows that were not learnt from. Rows depend on each other, so the largest
/// scores of blocks count, not rows: a block of a normal day is beyond the limit with at most the stated chance.
///
/// # Source
/// Vovk, Gammerman and Shafer (2005), "Algorithmic learning in a random world": of n exchangeable scores and a new one, the
/// new one is above the ceil((1 - p)(n + 1))-th smallest with chance p at most; for p below 1/(n + 1) there is none.
pub(super) fn choose(scores: &[f64], period_s: f64, settings: &LessonSettings, nominal: f64) -> Choice {
    let block_rows = settings.block_rows.max(1);
    let mut largest: Vec<f64> = scores
        .chunks_exact(block_rows)
        .map(|block| block.iter().copied().fold(0.0, f64::max))
        .collect();
    largest.sort_by(f64::total_cmp);
    let blocks = largest.len();
    let per_day = DAY_S / (block_rows as f64 * period_s);
    let share = settings.false_alarms_per_day / per_day;
    let rank = ((1.0 - share) * (blocks as f64 + 1.0)).ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is a count, and what is below 1 becomes 0"
    )]
    let place = (rank as usize).saturating_sub(1);
    match largest.get(place) {
        Some(limit) if share < 1.0 => Choice {
            limit: limit.clamp(LIMITS.0, LIMITS.1),
            by: LimitBy::Conformal {
                false_alarms_per_day: settings.false_alarms_per_day,
                block_rows,
                blocks,
            },
            remark: format!(
                "the limit {:.2} is conformal: of {blocks} blocks of {block_rows} normal rows that were kept apart, so many \
                 stayed within it that at most {} blocks a day are expected beyond it, as long as days are as these blocks were",
                limit.clamp(LIMITS.0, LIMITS.1),
                settings.false_alarms_per_day
            ),
        },
        _ => Choice {
            limit: nominal,
            by: LimitBy::Nominal,
            remark: nominal_remark(nominal, (blocks, block_rows, per_day), settings),
        },
    }
}

fn nominal_remark(
    nominal: f64,
    (blocks, block_rows, per_day): (usize, usize, f64),
    settings: &LessonSettings,
) -> String {
    let needed = (per_day / settings.false_alarms_per_day - 1.0).ceil();
    let least = per_day / (blocks as f64 + 1.0);
    format!(
        "the limit {nominal} is nominal: a tail of 10^-{nominal} and no rate of false alarms. {} a day would need {needed} \
         blocks of {block_rows} normal rows beside those that were learnt from, and there are {blocks}, which say nothing \
         of less than {least:.1} a day",
        settings.false_alarms_per_day
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(false_alarms_per_day: f64) -> LessonSettings {
        let section = super::super::settings::lesson();
        let defaults = section.settings.into_iter().filter_map(|setting| {
            let value = setting.default?;
            Some((setting.name.to_owned(), value))
        });
        let mut values: serde_json::Map<String, serde_json::Value> = defaults.collect();
        values.insert("false_alarms_per_day".to_owned(), false_alarms_per_day.into());
        serde_json::from_value(values.into()).unwrap()
    }

    #[test]
    fn the_limit_is_the_block_of_the_stated_rank() {
        // 99 blocks of 120 rows of a second: 720 blocks a day, so 72 a day are a tenth, whose rank is 90 of 100.
        let scores: Vec<f64> = (0..99 * 120)
            .map(|row| {
                if row % 120 == 5 {
                    f64::from(1 + row / 120)
                } else {
                    0.0
                }
            })
            .collect();
        let choice = choose(&scores, 1.0, &settings(72.0), 6.5);
        assert_eq!(choice.limit.to_bits(), 90_f64.to_bits());
        assert!(matches!(choice.by, LimitBy::Conformal { blocks: 99, .. }));
    }

    #[test]
    fn too_few_blocks_leave_the_nominal_limit_and_say_so() {
        for (scores, rate) in [(vec![1.0; 9_005], 1.0), (vec![], 72.0), (vec![1.0; 9_005], 1e5)] {
            let choice = choose(&scores, 1.0, &settings(rate), 6.5);
            assert_eq!(
                (choice.limit.to_bits(), choice.by),
                (6.5_f64.to_bits(), LimitBy::Nominal)
            );
            assert!(
                choice.remark.contains("no rate of false alarms"),
                "{}",
                choice.remark
            );
        }
    }

    #[test]
    fn new_blocks_are_beyond_the_limit_no_more_often_than_stated() {
        // Scores that are exchangeable: a linear congruence through all residues.
        let mut state = 1_u64;
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let (mut beyond, mut new) = (0, 0);
        for _ in 0..200 {
            let scores: Vec<f64> = (0..60 * 120).map(|_| 10.0 * draw()).collect();
            let choice = choose(&scores, 1.0, &settings(36.0), 6.5);
            for _ in 0..20 {
                let block = (0..120).map(|_| 10.0 * draw()).fold(0.0, f64::max);
                beyond += u32::from(block > choice.limit);
                new += 1;
            }
        }
        // One in twenty is allowed; 4,000 draws are off by 0.4 points (one standard deviation within a choice) and more.
        let share = f64::from(beyond) / f64::from(new);
        assert!(share < 0.065, "{share}");
    }
}
