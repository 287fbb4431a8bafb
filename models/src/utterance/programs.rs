//! The programs of a net in one precision: what they answer, and how long they take.

use std::collections::BTreeMap;
use std::time::Duration;

use motet_engine::{Cpu, Precision, Program};

use super::config::UtteranceConfig;
use super::corpus::{Labels, Utterance, ids};
use super::lower::{IntentNet, SlotsNet};
use super::measure::{Figure, are_nested, marks};
use super::net::UtteranceNet;
use super::path::Path;
use super::score::{Answer, best};
use crate::card::Cost;
use crate::decide::ScopeScore;
use crate::evaluation::CostRow;
use crate::lowering::{LowerError, Lowering, answer, run_times};
use crate::net::{Net, Sample};
use crate::shipping::{PRECISIONS, percentiles_ms};

/// Utterances that are timed.
const TIMED: usize = 500;

/// One program for each head.
pub(super) struct Programs<'a> {
    config: &'a UtteranceConfig,
    intents: Option<Program>,
    slots: Option<(Program, Path)>,
}

/// How good a net is in each precision, and what it costs.
///
/// # Errors
/// [`LowerError`] if the net has no program in one of them.
pub(super) fn costs(
    net: &UtteranceNet,
    ranges: &BTreeMap<String, f32>,
    judged: &Judged<'_>,
    elapsed: &dyn Fn() -> Duration,
) -> Result<Vec<CostRow>, LowerError> {
    let cpu = Cpu::detect();
    let row = |(precision, name): (Precision, &str)| {
        let programs = Programs::of(net, judged.labels, &Lowering::of_card(cpu, precision, ranges))?;
        let answers = programs.answers(judged.utterances)?;
        let marks = marks(judged.labels, judged.utterances, &answers, judged.by);
        let figures = Figure::of(judged.labels, are_nested(judged.utterances)).into_iter();
        let [p50_ms, p95_ms] = programs.times(judged.utterances, elapsed)?;
        Ok(CostRow {
            precision: name.to_owned(),
            metrics: figures
                .map(|figure| (figure.name().to_owned(), figure.value(&marks)))
                .collect(),
            cost: Cost {
                weight_bytes: programs.weight_bytes(),
                p50_ms,
                p95_ms,
                cpu: cpu.to_string(),
            },
        })
    };
    PRECISIONS.into_iter().map(row).collect()
}

/// What programs are judged by.
pub(super) struct Judged<'a> {
    pub(super) labels: &'a Labels,
    pub(super) utterances: &'a [Utterance],
    /// What says that something is known.
    pub(super) by: ScopeScore,
}

impl<'a> Programs<'a> {
    /// Lowers each head that the net has.
    ///
    /// # Errors
    /// [`LowerError`] if the engine refuses a step.
    pub(super) fn of(net: &'a UtteranceNet, labels: &Labels, how: &Lowering) -> Result<Self, LowerError> {
        let config = net.config();
        let intents = (!config.intents.is_empty()).then(|| IntentNet(net.clone()).lower(how));
        let slots = Path::of(net, &labels.tags)?
            .map(|path| Ok::<_, LowerError>((SlotsNet(net.clone()).lower(how)?, path)));
        Ok(Self {
            config,
            intents: intents.transpose()?,
            slots: slots.transpose()?,
        })
    }

    /// Bytes of all weights as the programs hold them.
    pub(super) fn weight_bytes(&self) -> u64 {
        self.each().map(Program::weight_bytes).sum()
    }

    /// Answers utterances, in their order.
    ///
    /// # Errors
    /// [`LowerError::Run`] if a program refuses one.
    pub(super) fn answers(&self, utterances: &[Utterance]) -> Result<Vec<Answer>, LowerError> {
        let each = utterances.iter().map(|utterance| {
            let sample = self.sample(utterance);
            let has_words = !utterance.words.is_empty();
            Ok(Answer {
                intents: match &self.intents {
                    Some(program) if has_words => answer(program, &sample)?,
                    Some(_) => vec![0.0; self.config.intents.len()],
                    None => Vec::new(),
                },
                tags: match &self.slots {
                    Some((program, path)) if has_words => best(path, &answer(program, &sample)?),
                    _ => Vec::new(),
                },
                sure: Vec::new(),
            })
        });
        each.collect()
    }

    /// The median and the 95th percentile, in milliseconds, of the time of the first utterances that have words, all heads
    /// together, after each has been answered once.
    ///
    /// # Errors
    /// [`LowerError::Run`] if a program refuses one.
    pub(super) fn times(
        &self,
        utterances: &[Utterance],
        elapsed: &dyn Fn() -> Duration,
    ) -> Result<[f64; 2], LowerError> {
        let not_empty = utterances.iter().filter(|utterance| !utterance.words.is_empty());
        let samples: Vec<Sample> = not_empty
            .take(TIMED)
            .map(|utterance| self.sample(utterance))
            .collect();
        let mut sums = vec![Duration::ZERO; samples.len()];
        for program in self.each() {
            let times = run_times(program, &samples, elapsed)?;
            sums.iter_mut().zip(times).for_each(|(sum, time)| *sum += time);
        }
        Ok(percentiles_ms(sums))
    }

    fn each(&self) -> impl Iterator<Item = &Program> {
        let slots = self.slots.as_ref().map(|(program, _)| program);
        self.intents.iter().chain(slots)
    }

    fn sample(&self, utterance: &Utterance) -> Sample {
        Sample::Ids(ids(self.config, &utterance.words))
    }
}
