//! A speech model on recordings it never heard.

use std::path::Path;

use burn::tensor::Device;

use super::config::SpeechConfig;
use super::corpus::{self, Sound};
use super::lexicon::Lexicon;
use super::net::SpeechNet;
use super::score::{heard, scores};
use super::ship::{costs, metric, rate, sources};
use super::task::read;
use super::{phones, score};
use crate::card::Card;
use crate::data::AudioExample;
use crate::evaluation::{Better, Evaluation, Fact, Figure, MetricRow, Mistake, Scale};
use crate::metrics::{BootstrapOptions, bootstrap};
use crate::model::NetCard;
use crate::net::NetConfig;
use crate::shipping::{open_card, wrong_weights};
use crate::task::{EvaluationSources, TaskError};
use crate::weights::Weights;

/// Mistakes that are listed.
const MISTAKES_MAX: usize = 40;
/// Draws of the bootstrap.
const RESAMPLES: u32 = 2_000;

/// Measures the model in a folder. There is no classical baseline of phones: the search over words is compared with one
/// where there is a grammar.
///
/// # Errors
/// [`TaskError`] says what of the model or the data cannot be used.
pub(super) fn evaluate(folder: &Path, from: &EvaluationSources<'_>) -> Result<Evaluation, TaskError> {
    let (card, net) = open(folder)?;
    let config = net.config();
    let lexicon = Lexicon::builtin();
    let seconds =
        (config.frames_max * config.features.hop_samples) as f64 / f64::from(config.features.sample_rate_hz);
    let set = read(&from.valid, "", seconds, &lexicon)?;
    let sounds = corpus::hear(&set.examples, &config.features, &lexicon)?;
    let found: Vec<Vec<u8>> = scores(&net, &sounds)?
        .iter()
        .map(|scores| heard(scores))
        .collect();
    let counts: Vec<[usize; 2]> = sounds
        .iter()
        .zip(&found)
        .map(|(sound, found)| [score::edits(found, &sound.phones), sound.phones.len()])
        .collect();
    let judged = Judged {
        examples: &set.examples,
        sounds: &sounds,
        found: &found,
        counts: &counts,
    };
    let fact = |name: &str, value: String| Fact {
        name: name.to_owned(),
        value,
    };
    Ok(Evaluation {
        title: format!("{}@{}", card.name, card.version),
        about: card.about.clone(),
        facts: vec![
            fact("parameters", card.weights.parameters.to_string()),
            fact("bytes of weights", card.weights.bytes.to_string()),
            fact("seed", format!("{} of {:?}", card.seed.chosen, card.seed.trained)),
            fact(
                "looks ahead",
                format!("{:.0} ms", 1e3 * config.look_ahead_seconds()),
            ),
            fact("judged on", format!("{} recordings", sounds.len())),
        ],
        must_not_be_used_for: card.must_not_be_used_for.clone(),
        metrics: judged.metrics(from.seed),
        mistakes: judged.mistakes(),
        costs: costs(&net, &card.model.ranges, &sounds, from.elapsed)?,
        data: card.data.clone(),
        ..Evaluation::default()
    })
}

/// What the model heard.
struct Judged<'a> {
    examples: &'a [AudioExample],
    sounds: &'a [Sound],
    found: &'a [Vec<u8>],
    /// Edits and phones.
    counts: &'a [[usize; 2]],
}

impl Judged<'_> {
    /// Error rates of all recordings and of each source.
    fn metrics(&self, seed: u64) -> Vec<MetricRow> {
        let options = BootstrapOptions {
            resamples: RESAMPLES,
            confidence: 0.95,
            seed,
        };
        let row = |source: &str| {
            let pairs = self.sounds.iter().zip(self.counts);
            let of: Vec<&[usize; 2]> = pairs
                .filter(|(sound, _)| source.is_empty() || sound.source == source)
                .map(|(_, count)| count)
                .collect();
            let count = u32::try_from(of.len()).unwrap_or(u32::MAX);
            let interval = bootstrap(count, options, |places| {
                score::error_rate(places.iter().map(|place| of[*place as usize]))
            });
            MetricRow {
                name: metric(source),
                scale: Scale::Percent,
                better: Better::Lower,
                model: Figure {
                    value: rate(self.sounds, self.counts, source),
                    limits: Some((interval.low, interval.high)),
                },
                baseline: None,
                difference: None,
            }
        };
        sources(self.sounds).into_iter().map(row).collect()
    }

    /// The recordings with the largest shares of wrong phones.
    fn mistakes(&self) -> Vec<Mistake> {
        let share = |index: usize| self.counts[index][0] as f64 / self.counts[index][1].max(1) as f64;
        let mut worst: Vec<usize> = (0..self.sounds.len())
            .filter(|index| self.counts[*index][0] > 0)
            .collect();
        worst.sort_by(|a, b| share(*b).total_cmp(&share(*a)));
        let mistake = |index: usize| {
            let example = &self.examples[index];
            Mistake {
                text: example.text.clone().unwrap_or_else(|| example.id.clone()),
                gold: names(&self.sounds[index].phones),
                found: names(&self.found[index]),
                confidence: 1.0 - share(index).min(1.0),
            }
        };
        worst.into_iter().take(MISTAKES_MAX).map(mistake).collect()
    }
}

/// Phones for people.
fn names(places: &[u8]) -> String {
    let name = |place: &u8| {
        phones::PHONES
            .get(usize::from(*place).wrapping_sub(1))
            .copied()
            .unwrap_or("-")
    };
    places.iter().map(name).collect::<Vec<_>>().join(" ")
}

/// Reads a model.
fn open(folder: &Path) -> Result<(Card<NetCard<SpeechConfig>>, SpeechNet), TaskError> {
    let card = open_card::<SpeechConfig>(folder)?;
    card.model.net.validate()?;
    let file = folder.join(&card.weights.file);
    let wrong = wrong_weights(&file);
    let weights = Weights::read(&file, &card.model.net.tensors(), &card.weights.sha256).map_err(&wrong)?;
    let net = card
        .model
        .net
        .build_net(weights, &Device::flex())
        .map_err(&wrong)?;
    Ok((card, net))
}
