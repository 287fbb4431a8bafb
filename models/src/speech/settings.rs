//! The settings of recipes for speech.

use serde::{Deserialize, Serialize};

use super::config::{SpeechConfig, StemKind};
use super::front;
use super::vary::Variation;
use crate::audio::LogMelConfig;
use crate::recipe::{Section, Setting, Takes};

/// Figures that chosen epochs are judged by.
pub(super) const FIGURES: &[&str] = &["phone accuracy"];
/// Formats of files.
pub(super) const FORMATS: &[&str] = &["audio"];

/// The section `net`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NetSettings {
    seconds_max: f64,
    stem: StemKind,
    stride: usize,
    width: usize,
    dilations: Vec<usize>,
    ahead: usize,
    level: f32,
    spread: f32,
}

/// The section `lesson`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LessonSettings {
    pub(super) step_seconds: f32,
    pub(super) dropout: f32,
    /// A recording of noise, relative to `--data`; empty for none.
    pub(super) noise_file: String,
    tempo: f32,
    warp: f32,
    noise: f32,
    ratio_db: f32,
    band: f32,
    gain_db: f32,
    bin_masks: usize,
    bin_mask_width: usize,
    frame_masks: usize,
    frame_mask_width: usize,
}

impl NetSettings {
    pub(super) fn config(&self) -> SpeechConfig {
        let (features, level, spread) = match self.stem {
            StemKind::Strided => (LogMelConfig::speech(), self.level, self.spread),
            StemKind::Embedding => (LogMelConfig::embedding(), front::LEVEL, front::SPREAD),
        };
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the settings bound it"
        )]
        let samples = (self.seconds_max * f64::from(features.sample_rate_hz)) as usize;
        SpeechConfig {
            frames_max: features.frames(samples).max(1),
            features,
            level,
            spread,
            stem: self.stem,
            stride: self.stride,
            width: self.width,
            dilations: self.dilations.clone(),
            ahead: self.ahead,
        }
    }

    pub(super) fn seconds_max(&self) -> f64 {
        self.seconds_max
    }
}

impl LessonSettings {
    pub(super) fn variation(&self) -> Variation {
        Variation {
            tempo: self.tempo,
            warp: self.warp,
            noise: self.noise,
            ratio_db: self.ratio_db,
            band: self.band,
            gain_db: self.gain_db,
            bin_masks: [self.bin_masks, self.bin_mask_width],
            frame_masks: [self.frame_masks, self.frame_mask_width],
        }
    }
}

/// The section `net`.
pub(super) fn net() -> Section {
    let whole =
        |name, min, max, default: i64, about| Setting::new(name, Takes::Whole(min, max), default, about);
    Section {
        name: "net",
        settings: vec![
            Setting::new(
                "seconds_max",
                Takes::Number(1.0, 600.0),
                20,
                "longest sound that is heard at once, in seconds",
            ),
            Setting::new(
                "stem",
                Takes::Choice(&["strided", "embedding"]),
                "strided",
                "what it begins with: two layers that are learnt, or the speech embedding of Lin et al. 2020, which stays as it \
                 is and is read from `start` or `--from`",
            ),
            whole("stride", 2, 4, 4, "frames of 10 ms for one answer: 2 or 4"),
            whole(
                "width",
                1,
                1 << 12,
                192,
                "numbers that stand for a frame between layers",
            ),
            Setting::new(
                "dilations",
                Takes::Wholes(1, 256),
                vec![1, 1, 2, 4, 1, 2, 4],
                "distance between the three taps of each gated convolution",
            ),
            whole(
                "ahead",
                0,
                1 << 10,
                5,
                "answers that the gated convolutions together may look ahead",
            ),
            Setting::new(
                "level",
                Takes::Number(-100.0, 100.0),
                -7,
                "what is taken from every feature by strided layers",
            ),
            Setting::new(
                "spread",
                Takes::Number(1e-3, 1e3),
                3,
                "what every feature is divided by then",
            ),
        ],
    }
}

/// The section `lesson`.
pub(super) fn lesson() -> Section {
    let number =
        |name, min, max, default: f64, about| Setting::new(name, Takes::Number(min, max), default, about);
    let whole = |name, max, default: i64, about| Setting::new(name, Takes::Whole(0, max), default, about);
    Section {
        name: "lesson",
        settings: vec![
            number("step_seconds", 1.0, 1e4, 120.0, "seconds of sound in a step"),
            number(
                "dropout",
                0.0,
                0.95,
                0.1,
                "share of the columns between layers that is dropped",
            ),
            Setting::new(
                "noise_file",
                Takes::Text,
                "",
                "a recording of noise to learn with, relative to `--data`; none when empty",
            ),
            number(
                "tempo",
                0.0,
                0.5,
                0.12,
                "largest change of tempo, as a natural logarithm",
            ),
            number(
                "warp",
                0.0,
                0.5,
                0.1,
                "largest stretch of frequencies, as a natural logarithm",
            ),
            number("noise", 0.0, 1.0, 0.6, "chance that noise is added"),
            number(
                "ratio_db",
                -10.0,
                35.0,
                3.0,
                "least ratio of speech to noise, in dB; the largest is 35",
            ),
            number(
                "band",
                0.0,
                1.0,
                0.0,
                "chance that nothing is left above 3 to 4 kHz, as on a telephone",
            ),
            number("gain_db", 0.0, 60.0, 10.0, "largest gain, up or down, in dB"),
            whole("bin_masks", 16, 2, "masks over frequencies"),
            whole("bin_mask_width", 64, 6, "bins of the widest mask"),
            whole("frame_masks", 16, 2, "masks over time"),
            whole("frame_mask_width", 1_000, 15, "frames of the widest mask"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;
    use crate::net::NetConfig;

    #[test]
    fn the_declared_settings_are_those_that_are_read() {
        let defaults = |section: Section| {
            let entry = |setting: Setting| Some((setting.name.to_owned(), setting.default?));
            Value::Object(
                section
                    .settings
                    .into_iter()
                    .filter_map(entry)
                    .collect::<Map<_, _>>(),
            )
        };
        let net: NetSettings = serde_json::from_value(defaults(net())).unwrap();
        let config = net.config();
        config.validate().unwrap();
        assert!(
            config.look_ahead_seconds() <= 0.32,
            "{}",
            config.look_ahead_seconds()
        );
        let parameters: usize = config
            .tensors()
            .iter()
            .map(crate::weights::TensorSpec::count)
            .sum();
        assert!(parameters < 2_000_000, "{parameters}");
        let lesson: LessonSettings = serde_json::from_value(defaults(lesson())).unwrap();
        assert_eq!(lesson.variation().bin_masks, [2, 6]);
    }
}
