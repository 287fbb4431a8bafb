//! Temperature and threshold, chosen on the training side only: on voices that a fold kept from its training.

use super::data::{Corpus, Fold, Recording};
use super::detect::DetectionRule;
use super::evaluate::{Confusion, FalseAlarms, StreamRecall};
use super::model::KeywordModel;
use super::score::{ScoreError, Scored, Scoring, Surroundings, score_all};
use crate::card::Metric;

/// What a calibration found on voices unseen in its fold.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// Divides the scores before the softmax.
    pub temperature: f32,
    /// When a keyword counts as heard.
    pub rule: DetectionRule,
    /// Keywords and digits, sorted into classes.
    pub clips: Confusion,
    /// Keywords heard at that threshold.
    pub stream: StreamRecall,
    /// False alarms at that threshold.
    pub false_alarms: FalseAlarms,
}

impl Calibration {
    /// Returns the figures for the card of the models that use this calibration.
    pub fn metrics(&self, fold: Fold) -> Vec<Metric> {
        let Fold { index, of } = fold;
        let unseen = format!("of voices unseen in fold {index} of {of} of the training part, one seed");
        let one = |name: String, value: f64| Metric::over_seeds(&name, &[value], 0);
        let (clips, alarms) = (&self.clips, &self.false_alarms);
        let keywords: u64 = self.stream.spoken.iter().sum();
        let (classes, count) = (clips.labels.len(), clips.total());
        let mut metrics = vec![
            one(
                format!("accuracy, {classes} classes, {count} clips {unseen}"),
                clips.accuracy(),
            ),
            one(
                format!("keywords heard in a stream, {keywords} {unseen}"),
                self.stream.recall(),
            ),
        ];
        if alarms.hours > 0.0 {
            metrics.push(one(
                format!("false alarms in {:.2} h of speech {unseen}", alarms.hours),
                alarms.alarms as f64,
            ));
        }
        metrics
    }
}

/// Chooses temperature and threshold for the fold's `model` on the voices it never heard.
///
/// The threshold is the highest at which the share `kept` of unseen keywords is still heard. The rule's smoothing and
/// refractory time are those of the model.
///
/// # Errors
/// [`ScoreError`] if a recording cannot be scored.
pub fn calibrate(
    model: &KeywordModel,
    unseen: &Corpus,
    kept: f64,
    threads: usize,
) -> Result<Calibration, ScoreError> {
    let bare = Scoring {
        model,
        around: Surroundings::Bare,
        threads,
    };
    let own = |recording: &Recording| Ok(recording.clone());
    let mut clips = score_all(bare, &unseen.keywords, own)?;
    clips.extend(score_all(bare, &unseen.words, own)?);
    let streams = score_all(
        Scoring {
            around: Surroundings::Stream,
            ..bare
        },
        &unseen.keywords,
        own,
    )?;
    let mut speech = score_all(bare, &unseen.sentences, own)?;
    speech.extend(score_all(bare, &unseen.synthetic_sentences, own)?);
    let temperature = fit_temperature(&clips, model.labels().len());
    let rule = choose_threshold(model, &streams, temperature, kept);
    Ok(Calibration {
        temperature,
        rule,
        clips: Confusion::count(model.labels(), &clips),
        stream: StreamRecall::count(model.labels(), &streams, temperature, rule),
        false_alarms: FalseAlarms::count(
            ("speech of unseen voices", model.labels()),
            &speech,
            temperature,
            rule,
        ),
    })
}

/// Returns the highest threshold, in steps of a hundredth, that keeps this share of the streams; the lowest
/// step if none does.
fn choose_threshold(model: &KeywordModel, streams: &[Scored], temperature: f32, kept: f64) -> DetectionRule {
    let rule_at = |hundredths: u8| DetectionRule {
        threshold: f32::from(hundredths) / 100.0,
        ..model.rule()
    };
    let keeps = |rule: &DetectionRule| {
        StreamRecall::count(model.labels(), streams, temperature, *rule).recall() >= kept
    };
    (50..=99)
        .rev()
        .map(rule_at)
        .find(keeps)
        .unwrap_or_else(|| rule_at(50))
}

/// Returns the temperature under which the clips' own classes are likeliest.
///
/// # Source
/// Guo et al., "On calibration of modern neural networks", 2017, section 4.2; golden-section search after Kiefer,
/// 1953, over the logarithm of the temperature.
fn fit_temperature(clips: &[Scored], classes: usize) -> f32 {
    let loss = |log_temperature: f64| {
        let row_loss = |class: usize, row: &[f32]| {
            let scaled = |value: f32| f64::from(value) / log_temperature.exp();
            let peak = row.iter().copied().fold(f32::MIN, f32::max);
            let sum: f64 = row
                .iter()
                .map(|value| (scaled(*value) - scaled(peak)).exp())
                .sum();
            sum.ln() + scaled(peak) - scaled(row[class])
        };
        let clip_loss = |clip: &Scored| {
            clip.log_probabilities
                .chunks_exact(classes)
                .map(|row| row_loss(clip.class, row))
                .sum::<f64>()
        };
        clips.iter().map(clip_loss).sum::<f64>()
    };
    let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut low, mut high) = (0.2_f64.ln(), 5.0_f64.ln());
    for _ in 0..60 {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if loss(left) < loss(right) {
            high = right
        } else {
            low = left
        }
    }
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a temperature from 0.2 to 5 is rounded to f32"
    )]
    let temperature = (0.5 * (low + high)).exp() as f32;
    temperature
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_temperature_undoes_overconfidence() {
        // Nine of ten right, all with the same margin m: the best temperature makes each 90 % sure, so that
        // m / temperature is the logarithm of 9.
        let margin = 6.0_f32;
        let clip = |class: usize| Scored {
            class,
            seconds: 1.0,
            log_probabilities: vec![0.0, -margin],
        };
        let clips: Vec<Scored> = (0..10).map(|index| clip(usize::from(index == 0))).collect();
        assert!((fit_temperature(&clips, 2) - margin / 9.0_f32.ln()).abs() < 1e-3);
    }
}
