//! Findings of several nodes as those of one.
//!
//! What two nodes state alike is stated once; what they state differently stays, for the check of the report to refuse.
//! Nothing is made up: a number that comes out went in. Invariant: the same findings in the same order give the same, and
//! what is left out for want of room is told.

use super::super::record::{
    Against, Cause, Change, Course, EVIDENCE_MAX, Evidence, FLAGS_MAX, Fault, Flag, FlagKind, LIST_MAX,
    Model, NAME_BYTES_MAX, Quantity, Reason, RemainingLife, Severity, WorkOrder, ranked,
};
use super::{Check, Findings};

/// How far two statements of one value may be apart, as a share: half a step of a 32-bit float.
const SAME_SHARE: f64 = 1.0 / 16_777_216.0;

/// Findings of several nodes as those of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// What they found.
    pub findings: Findings,
    /// How many different flags stand, those without room included.
    pub flag_count: usize,
    /// Whether everything had room: no evidence, change, flag, work order, argument or rival cause was left out.
    pub is_complete: bool,
}

impl Findings {
    /// Returns the findings of several nodes as one, the most important where there is no room for all.
    ///
    /// The severity is the worst. The cause is the likeliest; others become alternatives to it as long as the
    /// probabilities add up to at most 1. Flags speak against any cause. Evidence that is an argument is kept, then what
    /// is furthest beyond its limit. Of flags one of each kind is kept, then the longest; of changes and work orders the
    /// latest. Remaining life is the shortest that was estimated; a reason why it is not counts where it is true of all
    /// findings.
    pub fn merge(parts: Vec<Findings>) -> Merged {
        let mut pool = Pool::default();
        for part in parts {
            pool.add(part);
        }
        pool.finish()
    }
}

/// Everything that was found, before it is cut.
#[derive(Default)]
struct Pool {
    models: Vec<Model>,
    severity: Option<Severity>,
    evidence: Vec<Evidence>,
    /// Each cause with what to look at beside it.
    causes: Vec<(Cause, Option<Check>)>,
    check: Option<Check>,
    changes: Vec<Change>,
    flags: Vec<Flag>,
    work_orders: Vec<WorkOrder>,
    lives: Vec<RemainingLife>,
}

impl Pool {
    fn add(&mut self, part: Findings) {
        if let Some(model) = part.model {
            push_new(&mut self.models, model);
        }
        if let Some(severity) = part.severity {
            let is_worse = self.severity.as_ref().is_none_or(|worst| {
                let share = |it: &Severity| it.measured / it.limits.c_to_d;
                (severity.zone, share(&severity)) > (worst.zone, share(worst))
            });
            if is_worse {
                self.severity = Some(severity);
            }
        }
        let places: Vec<usize> = part
            .evidence
            .into_iter()
            .map(|evidence| self.place(evidence))
            .collect();
        match part.cause {
            Some(mut cause) => {
                cause.against = cause
                    .against
                    .into_iter()
                    .filter_map(|it| moved(it, &places))
                    .collect();
                self.causes.push((cause, part.check));
            }
            None => self.check = self.check.take().or(part.check),
        }
        for change in part.changes {
            push_new(&mut self.changes, change);
        }
        for flag in part.flags {
            self.flag(flag);
        }
        for order in part.work_orders {
            push_new(&mut self.work_orders, order);
        }
        self.lives.extend(part.remaining_life);
    }

    /// Adds evidence, or completes what states the same value, and returns where it is.
    fn place(&mut self, evidence: Evidence) -> usize {
        for (index, known) in self.evidence.iter_mut().enumerate() {
            if is_same(known, &evidence) {
                if known.limit.is_none() {
                    (known.limit, known.ratio) = (evidence.limit, evidence.ratio);
                }
                known.ratio = known.ratio.or(evidence.ratio).filter(|ratio| {
                    // Values that are the same but for rounding may be on two sides of a limit.
                    let beyond = known.limit.map(|limit| known.measured > limit.value);
                    beyond == Some(*ratio > 1.0)
                });
                known.trend = known.trend.or(evidence.trend);
                return index;
            }
        }
        self.evidence.push(evidence);
        self.evidence.len() - 1
    }

    /// Adds a flag; of two of one kind at one sensor the longer counts.
    fn flag(&mut self, flag: Flag) {
        let is_of = |known: &&mut Flag| (known.kind, &known.sensor) == (flag.kind, &flag.sensor);
        match self.flags.iter_mut().find(is_of) {
            Some(known) if is_longer(&flag, known) => *known = flag,
            Some(_) => (),
            None => self.flags.push(flag),
        }
    }

    fn finish(mut self) -> Merged {
        let flag_count = self.flags.len();
        let mut is_complete = true;
        self.align();
        let (model, is_whole) = self.model();
        is_complete &= is_whole;
        let (mut cause, check) = self.cause(&mut is_complete);
        let remaining_life = self.remaining_life();
        let needs_trend = matches!(remaining_life, Some(RemainingLife::Estimated { .. }));
        let evidence = self.cut_evidence(cause.as_mut(), needs_trend, &mut is_complete);
        let mut latest = |count: usize, at: &dyn Fn(usize) -> i64| {
            is_complete &= count <= LIST_MAX;
            kept(count, LIST_MAX, |index| (std::cmp::Reverse(at(index)), 0))
        };
        let changes = latest(self.changes.len(), &|index| self.changes[index].at.seconds());
        let orders = latest(self.work_orders.len(), &|index| {
            self.work_orders[index].date.begin().seconds()
        });
        is_complete &= flag_count <= FLAGS_MAX;
        let findings = Findings {
            model,
            severity: self.severity,
            evidence,
            cause,
            changes: chosen(&self.changes, &changes),
            check: check.or(self.check),
            flags: chosen(&self.flags, &kept_flags(&self.flags)),
            work_orders: chosen(&self.work_orders, &orders),
            remaining_life,
        };
        Merged {
            findings,
            flag_count,
            is_complete,
        }
    }

    /// Lets the evidence that the severity stems from state its value, where they differ by rounding.
    fn align(&mut self) {
        let Some(severity) = &self.severity else {
            return;
        };
        let is_of = |it: &&mut Evidence| {
            it.sensor == severity.sensor
                && (it.quantity, it.unit) == (Quantity::Rms, severity.unit)
                && is_near(it.measured, severity.measured)
        };
        if let Some(evidence) = self.evidence.iter_mut().find(is_of) {
            evidence.measured = severity.measured;
        }
    }

    /// The names and versions of all models, each separated by a stroke, or of as many as there is room for.
    fn model(&self) -> (Option<Model>, bool) {
        let mut models = self.models.iter();
        let Some(mut model) = models.next().cloned() else {
            return (None, true);
        };
        for other in models {
            let joined = Model {
                name: format!("{}/{}", model.name, other.name),
                version: format!("{}/{}", model.version, other.version),
            };
            if joined.name.len() > NAME_BYTES_MAX || joined.version.len() > NAME_BYTES_MAX {
                return (Some(model), false);
            }
            model = joined;
        }
        (Some(model), true)
    }

    /// The likeliest cause with what speaks against it, and what to look at.
    fn cause(&mut self, is_complete: &mut bool) -> (Option<Cause>, Option<Check>) {
        // The first of equals.
        self.causes
            .sort_by(|left, right| right.0.probability.total_cmp(&left.0.probability));
        let mut causes = std::mem::take(&mut self.causes).into_iter();
        let Some((mut cause, check)) = causes.next() else {
            return (None, None);
        };
        let mut checks = vec![check];
        let mut against: Vec<Against> = Vec::new();
        std::mem::take(&mut cause.against)
            .into_iter()
            .for_each(|it| push_new(&mut against, it));
        for (other, check) in causes {
            checks.push(check);
            if other.fault == cause.fault {
                let arguments = other.against.into_iter();
                let plain = arguments.filter(|it| !matches!(it, Against::Alternative { .. }));
                plain.for_each(|it| push_new(&mut against, it));
                continue;
            }
            let has_room =
                cause.probability + rivals(&against).map(|it| it.1).sum::<f64>() + other.probability <= 1.0;
            let is_known = rivals(&against).any(|(fault, _)| fault == other.fault);
            if has_room && !is_known {
                against.push(Against::Alternative {
                    fault: other.fault,
                    probability: other.probability,
                });
            }
            *is_complete &= has_room || is_known;
        }
        if !self.flags.is_empty() {
            push_new(&mut against, Against::PoorData);
        }
        *is_complete &= against.len() <= LIST_MAX;
        // Flawed data first, then rival causes, the likeliest first.
        let places = kept(against.len(), LIST_MAX, |index| match against[index] {
            Against::PoorData => (std::cmp::Reverse(2), 0),
            Against::Alternative { probability, .. } => {
                (std::cmp::Reverse(1), u64::MAX - probability.to_bits())
            }
            Against::WithinLimit { .. } | Against::NoTrend { .. } => (std::cmp::Reverse(0), 0),
        });
        cause.against = chosen(&against, &places);
        (Some(cause), checks.into_iter().flatten().next())
    }

    /// The most important evidence, and the cause's arguments about it at their new places.
    fn cut_evidence(
        &self,
        cause: Option<&mut Cause>,
        needs_trend: bool,
        is_complete: &mut bool,
    ) -> Vec<Evidence> {
        if self.evidence.len() <= EVIDENCE_MAX {
            return self.evidence.clone();
        }
        *is_complete = false;
        let mut first: Vec<usize> = Vec::new();
        if let Some(cause) = &cause {
            first.extend(cause.against.iter().filter_map(evidence_of));
        }
        if needs_trend {
            first.extend(self.evidence.iter().position(is_clear));
        }
        let mut places = Vec::with_capacity(EVIDENCE_MAX);
        for index in first.into_iter().chain(ranked(&self.evidence)) {
            if places.len() < EVIDENCE_MAX {
                push_new(&mut places, index);
            }
        }
        places.sort_unstable();
        if let Some(cause) = cause {
            let mut moves = vec![usize::MAX; self.evidence.len()];
            for (to, from) in places.iter().enumerate() {
                moves[*from] = to;
            }
            cause.against = cause.against.iter().filter_map(|it| moved(*it, &moves)).collect();
        }
        chosen(&self.evidence, &places)
    }

    fn remaining_life(&self) -> Option<RemainingLife> {
        let has_trend = self.evidence.iter().any(is_clear);
        let shortest = self
            .lives
            .iter()
            .filter_map(|life| match life {
                RemainingLife::Estimated { low, .. } => Some((*low, *life)),
                RemainingLife::NotEstimable { .. } => None,
            })
            .min_by(|left, right| left.0.total_cmp(&right.0));
        let holds = |life: &&RemainingLife| match life {
            RemainingLife::Estimated { .. } => false,
            RemainingLife::NotEstimable { reason } => match reason {
                Reason::NoTrend => !has_trend,
                Reason::PoorData => !self.flags.is_empty(),
                Reason::TooFewData | Reason::NoFailureHistory | Reason::ChangingOperation => true,
            },
        };
        shortest
            .map(|(_, life)| life)
            .or_else(|| self.lives.iter().find(holds).copied())
    }
}

/// Whether two nodes state one value of one quantity, in ways that fit together.
fn is_same(known: &Evidence, other: &Evidence) -> bool {
    let limits_fit = match (known.limit, other.limit) {
        (Some(known), Some(other)) => known.direction == other.direction && is_near(known.value, other.value),
        (Some(_), None) | (None, Some(_)) | (None, None) => true,
    };
    let trends_fit = known.trend.is_none() || other.trend.is_none() || known.trend == other.trend;
    known.sensor == other.sensor
        && known.quantity == other.quantity
        && known.unit == other.unit
        && is_near(known.measured, other.measured)
        && limits_fit
        && trends_fit
}

fn is_near(left: f64, right: f64) -> bool {
    (left - right).abs() <= SAME_SHARE * left.abs().max(right.abs())
}

fn is_clear(evidence: &Evidence) -> bool {
    evidence
        .trend
        .is_some_and(|trend| trend.course() != Course::Unclear)
}

fn is_longer(flag: &Flag, than: &Flag) -> bool {
    match (flag.seconds, than.seconds) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(seconds), Some(than)) => seconds > than,
    }
}

fn rivals(against: &[Against]) -> impl Iterator<Item = (Fault, f64)> {
    against.iter().filter_map(|it| match it {
        Against::Alternative { fault, probability } => Some((*fault, *probability)),
        Against::WithinLimit { .. } | Against::NoTrend { .. } | Against::PoorData => None,
    })
}

fn evidence_of(against: &Against) -> Option<usize> {
    match against {
        Against::WithinLimit { evidence } | Against::NoTrend { evidence } => Some(*evidence),
        Against::Alternative { .. } | Against::PoorData => None,
    }
}

/// The argument with its evidence at its new place; none where that is gone.
fn moved(against: Against, places: &[usize]) -> Option<Against> {
    let to = |evidence: usize| places.get(evidence).copied().filter(|to| *to != usize::MAX);
    match against {
        Against::WithinLimit { evidence } => Some(Against::WithinLimit {
            evidence: to(evidence)?,
        }),
        Against::NoTrend { evidence } => Some(Against::NoTrend {
            evidence: to(evidence)?,
        }),
        Against::Alternative { .. } | Against::PoorData => Some(against),
    }
}

/// One flag of each kind, then the longest.
fn kept_flags(flags: &[Flag]) -> Vec<usize> {
    let longest = |kind: FlagKind| {
        let of_kind = (0..flags.len()).filter(|index| flags[*index].kind == kind);
        of_kind.reduce(|best, index| {
            if is_longer(&flags[index], &flags[best]) {
                index
            } else {
                best
            }
        })
    };
    let first: Vec<usize> = FlagKind::ALL.into_iter().filter_map(longest).collect();
    kept(flags.len(), FLAGS_MAX, |index| {
        let length = flags[index].seconds.map_or(u64::MAX, f64::to_bits);
        (
            std::cmp::Reverse(i64::from(first.contains(&index))),
            u64::MAX - length,
        )
    })
}

/// The places of the first `most` of `count` things by their keys, in their order. Equals keep their order.
fn kept<K: Ord>(count: usize, most: usize, key: impl Fn(usize) -> (K, u64)) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by_key(|index| key(*index));
    places.truncate(most);
    places.sort_unstable();
    places
}

fn chosen<T: Clone>(list: &[T], places: &[usize]) -> Vec<T> {
    places
        .iter()
        .filter_map(|index| list.get(*index))
        .cloned()
        .collect()
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}
