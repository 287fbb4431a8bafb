//! The settings of recipes for bearings.

use serde::{Deserialize, Serialize};

use super::augment::Variation;
use super::config::{HIDDEN_MAX, WINDOW_MAX, WINDOW_MIN, WaveUnit};
use crate::data::WaveformFields;
use crate::recipe::{Section, Setting, Takes};
use crate::task::TaskError;
use crate::vibration::Bearing;

/// Figures that epochs may be chosen by, of which the last one is always taken.
pub(super) const FIGURES: &[&str] = &["last epoch"];

/// The section `data`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataSettings {
    /// Manifest to learn from, relative to the folder of the data.
    pub(super) train: String,
    /// Manifest to judge by.
    pub(super) valid: String,
    label: String,
    pub(super) group: String,
    speed: String,
    scale: String,
    /// What the largest sample of a recording without a manifest stands for, in the unit of the section `bearing`.
    pub(super) full_scale: f64,
    pub(super) origin: String,
    pub(super) licence: String,
}

/// The section `bearing`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BearingSettings {
    balls: u32,
    ball_diameter_mm: f64,
    pitch_diameter_mm: f64,
    contact_angle_deg: f64,
    pub(super) sample_rate_hz: u32,
    window_seconds: f64,
    unit: String,
    pub(super) false_alarms_a_day: f64,
}

/// The section `net`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NetSettings {
    pub(super) hidden: usize,
}

/// The section `lesson`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LessonSettings {
    /// Changed copies of each window.
    pub(super) copies: usize,
    /// Half of what is lost for the square of each weight, summed over all examples.
    pub(super) penalty: f32,
    speed: f64,
    ratio_low_db: f64,
    ratio_high_db: f64,
    gain: f64,
    speed_error: f64,
}

impl DataSettings {
    pub(super) fn fields(&self) -> WaveformFields {
        WaveformFields {
            label: self.label.clone(),
            group: self.group.clone(),
            speed: self.speed.clone(),
            scale: self.scale.clone(),
        }
    }
}

impl BearingSettings {
    /// The geometry, the samples of a window and the unit.
    ///
    /// # Errors
    /// [`TaskError::Setting`] for what contradicts itself.
    pub(super) fn read(&self) -> Result<(Bearing, usize, WaveUnit), TaskError> {
        let refused = |setting, fault: String| TaskError::Setting {
            section: "bearing",
            setting,
            fault,
        };
        let bearing = Bearing {
            balls: self.balls,
            ball_diameter_mm: self.ball_diameter_mm,
            pitch_diameter_mm: self.pitch_diameter_mm,
            contact_angle_deg: self.contact_angle_deg,
        };
        bearing
            .validate()
            .map_err(|fault| refused("ball_diameter_mm", fault.to_string()))?;
        let samples = (self.window_seconds * f64::from(self.sample_rate_hz)).round();
        if !(WINDOW_MIN as f64..=WINDOW_MAX as f64).contains(&samples) {
            let fault =
                format!("a window has {samples} samples, it must have from {WINDOW_MIN} to {WINDOW_MAX}");
            return Err(refused("window_seconds", fault));
        }
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range was checked"
        )]
        let samples = samples as usize;
        let unit = WaveUnit::of(&self.unit);
        let unit =
            unit.ok_or_else(|| refused("unit", format!("`{}` is no unit of acceleration", self.unit)))?;
        Ok((bearing, samples, unit))
    }
}

impl LessonSettings {
    pub(super) fn variation(&self) -> Variation {
        Variation {
            speed: self.speed,
            ratio_db: (self.ratio_low_db, self.ratio_high_db.max(self.ratio_low_db)),
            gain: self.gain,
            speed_error: self.speed_error,
        }
    }
}

/// The section `data`.
pub(super) fn data() -> Section {
    let text = |name, default: &str, about| Setting::new(name, Takes::Text, default, about);
    Section {
        name: "data",
        settings: vec![
            Setting::required(
                "train",
                Takes::Text,
                "the manifest to learn from, relative to `--data`",
            ),
            Setting::required("valid", Takes::Text, "the manifest to judge by"),
            text(
                "label",
                "fault",
                "the field of what is the matter: normal, inner_race, outer_race or ball",
            ),
            text(
                "group",
                "size",
                "the field of what is left out as a whole to judge: a size of damage, or a machine",
            ),
            text(
                "speed",
                "rpm",
                "the field of the shaft's speed, in turns per minute",
            ),
            text(
                "scale",
                "scale",
                "the field of what a sample of 16 bits is multiplied with",
            ),
            Setting::new(
                "full_scale",
                Takes::Number(1e-9, 1e9),
                1,
                "what the largest sample of a recording of one's own stands for, in the unit of `bearing`",
            ),
            text("origin", "own data", "where the data come from"),
            text("licence", "not stated", "the licence of the data"),
        ],
    }
}

/// The section `bearing`.
pub(super) fn bearing() -> Section {
    let number = |name, low, high, about| Setting::required(name, Takes::Number(low, high), about);
    Section {
        name: "bearing",
        settings: vec![
            Setting::required("balls", Takes::Whole(3, 200), "number of balls or rollers"),
            number("ball_diameter_mm", 1e-3, 1e5, "diameter of a ball or roller"),
            number(
                "pitch_diameter_mm",
                1e-3,
                1e5,
                "diameter of the circle that their centres run on",
            ),
            Setting::new("contact_angle_deg", Takes::Number(0.0, 89.9), 0, "contact angle"),
            Setting::required(
                "sample_rate_hz",
                Takes::Whole(1_000, 1_000_000),
                "samples per second",
            ),
            Setting::new(
                "window_seconds",
                Takes::Number(0.01, 60.0),
                1,
                "seconds that are scored at once",
            ),
            Setting::new(
                "unit",
                Takes::Choice(&["g", "m/s2"]),
                "g",
                "the unit of the samples",
            ),
            Setting::new(
                "false_alarms_a_day",
                Takes::Number(1e-6, 1e4),
                1,
                "false alarms a day that the limit of normal running stands for, of all axes together",
            ),
        ],
    }
}

/// The section `net`.
pub(super) fn net() -> Section {
    Section {
        name: "net",
        settings: vec![Setting::new(
            "hidden",
            Takes::Whole(0, HIDDEN_MAX as i64),
            0,
            "numbers between two layers; 0 for one layer",
        )],
    }
}

/// The section `lesson`.
pub(super) fn lesson() -> Section {
    let number =
        |name, low, high, default: f64, about| Setting::new(name, Takes::Number(low, high), default, about);
    Section {
        name: "lesson",
        settings: vec![
            Setting::new("copies", Takes::Whole(0, 100), 1, "changed copies of each window"),
            number(
                "penalty",
                0.0,
                1e6,
                10.0,
                "what squares of weights cost against the sum of all losses",
            ),
            number("speed", 0.0, 0.2, 0.03, "largest change of the speed, as a share"),
            number(
                "ratio_low_db",
                -20.0,
                100.0,
                10.0,
                "least ratio of signal to added noise",
            ),
            number(
                "ratio_high_db",
                -20.0,
                100.0,
                30.0,
                "largest ratio of signal to added noise",
            ),
            number(
                "gain",
                0.0,
                2.0,
                0.3,
                "standard deviation of the gain, as a natural logarithm",
            ),
            number(
                "speed_error",
                0.0,
                0.1,
                0.002,
                "standard deviation of the error of the stated speed",
            ),
        ],
    }
}
