//! A linear model on examples it never saw, and the classical baselines beside it.

use std::collections::BTreeMap;
use std::path::Path;

use super::corpus::{Corpus, read};
use super::measure::{Answer, BINS, Figure, Mark, answers, forecasts, marks, matrix, measure};
use super::model::{LinearCard, LinearModel, decide};
use super::settings::DataSettings;
use super::task::LEARNT;
use super::{compare, ship};
use crate::data::{TextSet, inspect};
use crate::decide::Decision;
use crate::evaluation::{ClassRow, ConfusionCounts, CostRow, Curve, Evaluation, Fact, Mistake, Reliability};
use crate::metrics::{Forecasts, RiskCoverage};
use crate::shipping::{open_card, wrong_weights};
use crate::task::{EvaluationSources, TaskError, wanted};

/// Mistakes that are listed.
const MISTAKES_MAX: usize = 40;
/// Characters of a text that are shown of a mistake.
const SHOWN_MAX: usize = 400;

/// Measures the model in a folder by a file, as its recipe reads files.
///
/// # Errors
/// [`TaskError`] says what of the model or the data cannot be used.
pub(super) fn evaluate(folder: &Path, sources: &EvaluationSources<'_>) -> Result<Evaluation, TaskError> {
    let (model, card) = open(folder)?;
    if sources.valid.is_dir() {
        return Err(measure(
            &"there is no file of examples: name one, such as `valid.jsonl`",
        ));
    }
    let recipe = card.recipe.as_ref();
    let recipe = recipe.ok_or_else(|| measure(&"the card has no recipe that says what is read"))?;
    let data: DataSettings = recipe.section("data")?;
    let mut fields = data.fields()?;
    let classes = &card.model.labels;
    let texts = data.texts()?;
    let corpus = |set: &TextSet| Corpus::new(classes, texts.clone(), &set.examples);
    let train = match &sources.train {
        Some(path) => Some(read(path, &fields, Some(classes))?),
        None => None,
    };
    if let Some(only) = &sources.only {
        fields.only = Some(wanted(only)?);
    }
    let valid = read(&sources.valid, &fields, Some(classes))?;
    let decision = card.model.decision.clone().unwrap_or_default();
    let judged = Judged {
        corpus: &corpus(&valid),
        model: &model,
        decision: &decision,
        classes,
    };
    let learnt = train.as_ref().map(corpus);
    let mut evaluation = judged.evaluation(learnt.as_ref(), sources)?;
    evaluation.title = format!("{}@{}", card.name, card.version);
    evaluation.about.clone_from(&card.about);
    evaluation
        .must_not_be_used_for
        .clone_from(&card.must_not_be_used_for);
    evaluation
        .facts
        .splice(0..0, facts(&card, &valid, train.as_ref()));
    evaluation.warnings = warnings(&card, &data, &valid, train.as_ref());
    evaluation.data.clone_from(&card.data);
    Ok(evaluation)
}

fn open(folder: &Path) -> Result<(LinearModel, LinearCard), TaskError> {
    let card: LinearCard = open_card(folder)?;
    card.model.net.validate()?;
    let file = folder.join(&card.weights.file);
    let model = LinearModel::read(&card, &file).map_err(wrong_weights(&file))?;
    Ok((model, card))
}

/// A model, and what it is judged by.
struct Judged<'a> {
    corpus: &'a Corpus,
    model: &'a LinearModel,
    decision: &'a Decision,
    classes: &'a [String],
}

impl Judged<'_> {
    fn evaluation(
        &self,
        learnt: Option<&Corpus>,
        sources: &EvaluationSources<'_>,
    ) -> Result<Evaluation, TaskError> {
        let rows: Vec<usize> = (0..self.corpus.len()).collect();
        let all = answers(self.model, self.corpus, &rows, 0);
        let own = marks(&all, self.decision);
        let base = match learnt {
            Some(learnt) => Some(compare::baseline(learnt, self.corpus)?),
            None => None,
        };
        let mut evaluation = Evaluation {
            baseline: "TF-IDF and linear SVM".to_owned(),
            metrics: compare::rows(&own, base.as_deref(), self.classes.len(), sources.seed)?,
            ..Evaluation::default()
        };
        for (field, name) in self.corpus.fields.iter().enumerate().skip(1) {
            let further = answers(self.model, self.corpus, &rows, field);
            if further.is_empty() {
                continue;
            }
            let further = marks(&further, self.decision);
            let mut table = compare::rows(&further, None, self.classes.len(), sources.seed)?;
            table
                .iter_mut()
                .for_each(|row| row.name = format!("{}, {name}", row.name));
            evaluation.metrics.append(&mut table);
        }
        let frequent = learnt.and_then(|learnt| compare::most_frequent(learnt, self.corpus));
        evaluation.facts.extend(frequent.map(|(name, share)| Fact {
            name: "always the most frequent class".to_owned(),
            value: format!("`{name}`, {:.1} % right", 100.0 * share),
        }));
        self.add_confidence(&all, &mut evaluation)?;
        self.add_classes(&own, &mut evaluation)?;
        evaluation.mistakes = self.mistakes(&all);
        let texts: Vec<&str> = rows.iter().filter_map(|row| self.corpus.text(*row, 0)).collect();
        let metric = |figure: Figure| (figure.name().to_owned(), figure.value(&own, self.classes.len()));
        evaluation.costs = vec![CostRow {
            precision: "f32".to_owned(),
            metrics: BTreeMap::from(Figure::ALL.map(metric)),
            cost: ship::timed(self.model, &texts, sources.elapsed),
        }];
        Ok(evaluation)
    }

    /// Whether confidence means what it says, and what is gained by answering less.
    fn add_confidence(&self, all: &[Answer], evaluation: &mut Evaluation) -> Result<(), TaskError> {
        let temperature = f64::from(self.decision.temperature);
        let (before, after) = (forecasts(all, 1.0)?, forecasts(all, temperature)?);
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
        let largest = |answer: &Answer| answer.margins.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let (sure, right): (Vec<f64>, Vec<bool>) = after.confidences().into_iter().unzip();
        let margins: Vec<f64> = all.iter().map(|answer| f64::from(largest(answer))).collect();
        for (name, scores) in [("by confidence", sure), ("by the largest margin", margins)] {
            let risk = RiskCoverage::new(&scores, &right).map_err(|error| measure(&error))?;
            let points = risk.points.iter().map(|point| (point.coverage, point.risk));
            evaluation.risk_coverage.push(Curve {
                name: name.to_owned(),
                points: points.collect(),
            });
        }
        Ok(())
    }

    fn add_classes(&self, own: &[Mark], evaluation: &mut Evaluation) -> Result<(), TaskError> {
        let matrix = matrix(own, self.classes.len())?;
        for (class, name) in matrix.class_scores().iter().zip(self.classes) {
            evaluation.classes.push(ClassRow {
                name: name.clone(),
                support: class.support,
                precision: class.precision,
                recall: class.recall,
                f1: class.f1,
            });
        }
        evaluation.confusion = Some(ConfusionCounts {
            counts: matrix.rows().map(<[u64]>::to_vec).collect(),
            labels: self.classes.to_vec(),
        });
        Ok(())
    }

    /// The surest of the wrong answers.
    fn mistakes(&self, all: &[Answer]) -> Vec<Mistake> {
        let mistake = |answer: &Answer| {
            let decided = decide(self.decision, &answer.margins, answer.seen)?;
            if decided.class == answer.gold as usize {
                return None;
            }
            let name = self.classes.get(decided.class)?;
            Some(Mistake {
                text: shown(self.corpus.text(answer.row, 0)?),
                gold: self.classes.get(answer.gold as usize)?.clone(),
                found: match decided.abstains {
                    true => format!("no answer, but for {name}"),
                    false => name.clone(),
                },
                confidence: f64::from(decided.confidence),
            })
        };
        let mut mistakes: Vec<Mistake> = all.iter().filter_map(mistake).collect();
        mistakes.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        mistakes.truncate(MISTAKES_MAX);
        mistakes
    }
}

/// The beginning of a text, on one line.
fn shown(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{} \u{2026}", &words[..end]),
        None => words,
    }
}

fn facts(card: &LinearCard, valid: &TextSet, train: Option<&TextSet>) -> Vec<Fact> {
    let fact = |name: &str, value: String| Fact {
        name: name.to_owned(),
        value,
    };
    let mut facts = vec![
        fact("parameters", card.weights.parameters.to_string()),
        fact("bytes of weights", card.weights.bytes.to_string()),
        fact("seed", format!("{} of {:?}", card.seed.chosen, card.seed.trained)),
        fact("judged on", format!("{} rows", valid.examples.len())),
    ];
    if let Some(train) = train {
        let rows = format!("{} rows", train.examples.len());
        facts.push(fact("baselines trained on", rows));
    }
    let decision = card.model.decision.as_ref();
    if let Some(abstain) = decision.and_then(|decision| decision.abstain.as_ref()) {
        let value = format!(
            "a largest margin of {:.3}, which turned away {:.1} % of the texts that the folds left out",
            abstain.threshold,
            100.0 * abstain.false_rejection
        );
        facts.push(fact("gives no answer below", value));
    }
    facts
}

fn warnings(card: &LinearCard, data: &DataSettings, valid: &TextSet, train: Option<&TextSet>) -> Vec<String> {
    let mut warnings = Vec::new();
    let learnt = |source: &&crate::card::DataSource| {
        source.manifest_sha256 == valid.sha256 && (data.learn_all || source.role == LEARNT)
    };
    if let Some(source) = card.data.iter().find(learnt) {
        warnings.push(format!(
            "the weights learnt from `{}`: what they get right there says little; the card has figures of weights that did \
             not",
            source.name
        ));
    }
    let Some(train) = train else {
        return warnings;
    };
    let report = inspect(&train.examples, &valid.examples, None);
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
    warnings
}
