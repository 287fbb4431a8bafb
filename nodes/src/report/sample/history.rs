//! Flags, remaining life, changes and work orders of a random record.

use super::super::record::{Change, Evidence, Flag, FlagKind, Reason, RemainingLife, WorkOrder};
use super::{Maker, SNIPPETS};

impl Maker {
    pub(super) fn flags(&mut self, evidence: &[Evidence]) -> Vec<Flag> {
        let count = match (self.is_hostile, self.random.chance(0.6)) {
            (true, _) => self.random.below(17),
            (false, true) => 0,
            (false, false) => 1 + self.random.below(3),
        };
        let mut flags: Vec<Flag> = Vec::new();
        for _ in 0..count {
            let flag = Flag {
                kind: self.random.of(&FlagKind::ALL),
                sensor: self.random.chance(0.8).then(|| self.sensor()),
                seconds: self
                    .random
                    .chance(0.6)
                    .then(|| self.random.scaled(1.0, 400_000.0)),
            };
            let is_absent = flag.kind == FlagKind::MissingSensor && flag.seconds.is_none();
            let contradicts = is_absent
                && evidence
                    .iter()
                    .any(|it| flag.sensor.as_ref().is_none_or(|sensor| *sensor == it.sensor));
            let is_same = |other: &Flag| (other.kind, &other.sensor) == (flag.kind, &flag.sensor);
            if !contradicts && !flags.iter().any(is_same) {
                flags.push(flag);
            }
        }
        flags
    }

    pub(super) fn remaining_life(&mut self, has_trend: bool, has_flags: bool) -> RemainingLife {
        if has_trend && self.random.chance(0.5) {
            let days = if self.is_hostile {
                self.random.scaled(1e-3, 1e6)
            } else {
                self.random.scaled(1.0, 300.0)
            };
            return RemainingLife::Estimated {
                days,
                low: days * self.random.share(),
                high: days * (1.0 + self.random.share()),
            };
        }
        let reason = match self.random.of(&Reason::ALL) {
            Reason::NoTrend if has_trend => Reason::TooFewData,
            Reason::PoorData if !has_flags => Reason::NoFailureHistory,
            reason => reason,
        };
        RemainingLife::NotEstimable { reason }
    }

    pub(super) fn changes(&mut self) -> Vec<Change> {
        let count = if self.is_hostile {
            self.random.below(9)
        } else {
            self.random.below(3)
        };
        let mut changes: Vec<Change> = Vec::new();
        for _ in 0..count {
            let quantity = self.quantity();
            let from = self.value(&quantity);
            let to = if self.is_hostile {
                from * (1.0 + 1e-7)
            } else {
                from * self.random.scaled(0.3, 3.0)
            };
            let change = Change {
                sensor: self.sensor(),
                quantity,
                from,
                to,
                unit: self.random.of(quantity.units()),
                at: self.past(),
            };
            if from.to_bits() != to.to_bits() {
                changes.push(change);
            }
        }
        changes
    }

    pub(super) fn work_orders(&mut self) -> Vec<WorkOrder> {
        let count = if self.is_hostile {
            self.random.below(9)
        } else {
            self.random.below(3)
        };
        let first = 4_000 + self.random.below(5_000);
        (0..count)
            .map(|index| WorkOrder {
                id: format!("WO-{}", first + index),
                date: self.past().date(),
                snippet: self.random.of(&SNIPPETS).to_owned(),
                asset: self.asset.clone(),
            })
            .collect()
    }
}
