//! Scores of rows as they come: the state of a stream.

use super::model::ShiftModel;
use super::normal::Judge;

/// What one row says of a sensor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SensorScore {
    /// False for a sensor that has no window with values: it was missing for longer than its windows, or has only begun.
    pub is_scored: bool,
    /// How rare the mean of the rarest window is: -log10 of its two-sided tail, 0 or more.
    pub score: f64,
    /// How far that mean lies from the learnt one, in scales; below 0 where it lies below.
    pub distance: f64,
    /// Which of the windows it is.
    pub window: usize,
    /// The mean of that window, in the unit of the sensor.
    pub level: f64,
    /// The learnt mean as it has followed slow drift, before this row.
    pub mean: f64,
}

/// Which windows count before they are full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// None: a window counts from its last row on.
    Full,
    /// All, over the rows there are, with the scale of a full window; the first rows then look rarer than they are.
    Partial,
}

/// The state of a stream of rows.
#[derive(Clone, Debug)]
pub struct Scorer {
    sensors: Vec<Stream>,
    windows: Vec<usize>,
    beginning: Beginning,
    adaptation_rows: usize,
    scores: Vec<SensorScore>,
}

/// The state of one sensor.
#[derive(Clone, Debug)]
struct Stream {
    judge: Judge,
    /// Distance of the second window from which on the mean stays as it is.
    freeze: f64,
    learnt: f64,
    mean: f64,
    /// The last values, of which the newest lies before `next`.
    ring: Vec<f64>,
    next: usize,
    count: usize,
    /// Rows in a row without a value.
    missing: usize,
    /// Distance of each window of this row.
    distances: Vec<Option<f64>>,
}

impl Scorer {
    /// A stream that begins.
    pub fn new(model: &ShiftModel, beginning: Beginning) -> Self {
        let config = model.config();
        let pairs = config.sensors.iter().zip(model.normals());
        let sensors = pairs.map(|(sensor, normal)| {
            let judge = normal.judge(config, sensor.kind);
            Stream {
                freeze: judge.student.distance(config.freeze),
                judge,
                learnt: normal.mean,
                mean: normal.mean,
                ring: vec![0.0; config.window_max()],
                next: 0,
                count: 0,
                missing: 0,
                distances: vec![None; config.windows.len()],
            }
        });
        Self {
            sensors: sensors.collect(),
            windows: config.windows.clone(),
            beginning,
            adaptation_rows: config.adaptation_rows,
            scores: vec![SensorScore::default(); config.sensors.len()],
        }
    }

    /// Bytes of the state of a model's stream.
    pub fn bytes(sensors: usize, window_max: usize, windows: usize) -> usize {
        let windows = windows * (size_of::<Option<f64>>() + size_of::<f64>());
        sensors * (size_of::<Stream>() + size_of::<SensorScore>() + window_max * size_of::<f64>() + windows)
    }

    /// Forgets all rows.
    pub fn reset(&mut self) {
        for stream in &mut self.sensors {
            stream.mean = stream.learnt;
            (stream.next, stream.count, stream.missing) = (0, 0, 0);
        }
        self.scores.fill(SensorScore::default());
    }

    /// Reads a row, `None` for a value that is not there, and says what it and those before say of each sensor. The means
    /// follow slow drift where `adapts` is true. Nothing is allocated.
    ///
    /// # Shapes
    /// `values` and what is returned: `[sensors]`; missing values at the end may be left out.
    ///
    /// # Source
    /// models/reference/anomaly/README.md, section 1.1.
    pub fn step(&mut self, values: impl IntoIterator<Item = Option<f64>>, adapts: bool) -> &[SensorScore] {
        let rows = match adapts {
            true => self.adaptation_rows,
            false => 0,
        };
        let values = values.into_iter().chain(std::iter::repeat(None));
        for ((stream, score), value) in self.sensors.iter_mut().zip(&mut self.scores).zip(values) {
            stream.push(value);
            *score = stream.score(&self.windows, self.beginning);
            if let (Some(value), true) = (value, rows > 0) {
                stream.adapt(value, rows);
            }
        }
        &self.scores
    }

    /// What the last row said.
    pub fn scores(&self) -> &[SensorScore] {
        &self.scores
    }

    /// The mean of a window beyond which, to the side of the score, a sensor alone is beyond a limit of the score.
    pub fn limit_of(&self, sensor: usize, score: &SensorScore, limit: f64) -> Option<f64> {
        let judge = &self.sensors.get(sensor)?.judge;
        let reach = judge.student.distance(limit) * judge.scales.get(score.window)?;
        Some(score.mean + reach.copysign(score.distance))
    }

    /// The distances of a sensor's windows in the last row.
    #[cfg(test)]
    pub(super) fn distances(&self, sensor: usize) -> &[Option<f64>] {
        &self.sensors[sensor].distances
    }
}

impl Stream {
    fn push(&mut self, value: Option<f64>) {
        let Some(value) = value else {
            self.missing = self.missing.saturating_add(1);
            if self.missing > self.ring.len() {
                self.count = 0;
            }
            return;
        };
        self.missing = 0;
        self.ring[self.next] = value;
        self.next = (self.next + 1) % self.ring.len();
        self.count = (self.count + 1).min(self.ring.len());
    }

    fn score(&mut self, windows: &[usize], beginning: Beginning) -> SensorScore {
        let mut found = SensorScore {
            mean: self.mean,
            ..SensorScore::default()
        };
        let (mut sum, mut taken, mut place) = (0.0, 0, self.next);
        for (index, window) in windows.iter().enumerate() {
            while taken < (*window).min(self.count) {
                place = place.checked_sub(1).unwrap_or(self.ring.len() - 1);
                sum += self.ring[place];
                taken += 1;
            }
            let counts = match beginning {
                Beginning::Full => taken == *window,
                Beginning::Partial => taken > 0,
            };
            self.distances[index] =
                counts.then(|| (sum / taken as f64 - self.mean) / self.judge.scales[index]);
            let Some(distance) = self.distances[index] else {
                continue;
            };
            // The windows share their degrees of freedom, so the farthest is the rarest.
            if !found.is_scored || distance.abs() > found.distance.abs() {
                found.is_scored = true;
                found.distance = distance;
                found.window = index;
                found.level = sum / taken as f64;
            }
        }
        found.score = self.judge.student.rarity(found.distance);
        found
    }

    /// Lets the mean follow, unless the sensor deviates: an anomaly is not learnt.
    fn adapt(&mut self, value: f64, rows: usize) {
        let second = self.distances.get(1).or(self.distances.first());
        let Some(Some(distance)) = second else { return };
        if distance.abs() < self.freeze {
            self.mean += (value - self.mean) / rows as f64;
        }
    }
}
