//! Recordings of bearings in windows, each with what was measured of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::augment::{Variation, vary};
use super::features::{Examined, Examiner, LINES};
use super::settings::{BearingSettings, DataSettings};
use super::{ELEMENTS, NORMAL};
use crate::data::{Side, WaveformExample};
use crate::task::TaskError;

/// A window of a recording.
#[derive(Clone, Debug)]
pub(super) struct Window {
    recording: usize,
    first: usize,
    /// Which element is damaged; none in normal running.
    pub(super) element: Option<usize>,
    /// What is left out as a whole.
    pub(super) group: String,
    pub(super) side: Side,
    /// True for windows that do not overlap.
    pub(super) is_whole: bool,
    pub(super) examined: Examined,
}

/// Recordings and their windows.
pub(super) struct Corpus {
    recordings: Vec<Recording>,
    pub(super) windows: Vec<Window>,
    window_samples: usize,
    examiner: Mutex<Examiner>,
    /// Features of changed copies, by seed and copy: they cost more than all else.
    varied: Mutex<BTreeMap<(u64, usize, usize), [f64; LINES]>>,
}

struct Recording {
    samples: Vec<f64>,
    shaft_hz: f64,
    rms: f64,
}

/// Examples that are left out, and those that are learnt from meanwhile.
#[derive(Clone, Debug)]
pub(super) struct Fold {
    pub(super) name: String,
    /// Windows that are learnt from: none of normal running.
    pub(super) learnt: Vec<usize>,
    /// Windows that judge.
    pub(super) judged: Vec<usize>,
}

impl Corpus {
    /// Cuts recordings into windows, half of which overlap, and measures each.
    ///
    /// # Errors
    /// [`TaskError::Measure`] for recordings of another rate or an unknown label, or none that is long enough.
    pub(super) fn new(
        settings: &BearingSettings,
        (train, valid): (Vec<WaveformExample>, Vec<WaveformExample>),
    ) -> Result<Self, TaskError> {
        let (bearing, window_samples, _) = settings.read()?;
        let rate_hz = settings.sample_rate_hz;
        let mut examiner = Examiner::new(window_samples, f64::from(rate_hz), bearing.orders())
            .map_err(|error| measure(&error))?;
        let train = train.into_iter().map(|example| (Side::Train, example));
        let valid = valid.into_iter().map(|example| (Side::Valid, example));
        let (mut recordings, mut windows) = (Vec::new(), Vec::new());
        for (side, example) in train.chain(valid) {
            if example.rate_hz != rate_hz {
                return Err(measure(&format!(
                    "`{}` has {} samples a second, the recipe says {rate_hz}",
                    example.id, example.rate_hz
                )));
            }
            let element = element(&example)?;
            let shaft_hz = example.speed_rpm / 60.0;
            let hop = window_samples / 2;
            let count = (example.samples.len() + hop).saturating_sub(window_samples) / hop.max(1);
            for first in (0..count).map(|index| index * hop) {
                let samples = &example.samples[first..first + window_samples];
                let examined = examiner
                    .examine(samples, shaft_hz)
                    .map_err(|error| measure(&error))?;
                windows.push(Window {
                    recording: recordings.len(),
                    first,
                    element,
                    group: example.group.clone().unwrap_or_default(),
                    side,
                    is_whole: first.is_multiple_of(window_samples),
                    examined,
                });
            }
            let squares: f64 = example.samples.iter().map(|sample| sample * sample).sum();
            recordings.push(Recording {
                rms: (squares / example.samples.len().max(1) as f64).sqrt(),
                samples: example.samples,
                shaft_hz,
            });
        }
        if windows.is_empty() {
            return Err(measure(&"no recording is as long as a window"));
        }
        Ok(Self {
            recordings,
            windows,
            window_samples,
            examiner: Mutex::new(examiner),
            varied: Mutex::default(),
        })
    }

    /// The windows of normal running that the density is learnt from.
    pub(super) fn normal(&self) -> impl Iterator<Item = &Window> {
        let all = self.windows.iter();
        all.filter(|window| window.element.is_none() && window.is_whole && window.side == Side::Train)
    }

    /// Everything of the training side, judged by the other; and for each group the same without it, judged by it and by the
    /// normal running of the other side. A group whose absence leaves an element without examples is passed over.
    pub(super) fn folds(&self, group_field: &str) -> Vec<Fold> {
        let indices = |keep: &dyn Fn(&Window) -> bool| -> Vec<usize> {
            let all = self.windows.iter().enumerate();
            all.filter(|(_, window)| keep(window))
                .map(|(index, _)| index)
                .collect()
        };
        let learnt = |window: &Window| window.side == Side::Train && window.element.is_some();
        let damaged = self.windows.iter().filter(|window| learnt(window));
        let groups: BTreeSet<&str> = damaged.map(|window| window.group.as_str()).collect();
        let mut folds = Vec::new();
        for group in groups {
            let others = indices(&|window| learnt(window) && window.group != group);
            let elements: BTreeSet<_> = others.iter().map(|index| self.windows[*index].element).collect();
            if elements.len() < ELEMENTS.len() {
                continue;
            }
            let is_judged = |window: &Window| match window.element {
                Some(_) => window.group == group,
                None => window.side == Side::Valid,
            };
            folds.push(Fold {
                name: format!("{group_field} {group} left out"),
                learnt: others,
                judged: indices(&|window| window.is_whole && is_judged(window)),
            });
        }
        folds.push(Fold {
            name: "validation part".to_owned(),
            learnt: indices(&learnt),
            judged: indices(&|window| window.is_whole && window.side == Side::Valid),
        });
        folds
    }

    /// The features of a changed copy of a window: equal arguments give equal ones.
    ///
    /// # Errors
    /// [`TaskError::Measure`] if a window cannot be measured.
    pub(super) fn varied(
        &self,
        (window, copy): (usize, usize),
        variation: &Variation,
        seed: u64,
    ) -> Result<[f64; LINES], TaskError> {
        let key = (seed, window, copy);
        let known = self
            .varied
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let of = &self.windows[window];
        let recording = &self.recordings[of.recording];
        let samples = &recording.samples[of.first..of.first + self.window_samples];
        let stream = (copy as u64) << 32 | window as u64;
        let (varied, shaft_hz) = vary(
            samples,
            (recording.shaft_hz, recording.rms),
            variation,
            (seed, stream),
        );
        let mut examiner = self.examiner.lock().unwrap_or_else(PoisonError::into_inner);
        let examined = examiner
            .examine(&varied, shaft_hz)
            .map_err(|error| measure(&error))?;
        drop(examiner);
        let features = examined.features();
        self.varied
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, features);
        Ok(features)
    }

    /// The samples of a window and the speed of its shaft, in turns a second.
    pub(super) fn samples(&self, window: usize) -> (&[f64], f64) {
        let of = &self.windows[window];
        let recording = &self.recordings[of.recording];
        let samples = &recording.samples[of.first..of.first + self.window_samples];
        (samples, recording.shaft_hz)
    }
}

/// The number of the element that a recording says is damaged.
fn element(example: &WaveformExample) -> Result<Option<usize>, TaskError> {
    let label = example.label.as_deref().unwrap_or_default();
    if label == NORMAL {
        return Ok(None);
    }
    let element = ELEMENTS.iter().position(|element| *element == label);
    element.map(Some).ok_or_else(|| {
        measure(&format!(
            "`{}` is labelled `{label}`, expected {NORMAL}, {}",
            example.id,
            ELEMENTS.join(", ")
        ))
    })
}

/// Reads the two manifests of a recipe.
pub(super) fn read(
    data: &DataSettings,
    paths: (&std::path::Path, &std::path::Path),
) -> Result<[crate::data::WaveformSet; 2], TaskError> {
    let fields = data.fields();
    let read = |path| crate::data::WaveformSet::read(path, &fields);
    Ok([read(paths.0)?, read(paths.1)?])
}

/// It cannot be measured for this reason.
pub(super) fn measure(reason: &dyn std::fmt::Display) -> TaskError {
    TaskError::Measure {
        reason: reason.to_string(),
    }
}
