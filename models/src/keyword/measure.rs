//! What a keyword model gets right, beside what a reader must know of it: the evaluation that a page is made of.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use burn::tensor::Device;
use motet_engine::{Cpu, Precision};

use super::baseline;
use super::data::{Judged, Recording};
use super::evaluate::{Confusion, Evaluation as Counts, Heard, StreamRecall};
use super::model::{KeywordModel, ModelError};
use super::score::Scored;
use super::settings::DataSettings;
use super::ship::measure;
use super::window::remove_level;
use crate::audio::{LogMel, LogMelError};
use crate::card::{CARD_FILE, Cost};
use crate::evaluation::{
    Better, ClassRow, ConfusionCounts, CostRow, Evaluation, Fact, Figure, MetricRow, Scale,
};
use crate::lowering::{LowerError, Lowering, run_times};
use crate::metrics::{BootstrapOptions, bootstrap_by_group};
use crate::net::{Net, Sample};
use crate::shipping::{PRECISIONS, percentiles_ms};
use crate::task::{EvaluationSources, TaskError};

/// Draws of the bootstrap.
const RESAMPLES: u32 = 2_000;
/// Windows that are timed.
const TIMED: usize = 200;

/// Measures the model in a folder.
///
/// # Errors
/// [`TaskError`] says what of the model or the data cannot be used.
pub(super) fn evaluate(folder: &Path, sources: &EvaluationSources<'_>) -> Result<Evaluation, TaskError> {
    let model = KeywordModel::load(folder, &Device::flex()).map_err(|error| refused(folder, error))?;
    let settings = match &model.card().recipe {
        Some(recipe) => recipe.section("data")?,
        None => DataSettings::default(),
    };
    let synthetic = sources.synthetic.as_deref();
    let judged = Judged::read(&settings, &sources.valid, synthetic, model.labels())?;
    if judged.keywords.is_empty() {
        return Err(measure(&"there is no recording of a keyword"));
    }
    let heard = Heard::by(&model, &judged, sources.threads).map_err(|error| measure(&error))?;
    let counts = heard.evaluation(&model);
    let found = match &sources.train {
        Some(train) => Some(baseline::find(&settings, train, &judged, model.labels())?),
        None => None,
    };
    let card = model.card();
    let confusion = &counts.clips;
    Ok(Evaluation {
        title: format!("{}@{}", card.name, card.version),
        about: card.about.clone(),
        facts: facts(&model, &judged, &counts),
        must_not_be_used_for: card.must_not_be_used_for.clone(),
        baseline: found.as_ref().map_or("", |_| baseline::NAME).to_owned(),
        metrics: metrics(
            &model,
            &judged,
            (&heard, &counts),
            (found.as_deref(), sources.seed),
        ),
        confusion: Some(ConfusionCounts {
            labels: confusion.labels.clone(),
            counts: confusion.counts.clone(),
        }),
        classes: (0..confusion.labels.len())
            .map(|class| class_row(confusion, class))
            .collect(),
        costs: costs(&model, &judged, sources.elapsed)?,
        data: card.data.clone(),
        ..Evaluation::default()
    })
}

fn refused(folder: &Path, error: ModelError) -> TaskError {
    let path = folder.join(CARD_FILE);
    match error {
        ModelError::File { path, source } => TaskError::File { path, source },
        ModelError::Card(source) => TaskError::Card { path, source },
        other @ (ModelError::Contradiction { .. } | ModelError::Weights { .. }) => measure(&other),
    }
}

fn facts(model: &KeywordModel, judged: &Judged, counts: &Counts) -> Vec<Fact> {
    let card = model.card();
    let fact = |name: &str, value: String| Fact {
        name: name.to_owned(),
        value,
    };
    let (keywords, others) = (judged.keywords.len(), judged.others.len());
    let mut facts = vec![
        fact("parameters", card.weights.parameters.to_string()),
        fact("bytes of weights", card.weights.bytes.to_string()),
        fact("seed", format!("{} of {:?}", card.seed.chosen, card.seed.trained)),
        fact(
            "judged on",
            format!("{keywords} keywords and {others} other clips"),
        ),
        fact("in a stream", counts.stream.to_string()),
    ];
    let alarms = counts.false_alarms.iter();
    facts.extend(alarms.map(|alarms| fact("speech without a keyword", alarms.to_string())));
    facts
}

fn metrics(
    model: &KeywordModel,
    judged: &Judged,
    (heard, counts): (&Heard, &Counts),
    (found, seed): (Option<&[usize]>, u64),
) -> Vec<MetricRow> {
    let (labels, card) = (model.labels(), &model.card().model);
    let row = |name: String, scale, better, model| MetricRow {
        name,
        scale,
        better,
        model,
        baseline: None,
        difference: None,
    };
    let clips = judged.keywords.iter().chain(&judged.others);
    let is_right = |clip: &Scored| Confusion::count(labels, std::slice::from_ref(clip)).accuracy();
    let is_heard = |stream: &Scored| {
        let streams = std::slice::from_ref(stream);
        StreamRecall::count(labels, streams, card.temperature, card.rule).recall()
    };
    let percent = |name: &str, figure| row(name.to_owned(), Scale::Percent, Better::Higher, figure);
    let own: Vec<f64> = heard.clips.iter().map(is_right).collect();
    let bare = |value: f64| Figure { value, limits: None };
    let mut rows = vec![
        percent(
            "accuracy of clips",
            by_voice(clips.clone(), own.iter().copied(), seed),
        ),
        percent("macro-F1 of clips", bare(counts.clips.macro_f1())),
        percent(
            "keywords heard in a stream",
            by_voice(judged.keywords.iter(), heard.streams.iter().map(is_heard), seed),
        ),
    ];
    if let Some(found) = found {
        let right = |(recording, found): (&Recording, &usize)| f64::from(u8::from(recording.class == *found));
        let base: Vec<f64> = clips.clone().zip(found).map(right).collect();
        let differences = own.iter().zip(&base).map(|(own, base)| own - base);
        rows[0].difference = Some(by_voice(clips.clone(), differences, seed));
        rows[0].baseline = Some(by_voice(clips.clone(), base.iter().copied(), seed));
        let confusion = Confusion::of(
            labels,
            clips.map(|recording| recording.class).zip(found.iter().copied()),
        );
        rows[1].baseline = Some(bare(confusion.macro_f1()));
    }
    for alarms in &counts.false_alarms {
        rows.push(row(
            format!("false alarms per hour, {}", alarms.set),
            Scale::Number,
            Better::Lower,
            Figure {
                value: alarms.per_hour,
                limits: Some((0.0, alarms.per_hour_upper_95)),
            },
        ));
    }
    rows
}

/// Size and time of the program of a window, in each precision that the card has ranges for.
fn costs(
    model: &KeywordModel,
    judged: &Judged,
    elapsed: &dyn Fn() -> Duration,
) -> Result<Vec<CostRow>, TaskError> {
    let mut mel = LogMel::new(model.features().clone()).map_err(|error| measure(&error))?;
    let windowing = model.windowing();
    let window = |recording: &Recording| {
        let spectrogram = mel.spectrogram(&recording.to_f32())?;
        let count = windowing.windows(spectrogram.len() / windowing.bins);
        let mut windows = vec![0.0; count * windowing.window_frames * windowing.bins];
        windowing.cut(&spectrogram, &mut windows);
        windows.truncate(windowing.window_frames * windowing.bins);
        remove_level(&mut windows, windowing.bins);
        Ok(Sample::Numbers(windows))
    };
    let samples = judged.keywords.iter().take(TIMED).map(window);
    let samples = samples
        .collect::<Result<Vec<Sample>, LogMelError>>()
        .map_err(|error| measure(&error))?;
    let ranges = &model.card().model.ranges;
    let cpu = Cpu::detect();
    let row = |(precision, name): (Precision, &str)| {
        let program = model.lower(&Lowering::of_card(cpu, precision, ranges))?;
        let [p50_ms, p95_ms] = percentiles_ms(run_times(&program, &samples, elapsed)?);
        Ok::<_, LowerError>(CostRow {
            precision: name.to_owned(),
            metrics: BTreeMap::new(),
            cost: Cost {
                weight_bytes: program.weight_bytes(),
                p50_ms,
                p95_ms,
                cpu: cpu.to_string(),
            },
        })
    };
    let is_there = |(precision, _): &(Precision, &str)| *precision == Precision::F32 || !ranges.is_empty();
    let rows = PRECISIONS.into_iter().filter(is_there).map(row);
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The mean of what is 1 or 0 of each recording, with its interval over voices.
fn by_voice<'a>(
    recordings: impl Iterator<Item = &'a Recording>,
    values: impl Iterator<Item = f64>,
    seed: u64,
) -> Figure {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let groups: Vec<u32> = recordings
        .map(|recording| {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(&recording.group).or_insert(next)
        })
        .collect();
    let values: Vec<f64> = values.collect();
    let options = BootstrapOptions {
        resamples: RESAMPLES,
        confidence: 0.95,
        seed,
    };
    let found = bootstrap_by_group(&groups, options, |places| {
        let sum: f64 = places.iter().map(|place| values[*place as usize]).sum();
        sum / places.len() as f64
    });
    Figure {
        value: found.estimate,
        limits: Some((found.low, found.high)),
    }
}

fn class_row(confusion: &Confusion, class: usize) -> ClassRow {
    let right = confusion.counts[class][class] as f64;
    let support: u64 = confusion.counts[class].iter().sum();
    let found: u64 = confusion.counts.iter().map(|row| row[class]).sum();
    ClassRow {
        name: confusion.labels[class].clone(),
        support,
        precision: right / found as f64,
        recall: right / support as f64,
        f1: 2.0 * right / (support + found) as f64,
    }
}
