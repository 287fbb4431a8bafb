//! Rules that find rows and values which cannot be trusted, as they come.
//!
//! Each rule looks at a row and at what came before it, so its flags are the same however a stream is cut into chunks. What
//! is normal was learnt from the same rows as the means. A rule over a window finds its fault when the window is full of
//! it: a unit after up to 30 rows, saturation and a rate after up to 60. Two holes are known: a sensor around zero has no
//! check of its unit, and a unit or rate that was wrong when normal rows were learnt is normal.

use super::config::SensorKind;
use super::model::ShiftModel;
use super::normal::Normal;

mod window;

use window::Window;

/// Fewest equal values in a row that are a fault; more where normal rows have longer runs.
const EQUAL_MIN: f64 = 30.0;
/// How many of the longest normal runs equal values must be beyond.
const RUNS: f64 = 3.0;
/// Periods that a step from row to row is longer than at a gap.
const GAP_PERIODS: f64 = 5.0;
/// Steps over which the rate is taken.
const RATE_STEPS: usize = 60;
/// Share that the rate may be off.
const RATE_TOLERANCE: f64 = 0.10;

/// What is wrong with a row or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// More than five periods passed since the last row.
    Gap,
    /// The stamp is that of the last row.
    DoubledTimeStamp,
    /// The stamp is before that of the last row.
    BackwardTimeStamp,
    /// The rows of the last minute or so came more than a tenth faster or slower than the normal ones.
    RateDrift,
    /// There is no value, or none that is a number.
    NotANumber,
    /// There has been no value for longer than the windows.
    MissingSensor,
    /// The value has not changed for longer than it ever did.
    StuckSensor,
    /// The values are those of another unit.
    WrongUnit,
    /// The values stand at one end of their range.
    Saturation,
}

/// What is wrong with one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowFaults<'a> {
    /// What is wrong with its stamp: a gap before it, or that it is doubled or goes backward.
    pub stamp: Option<Fault>,
    /// Seconds without rows before it, where there is a gap; else 0.
    pub gap_s: f64,
    /// Whether the rate has drifted.
    pub is_off_rate: bool,
    /// What is wrong with each value.
    pub values: &'a [Option<Fault>],
}

impl RowFaults<'_> {
    /// Whether the values can be used: a row without a place in time has none that can.
    pub fn has_place(&self) -> bool {
        !matches!(
            self.stamp,
            Some(Fault::DoubledTimeStamp | Fault::BackwardTimeStamp)
        )
    }

    /// Whether anything is wrong.
    pub fn any(&self) -> bool {
        self.stamp.is_some() || self.is_off_rate || self.values.iter().any(Option::is_some)
    }
}

/// The state of the rules over a stream of rows.
#[derive(Clone, Debug)]
pub struct Quality {
    sensors: Vec<Sensor>,
    clock: Clock,
    faults: Vec<Option<Fault>>,
}

#[derive(Clone, Debug)]
struct Sensor {
    normal: Normal,
    kind: SensorKind,
    missing_max: usize,
    missing: usize,
    /// The last value and how often it came in a row.
    equal: (f64, f64),
    window: Window,
}

/// When rows came.
#[derive(Clone, Debug)]
struct Clock {
    period_ms: f64,
    last_ms: Option<i64>,
    /// The last steps, 0 where one says nothing of the rate.
    steps: Vec<i64>,
    next: usize,
    count: usize,
}

impl Quality {
    /// A stream that begins.
    pub fn new(model: &ShiftModel) -> Self {
        let config = model.config();
        let sensors = config.sensors.iter().zip(model.normals());
        let sensors = sensors.map(|(sensor, normal)| Sensor {
            normal: *normal,
            kind: sensor.kind,
            missing_max: config.window_max(),
            missing: 0,
            equal: (f64::NAN, 0.0),
            window: Window::default(),
        });
        Self {
            sensors: sensors.collect(),
            clock: Clock::new(1e3 * model.period_s()),
            faults: vec![None; config.sensors.len()],
        }
    }

    /// Bytes of the state of a model's stream.
    pub fn bytes(sensors: usize) -> usize {
        let sensor = size_of::<Sensor>() + Window::BYTES + size_of::<Option<Fault>>();
        size_of::<Self>() + RATE_STEPS * size_of::<i64>() + sensors * sensor
    }

    /// Forgets all rows.
    pub fn reset(&mut self) {
        self.clock = Clock::new(self.clock.period_ms);
        for sensor in &mut self.sensors {
            sensor.missing = 0;
            sensor.equal = (f64::NAN, 0.0);
            sensor.window.clear();
        }
        self.faults.fill(None);
    }

    /// Reads a row, `None` for a value that is not there, with its time in milliseconds since 1970. Nothing is allocated.
    ///
    /// # Shapes
    /// `values`: `[sensors]`; missing values at the end may be left out.
    ///
    /// # Source
    /// models/reference/anomaly/README.md, section 3.
    pub fn step(&mut self, time_ms: i64, values: impl IntoIterator<Item = Option<f64>>) -> RowFaults<'_> {
        let (stamp, gap_s) = self.clock.step(time_ms);
        let values = values.into_iter().chain(std::iter::repeat(None));
        for ((sensor, fault), value) in self.sensors.iter_mut().zip(&mut self.faults).zip(values) {
            *fault = sensor.step(value);
        }
        RowFaults {
            stamp,
            gap_s,
            is_off_rate: self.clock.is_off(),
            values: &self.faults,
        }
    }

    /// Seconds since the last row, where it is so long ago that the rows have stopped: this needs no row, but a clock.
    pub fn silent_s(&self, now_ms: i64) -> Option<f64> {
        let silent_ms = now_ms.saturating_sub(self.clock.last_ms?) as f64;
        (silent_ms > GAP_PERIODS * self.clock.period_ms).then_some(silent_ms / 1e3)
    }
}

impl Sensor {
    fn step(&mut self, value: Option<f64>) -> Option<Fault> {
        let Some(value) = value.filter(|value| value.is_finite()) else {
            self.missing = self.missing.saturating_add(1);
            return Some(match self.missing > self.missing_max {
                true => Fault::MissingSensor,
                false => Fault::NotANumber,
            });
        };
        self.missing = 0;
        self.equal = match self.equal.0.to_bits() == value.to_bits() {
            true => (value, self.equal.1 + 1.0),
            false => (value, 1.0),
        };
        self.window.push(value);
        if self.equal.1 > EQUAL_MIN.max(RUNS * self.normal.longest_run) {
            return Some(Fault::StuckSensor);
        }
        let is_temperature = self.kind == SensorKind::Temperature;
        if self.window.has_other_unit(&self.normal)
            || is_temperature && self.window.has_other_degrees(&self.normal)
        {
            return Some(Fault::WrongUnit);
        }
        self.window
            .is_saturated(&self.normal)
            .then_some(Fault::Saturation)
    }
}

impl Clock {
    fn new(period_ms: f64) -> Self {
        Self {
            period_ms,
            last_ms: None,
            steps: vec![0; RATE_STEPS],
            next: 0,
            count: 0,
        }
    }

    /// What is wrong with a stamp, and the seconds of a gap before it.
    fn step(&mut self, time_ms: i64) -> (Option<Fault>, f64) {
        let Some(last_ms) = self.last_ms.replace(time_ms) else {
            return (None, 0.0);
        };
        let step = time_ms.saturating_sub(last_ms);
        let is_gap = step as f64 > GAP_PERIODS * self.period_ms;
        self.steps[self.next] = if step > 0 && !is_gap { step } else { 0 };
        self.next = (self.next + 1) % RATE_STEPS;
        self.count = (self.count + 1).min(RATE_STEPS);
        match step {
            0 => (Some(Fault::DoubledTimeStamp), 0.0),
            ..0 => (Some(Fault::BackwardTimeStamp), 0.0),
            _ if is_gap => (Some(Fault::Gap), step as f64 / 1e3),
            _ => (None, 0.0),
        }
    }

    /// Whether the last steps that say something of the rate are off it.
    fn is_off(&self) -> bool {
        let good = self.steps.iter().filter(|step| **step > 0);
        let (sum, count) = good.fold((0_i64, 0_u32), |(sum, count), step| {
            (sum.saturating_add(*step), count + 1)
        });
        let mean_ms = sum as f64 / f64::from(count);
        self.count == RATE_STEPS && count > 0 && (mean_ms / self.period_ms - 1.0).abs() > RATE_TOLERANCE
    }
}
