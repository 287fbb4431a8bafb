//! An utterance model on examples it never saw, and the classical baseline beside it.

use std::path::Path;

use super::compare;
use super::config::UtteranceConfig;
use super::corpus::{Labels, Utterance};
use super::measure::{in_scope_scores, marks, ranking};
use super::net::UtteranceNet;
use super::score::{Answer, answer};
use super::{programs, read};
use crate::card::Card;
use crate::data::{DataReport, TextExample, TextSet, inspect};
use crate::decide::{Decision, ScopeScore};
use crate::evaluation::{ClassRow, ConfusionCounts, Curve, Evaluation, Fact, Mistake, Reliability};
use crate::metrics::{ConfusionMatrix, Forecasts, RiskCoverage, SpanReport};
use crate::model::NetCard;
use crate::shipping::{open_card, wrong_weights};
use crate::task::{EvaluationSources, TaskError};
use crate::weights::Weights;
use burn::tensor::Device;

/// Bins of reliability diagrams and of the expected calibration error.
const BINS: usize = 15;
/// Mistakes that are listed.
const MISTAKES_MAX: usize = 40;

/// Measures the model in a folder.
///
/// # Errors
/// [`TaskError`] says what of the model or the data cannot be used.
pub(super) fn evaluate(folder: &Path, sources: &EvaluationSources<'_>) -> Result<Evaluation, TaskError> {
    let model = Loaded::read(folder)?;
    let config = &model.card.model.net;
    let labels = Labels::of(config);
    if sources.valid.is_dir() {
        return Err(measure(
            &"there is no file of examples: name one, such as `valid.jsonl`",
        ));
    }
    let rows = read::Rows::in_file(&sources.valid, model.card.recipe.as_ref());
    let judging = rows.clone().only(sources.only.as_deref())?;
    let read = |path: &Path, rows| read::read(path, rows, config.splitting, Some(&labels));
    let valid = read(&sources.valid, &judging)?;
    let train = match &sources.train {
        Some(path) => Some(read(path, &rows)?),
        None => None,
    };
    let utterances = read::utterances(&valid.examples, &labels);
    let answers = answer(&model.net, &labels, &utterances)?;
    let decision = model.card.model.decision.clone().unwrap_or_default();
    let by = decision
        .abstain
        .as_ref()
        .map_or(ScopeScore::Energy, |abstain| abstain.by);
    let own = marks(&labels, &utterances, &answers, by);
    let base = match &train {
        Some(train) => Some(compare::baseline(&labels, train, &valid, &utterances)?),
        None => None,
    };
    let judged = Judged {
        labels: &labels,
        texts: &valid.examples,
        utterances: &utterances,
        answers: &answers,
        decision: &decision,
    };
    let mut evaluation = judged.evaluation()?;
    evaluation.title = format!("{}@{}", model.card.name, model.card.version);
    evaluation.about.clone_from(&model.card.about);
    evaluation
        .must_not_be_used_for
        .clone_from(&model.card.must_not_be_used_for);
    evaluation.facts = facts(&model, &valid, train.as_ref());
    evaluation.warnings = train.as_ref().map_or(Vec::new(), |train| {
        warnings(&inspect(&train.examples, &valid.examples, None))
    });
    evaluation.data.clone_from(&model.card.data);
    evaluation.baseline = match (labels.intents.is_empty(), labels.tags.is_empty()) {
        (false, true) => "TF-IDF and linear SVM",
        (true, _) => "CRF",
        (false, false) => "TF-IDF and linear SVM; CRF",
    }
    .to_owned();
    evaluation.metrics = compare::rows(&labels, &own, base.as_deref(), sources.seed)?;
    let judged = programs::Judged {
        labels: &labels,
        utterances: &utterances,
        by,
    };
    evaluation.costs = programs::costs(&model.net, &model.card.model.ranges, &judged, sources.elapsed)?;
    Ok(evaluation)
}

/// A model with its card.
struct Loaded {
    card: Card<NetCard<UtteranceConfig>>,
    net: UtteranceNet,
}

impl Loaded {
    fn read(folder: &Path) -> Result<Self, TaskError> {
        let card = open_card::<UtteranceConfig>(folder)?;
        card.model.net.validate()?;
        let file = folder.join(&card.weights.file);
        let wrong = wrong_weights(&file);
        let weights =
            Weights::read(&file, &card.model.net.tensors(), &card.weights.sha256).map_err(&wrong)?;
        let net = card
            .model
            .net
            .build_net(weights, &Device::flex())
            .map_err(&wrong)?;
        Ok(Self { card, net })
    }
}

/// What the model answered.
struct Judged<'a> {
    labels: &'a Labels,
    texts: &'a [TextExample],
    utterances: &'a [Utterance],
    answers: &'a [Answer],
    decision: &'a Decision,
}

impl Judged<'_> {
    /// Curves, classes and mistakes.
    fn evaluation(&self) -> Result<Evaluation, TaskError> {
        let mut evaluation = Evaluation::default();
        if !self.labels.intents.is_empty() {
            self.add_intents(&mut evaluation)?;
        }
        if !self.labels.tags.is_empty() {
            self.add_slots(&mut evaluation)?;
        }
        evaluation
            .mistakes
            .sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        evaluation.mistakes.truncate(MISTAKES_MAX);
        Ok(evaluation)
    }

    fn add_intents(&self, evaluation: &mut Evaluation) -> Result<(), TaskError> {
        let (labels, other) = (self.labels, self.labels.out_of_scope);
        let (scores, gold, classes) = in_scope_scores(labels, self.utterances, self.answers);
        let temperature = f64::from(self.decision.temperature);
        let forecasts = |temperature| {
            Forecasts::from_logits(&scores, &gold, classes, temperature).map_err(|error| measure(&error))
        };
        let (before, after) = (forecasts(1.0)?, forecasts(temperature)?);
        let points = |forecasts: &Forecasts| -> Vec<(f64, f64)> {
            let bins = forecasts.reliability(BINS);
            bins.iter().map(|bin| (bin.confidence, bin.accuracy)).collect()
        };
        evaluation.reliability = Some(Reliability {
            before: points(&before),
            after: points(&after),
            temperature,
            ece_before: before.ece(BINS),
            ece_after: after.ece(BINS),
        });
        let sure = after.confidences();
        let (confidences, right): (Vec<f64>, Vec<bool>) = sure.into_iter().unzip();
        let risk = RiskCoverage::new(&confidences, &right).map_err(|error| measure(&error))?;
        evaluation.risk_coverage = vec![Curve {
            name: "intents in scope, by confidence".to_owned(),
            points: risk
                .points
                .iter()
                .map(|point| (point.coverage, point.risk))
                .collect(),
        }];
        let known: Vec<String> = (0..labels.intents.len())
            .filter(|index| Some(*index) != other)
            .map(|index| labels.intents[index].clone())
            .collect();
        let matrix =
            ConfusionMatrix::count(classes, &gold, &after.found()).map_err(|error| measure(&error))?;
        for class in matrix.class_scores() {
            evaluation.classes.push(ClassRow {
                name: known.get(class.class as usize).cloned().unwrap_or_default(),
                support: class.support,
                precision: class.precision,
                recall: class.recall,
                f1: class.f1,
            });
        }
        evaluation.confusion = Some(ConfusionCounts {
            counts: matrix.rows().map(<[u64]>::to_vec).collect(),
            labels: known,
        });
        self.add_scope(evaluation);
        self.add_intent_mistakes(evaluation);
        Ok(())
    }

    fn add_scope(&self, evaluation: &mut Evaluation) {
        let by = self
            .decision
            .abstain
            .as_ref()
            .map_or(ScopeScore::Energy, |abstain| abstain.by);
        let marks = marks(self.labels, self.utterances, self.answers, by);
        if self.labels.out_of_scope.is_none() {
            return;
        }
        if let Some(ranking) = ranking(&marks) {
            let points = ranking.precision_recall();
            evaluation.precision_recall.push(Curve {
                name: "in scope against out of scope".to_owned(),
                points: points
                    .iter()
                    .map(|point| (point.recall, point.precision))
                    .collect(),
            });
        }
    }

    fn add_intent_mistakes(&self, evaluation: &mut Evaluation) {
        let (labels, other) = (self.labels, self.labels.out_of_scope);
        let name = |index: usize| labels.intents[index].clone();
        for ((text, utterance), answer) in self.texts.iter().zip(self.utterances).zip(self.answers) {
            let (Some(gold), Some(decided)) =
                (utterance.intent, self.decision.decide(&answer.intents, other))
            else {
                continue;
            };
            let is_out = Some(gold) == other;
            let is_wrong = if is_out {
                !decided.abstains
            } else {
                decided.abstains || decided.class != gold
            };
            if is_wrong {
                evaluation.mistakes.push(Mistake {
                    text: text.text.clone(),
                    gold: name(gold),
                    found: match decided.abstains {
                        true => format!("no answer, but for {}", name(decided.class)),
                        false => name(decided.class),
                    },
                    confidence: f64::from(decided.confidence),
                });
            }
        }
    }

    fn add_slots(&self, evaluation: &mut Evaluation) -> Result<(), TaskError> {
        let name = |tags: &[usize]| -> Vec<&str> {
            tags.iter().map(|tag| self.labels.tags[*tag].as_str()).collect()
        };
        let (mut gold, mut found) = (Vec::new(), Vec::new());
        for ((text, utterance), answer) in self.texts.iter().zip(self.utterances).zip(self.answers) {
            let Some(tags) = &utterance.tags else { continue };
            if *tags != answer.tags && self.labels.intents.is_empty() {
                evaluation.mistakes.push(Mistake {
                    text: text.text.clone(),
                    gold: written(self.labels, utterance, tags),
                    found: written(self.labels, utterance, &answer.tags),
                    confidence: 0.0,
                });
            }
            gold.push(name(tags));
            // Words beyond the longest utterance have no slot.
            let mut tags = name(&answer.tags);
            tags.resize(gold.last().map_or(0, Vec::len), "O");
            found.push(tags);
        }
        let report = SpanReport::count(&gold, &found).map_err(|error| measure(&error))?;
        for (kind, counts) in &report.kinds {
            evaluation.classes.push(ClassRow {
                name: format!("slot {kind}"),
                support: counts.gold,
                precision: counts.precision(),
                recall: counts.recall(),
                f1: counts.f1(),
            });
        }
        Ok(())
    }
}

/// Slots for people: `artist: miles davis`.
fn written(labels: &Labels, utterance: &Utterance, tags: &[usize]) -> String {
    let spans = super::score::spans(labels, tags);
    let span = |(kind, first, end): (String, usize, usize)| {
        format!("{kind}: {}", utterance.words[first..end].join(" "))
    };
    let spans: Vec<String> = spans.into_iter().map(span).collect();
    spans.join("; ")
}

fn facts(model: &Loaded, valid: &TextSet, train: Option<&TextSet>) -> Vec<Fact> {
    let fact = |name: &str, value: String| Fact {
        name: name.to_owned(),
        value,
    };
    let card = &model.card;
    let mut facts = vec![
        fact("parameters", card.weights.parameters.to_string()),
        fact("bytes of weights", card.weights.bytes.to_string()),
        fact("seed", format!("{} of {:?}", card.seed.chosen, card.seed.trained)),
        fact("judged on", format!("{} rows", valid.examples.len())),
    ];
    if let Some(train) = train {
        facts.push(fact(
            "baseline trained on",
            format!("{} rows", train.examples.len()),
        ));
    }
    if let Some(abstain) = card
        .model
        .decision
        .as_ref()
        .and_then(|decision| decision.abstain.as_ref())
    {
        let percent = 100.0 * abstain.false_rejection;
        facts.push(fact(
            "gives no answer below",
            format!(
                "a score of {:.3}, which turned away {percent:.1} % of what is in scope",
                abstain.threshold
            ),
        ));
    }
    facts
}

fn warnings(report: &DataReport) -> Vec<String> {
    let mut warnings = Vec::new();
    for (rows, what) in [
        (report.equal.rows, "are in the training part word for word"),
        (
            report.near.rows,
            "are nearly the same as a row of the training part",
        ),
    ] {
        if rows > 0 {
            warnings.push(format!("{rows} of {} rows {what}", report.valid_rows));
        }
    }
    if !report.only_in_valid.is_empty() {
        warnings.push(format!("never trained on: {}", report.only_in_valid.join(", ")));
    }
    warnings
}

pub(super) fn measure(reason: &dyn std::fmt::Display) -> TaskError {
    TaskError::Measure {
        reason: reason.to_string(),
    }
}
