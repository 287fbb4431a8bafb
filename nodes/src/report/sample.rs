//! Random records, for tests and for measuring how texts vary.
//!
//! [`plausible`] records look like those of a plant; [`hostile`] ones are valid and as awkward as the format allows. Both
//! follow from their seed alone.

use super::alarm::{Direction, State};
use super::moment::Moment;
use super::record::{
    Action, Against, Cause, Check, Course, DefectOrder, Evidence, Fault, Flag, Interval, Limit, Model,
    ORDER_MAX, Quantity, Report, Severity, Trend, Unit, ZoneLimits,
};

mod history;

const ASSETS: [&str; 10] = [
    "P-101",
    "Pump 3",
    "Fan B2",
    "Press 4",
    "Kompressor Süd",
    "M-2207",
    "conveyor drive K7",
    "Mill 1",
    "GX-9",
    "Chiller 2",
];
const SENSORS: [&str; 12] = [
    "motor DE",
    "motor NDE",
    "S1",
    "S2",
    "gearbox axial",
    "Pressure",
    "Accelerometer1RMS",
    "Lager außen",
    "TE-14",
    "shaft.x",
    "Flow 2",
    "Bearing 1",
];
/// Names that read like other parts of a text.
const AWKWARD: [&str; 16] = [
    "Zone C",
    "is",
    "S1 reads",
    "S1 at S2",
    "Two",
    "5 mm/s",
    "above the limit",
    "no alarm",
    "and",
    "rms value",
    "S1 is",
    "12 March",
    "limit of 3",
    "probably unbalance",
    "a",
    "S1.S2",
];
const SNIPPETS: [&str; 8] = [
    "bearing replaced",
    "coupling aligned; grease renewed",
    "seal leaking, ordered new one",
    "S1",
    "belt tension 40 N",
    "Filter gewechselt",
    "no finding (checked twice)",
    "rms above limit: 7.1 mm/s at DE.",
];

/// A seeded generator.
///
/// # Source
/// Steele, Lea, Flood (2014): SplitMix.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below `bound`, which is above 0.
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// From 0 to below 1.
    fn share(&mut self) -> f64 {
        let bits = u32::try_from(self.next() >> 32).unwrap_or(0);
        f64::from(bits) / 4_294_967_296.0
    }

    fn chance(&mut self, share: f64) -> bool {
        self.share() < share
    }

    fn of<T: Clone>(&mut self, from: &[T]) -> T {
        let index = self.below(u64::try_from(from.len()).unwrap_or(1));
        from[usize::try_from(index).unwrap_or(0)].clone()
    }

    /// From `low` to `high`, both above 0, with each power of ten as likely.
    fn scaled(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.share())
    }
}

/// Makes a record like those of a plant.
pub fn plausible(seed: u64) -> Report {
    make(seed, false)
}

/// Makes a valid record that is hard to write about: extreme and negative numbers, near-identical evidence, full lists,
/// names that read like parts of a text.
pub fn hostile(seed: u64) -> Report {
    make(seed, true)
}

fn make(seed: u64, is_hostile: bool) -> Report {
    let mut random = Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let maker = &mut Maker {
        to: 1_600_000_000 + i64::try_from(random.below(200_000_000)).unwrap_or(0),
        asset: random.of(&ASSETS).to_owned(),
        random,
        is_hostile,
    };
    let evidence = maker.evidence();
    let flags = maker.flags(&evidence);
    let severity = maker.severity(&evidence);
    let cause = maker.cause(&evidence, &flags);
    let is_clear = |it: &Evidence| it.trend.is_some_and(|trend| trend.course() != Course::Unclear);
    let remaining_life = maker.remaining_life(evidence.iter().any(is_clear), !flags.is_empty());
    let has_check = maker.random.chance(0.7);
    let check = has_check.then(|| Check {
        action: maker.random.of(&Action::ALL),
        sensor: maker.random.chance(0.6).then(|| maker.sensor()),
    });
    let has_since = maker.random.chance(0.7);
    Report {
        asset: maker.asset.clone(),
        interval: Interval {
            from: moment(maker.to - 86_400),
            to: moment(maker.to),
        },
        severity,
        cause,
        since: has_since.then(|| maker.past()),
        changes: maker.changes(),
        check,
        model: Model {
            name: "bearing-classes".to_owned(),
            version: "1.2".to_owned(),
        },
        work_orders: maker.work_orders(),
        remaining_life,
        alarm: maker.random.of(&State::ALL),
        evidence,
        flags,
    }
}

fn moment(seconds: i64) -> Moment {
    Moment::from_seconds(seconds).unwrap_or(Moment::BEGIN)
}

struct Maker {
    random: Random,
    is_hostile: bool,
    asset: String,
    /// The end of the report.
    to: i64,
}

impl Maker {
    fn sensor(&mut self) -> String {
        let is_awkward = self.is_hostile && self.random.chance(0.6);
        let name = if is_awkward {
            self.random.of(&AWKWARD)
        } else {
            self.random.of(&SENSORS)
        };
        name.to_owned()
    }

    fn past(&mut self) -> Moment {
        let back = if self.random.chance(0.8) {
            1_000_000
        } else {
            90_000_000
        };
        moment(self.to - i64::try_from(self.random.below(back)).unwrap_or(0))
    }

    fn quantity(&mut self) -> Quantity {
        let orders = [
            DefectOrder::OuterRace,
            DefectOrder::InnerRace,
            DefectOrder::RollingElement,
            DefectOrder::Cage,
        ];
        let from_hz = self.random.scaled(5.0, 3_000.0).round();
        let multiple = |random: &mut Random, most: u64| u8::try_from(1 + random.below(most)).unwrap_or(1);
        let most = if self.is_hostile { u64::from(ORDER_MAX) } else { 3 };
        match self.random.below(22) {
            0..=3 => Quantity::Rms,
            4 => Quantity::Peak,
            5 => Quantity::CrestFactor,
            6 | 7 => Quantity::Kurtosis,
            8 | 9 => Quantity::BandEnergy {
                from_hz,
                to_hz: from_hz * (2.0 + self.random.share()),
            },
            10..=13 => Quantity::Defect {
                order: self.random.of(&orders),
                harmonic: multiple(&mut self.random, most),
            },
            14 => Quantity::Shaft {
                order: multiple(&mut self.random, most),
            },
            15 | 16 => Quantity::Residual,
            17 => Quantity::AnomalyScore,
            18 => Quantity::Temperature,
            19 => Quantity::Pressure,
            20 => Quantity::Speed,
            _ => self.random.of(&[
                Quantity::Flow,
                Quantity::Current,
                Quantity::Voltage,
                Quantity::Power,
            ]),
        }
    }

    fn value(&mut self, quantity: &Quantity) -> f64 {
        if self.is_hostile {
            let value = match self.random.below(8) {
                0 => 0.0,
                1 => 1e-9,
                2 => 1e12,
                3 => 99_999.999,
                4 => 9.95,
                _ => self.random.scaled(1e-11, 1e14),
            };
            let is_negative = !quantity.is_magnitude() && self.random.chance(0.4);
            return if is_negative { -value } else { value };
        }
        match quantity {
            Quantity::Temperature => self.random.scaled(20.0, 140.0),
            Quantity::Speed => self.random.scaled(200.0, 6_000.0),
            Quantity::Kurtosis | Quantity::CrestFactor => self.random.scaled(2.0, 20.0),
            Quantity::Rms
            | Quantity::Peak
            | Quantity::BandEnergy { .. }
            | Quantity::Defect { .. }
            | Quantity::Shaft { .. }
            | Quantity::Residual
            | Quantity::AnomalyScore
            | Quantity::Pressure
            | Quantity::Flow
            | Quantity::Current
            | Quantity::Voltage
            | Quantity::Power => self.random.scaled(0.02, 60.0),
        }
    }

    fn evidence(&mut self) -> Vec<Evidence> {
        let most = if self.is_hostile { 32 } else { 5 };
        let count = if self.random.chance(0.08) {
            0
        } else {
            1 + self.random.below(most)
        };
        let mut all: Vec<Evidence> = Vec::new();
        for _ in 0..count {
            let evidence = match all.last().filter(|_| self.is_hostile).cloned() {
                Some(last) if self.random.chance(0.4) => self.twin(last),
                _ => self.one_evidence(),
            };
            let is_same =
                |other: &Evidence| (&other.sensor, other.quantity) == (&evidence.sensor, evidence.quantity);
            if !all.iter().any(is_same) {
                all.push(evidence);
            }
        }
        all
    }

    fn one_evidence(&mut self) -> Evidence {
        let quantity = self.quantity();
        let measured = self.value(&quantity);
        let has_limit = self.random.chance(0.85);
        let limit = has_limit.then(|| Limit {
            value: self.limit(&quantity, measured),
            direction: match (self.is_hostile || !quantity.is_magnitude()) && self.random.chance(0.3) {
                true => Direction::Below,
                false => Direction::Above,
            },
        });
        let ratio = limit
            .filter(|limit| limit.value > 0.0 && measured >= 0.0)
            .map(|limit| measured / limit.value)
            .filter(|ratio| *ratio == 0.0 || (1e-12..1e15).contains(ratio));
        let has_trend = self.random.chance(0.5);
        Evidence {
            sensor: self.sensor(),
            quantity,
            measured,
            unit: self.random.of(quantity.units()),
            limit,
            ratio: ratio.filter(|_| self.random.chance(0.85)),
            trend: has_trend.then(|| self.trend(measured)),
        }
    }

    fn limit(&mut self, quantity: &Quantity, measured: f64) -> f64 {
        if !self.is_hostile {
            return measured / self.random.scaled(0.4, 4.0);
        }
        match self.random.below(4) {
            0 => measured,
            1 => measured * (1.0 + 1e-7),
            2 => measured * (1.0 - 1e-7),
            _ => self.value(quantity),
        }
    }

    fn trend(&mut self, measured: f64) -> Trend {
        let size = (measured.abs().max(1e-6) * self.random.scaled(0.001, 0.2)).clamp(1e-10, 1e14);
        let per_day = if self.random.chance(0.8) { size } else { -size };
        // Not near the value itself, so that no end of the interval is smaller than a number may be.
        let width = size * self.random.of(&[0.1, 0.3, 0.7, 1.5, 3.0]);
        Trend {
            per_day,
            low: per_day - width,
            high: per_day + width * 0.8,
        }
    }

    /// Evidence that differs from another in its last digits and its sensor.
    fn twin(&mut self, mut of: Evidence) -> Evidence {
        of.sensor = self.sensor();
        of.measured *= 1.0 + 1e-6;
        of.ratio = None;
        of
    }

    fn severity(&mut self, evidence: &[Evidence]) -> Option<Severity> {
        if !self.random.chance(0.85) {
            return None;
        }
        let sensor = self.sensor();
        let same = evidence
            .iter()
            .find(|it| it.sensor == sensor && it.quantity == Quantity::Rms);
        let (measured, unit) = match same {
            Some(evidence) => (evidence.measured, evidence.unit),
            None => (self.random.scaled(0.3, 30.0), Unit::MillimetresPerSecond),
        };
        let limits = ZoneLimits {
            a_to_b: 1.4,
            b_to_c: 2.8,
            c_to_d: 4.5,
        };
        Some(Severity {
            zone: limits.zone(measured),
            sensor,
            measured,
            unit,
            limits,
        })
    }

    fn cause(&mut self, evidence: &[Evidence], flags: &[Flag]) -> Option<Cause> {
        if evidence.is_empty() || !self.random.chance(0.75) {
            return None;
        }
        let fault = self.random.of(&Fault::ALL);
        let probability = if self.is_hostile && self.random.chance(0.3) {
            self.random.of(&[1.0, 1e-9, 0.005, 0.33, 0.66, 0.95, 0.999])
        } else {
            self.random.share().max(0.05)
        };
        let mut against = Vec::new();
        for (index, it) in evidence.iter().enumerate().take(3) {
            let is_within = it.limit.is_some() && it.beyond().is_none();
            if is_within && self.random.chance(0.5) {
                against.push(Against::WithinLimit { evidence: index });
            }
            let is_unclear = it.trend.is_some_and(|trend| trend.course() == Course::Unclear);
            if is_unclear && self.random.chance(0.4) {
                against.push(Against::NoTrend { evidence: index });
            }
        }
        let other = self.random.of(&Fault::ALL);
        let rest = (1.0 - probability) * self.random.share();
        if other != fault && rest > 0.0 && self.random.chance(0.4) {
            against.push(Against::Alternative {
                fault: other,
                probability: rest,
            });
        }
        if !flags.is_empty() && self.random.chance(0.4) {
            against.push(Against::PoorData);
        }
        against.truncate(8);
        Some(Cause {
            fault,
            probability,
            against,
        })
    }
}
