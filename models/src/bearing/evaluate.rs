//! A bearing model on what it did not learn from: each group left out in turn, the validation part, and normal running, beside
//! rules without any net.

use std::path::Path;

use burn::tensor::Device;

use super::config::BearingConfig;
use super::corpus::{measure, read};
use super::measure::{Answer, Detection, accuracy, answers, rules};
use super::settings::DataSettings;
use super::ship::{BearingCard, cost, limits};
use super::task::Material;
use super::{ELEMENTS, NORMAL};
use crate::evaluation::{Better, ConfusionCounts, Evaluation, Fact, Figure, MetricRow, Mistake, Scale};
use crate::net::NetConfig;
use crate::shipping::{open_card, wrong_weights};
use crate::task::{EvaluationSources, TaskError};
use crate::weights::Weights;

/// Mistakes that are listed.
const MISTAKES_MAX: usize = 40;

/// Measures the model in a folder by the recordings that its recipe names.
///
/// # Errors
/// [`TaskError`] says what of the model or the data cannot be used.
pub(super) fn evaluate(folder: &Path, sources: &EvaluationSources<'_>) -> Result<Evaluation, TaskError> {
    let card: BearingCard = open_card(folder)?;
    card.model.net.validate()?;
    let file = folder.join(&card.weights.file);
    let config = &card.model.net;
    let weights =
        Weights::read(&file, &config.tensors(), &card.weights.sha256).map_err(wrong_weights(&file))?;
    let net = config
        .build(weights, &Device::flex())
        .map_err(wrong_weights(&file))?;
    let recipe = card.recipe.as_ref();
    let recipe = recipe.ok_or_else(|| measure(&"the card has no recipe that says what is read"))?;
    if !sources.valid.is_dir() {
        return Err(measure(
            &"a bearing model is judged by both manifests of its recipe: name their folder",
        ));
    }
    let data: DataSettings = recipe.section("data")?;
    let paths = [&data.train, &data.valid].map(|name| sources.valid.join(name));
    let material = Material::new(recipe, read(&data, (&paths[0], &paths[1]))?)?;
    let mut evaluation = Evaluation {
        title: format!("{}@{}", card.name, card.version),
        about: card.about.clone(),
        facts: facts(&card, &material),
        warnings: warnings(&material),
        must_not_be_used_for: card.must_not_be_used_for.clone(),
        baseline: "rms rule, then the line that stands out furthest".to_owned(),
        data: card.data.clone(),
        ..Evaluation::default()
    };
    let seeds = &recipe.seeds;
    let confused = left_out(&material, seeds, &mut evaluation)?;
    let found = answers(&net, &material.corpus, material.judged())?;
    let base = rules(&material.corpus, material.judged());
    let name = format!("accuracy, validation part, {} windows", found.len());
    evaluation
        .metrics
        .push(row(&name, accuracy(&found), Some(accuracy(&base))));
    detection(&material, config, &mut evaluation);
    evaluation.confusion = Some(confusion(&confused));
    evaluation.mistakes = mistakes(&confused);
    let bytes = usize::try_from(card.weights.bytes).unwrap_or(usize::MAX);
    evaluation.costs = vec![cost(&material, &net, bytes, sources.elapsed)?];
    Ok(evaluation)
}

/// Each group left out in turn, over the seeds; returns the answers of the first seed.
fn left_out(
    material: &Material,
    seeds: &[u64],
    evaluation: &mut Evaluation,
) -> Result<Vec<Answer>, TaskError> {
    let lesson = material.lesson();
    let mut confused = Vec::new();
    for fold in material.folds.iter().rev().skip(1).rev() {
        let mut values = Vec::with_capacity(seeds.len());
        for (index, seed) in seeds.iter().enumerate() {
            let found = lesson.answers(fold, *seed)?;
            values.push(accuracy(&found));
            if index == 0 {
                confused.extend(found);
            }
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let base = accuracy(&rules(&material.corpus, &fold.judged));
        let name = format!("accuracy, {}, {} windows", fold.name, fold.judged.len());
        evaluation.metrics.push(row(&name, mean, Some(base)));
        let each = seeds
            .iter()
            .zip(&values)
            .map(|(seed, value)| format!("seed {seed}: {:.1} %", 100.0 * value));
        evaluation
            .facts
            .push(fact(&fold.name, &each.collect::<Vec<_>>().join(", ")));
    }
    Ok(confused)
}

fn detection(material: &Material, config: &BearingConfig, evaluation: &mut Evaluation) {
    let found = Detection::of(&material.config.normal[0], &material.corpus);
    let rule = Detection::by_rule(&material.corpus);
    let rate = config.false_alarms_a_day;
    let name = format!(
        "damage found at {rate} false alarms a day, {} windows",
        found.damaged[0]
    );
    evaluation
        .metrics
        .push(row(&name, found.recall(), Some(rule.recall())));
    let number = |name: &str, model, baseline, better| MetricRow {
        name: name.to_owned(),
        scale: Scale::Number,
        better,
        model: figure(model),
        baseline: Some(figure(baseline)),
        difference: None,
    };
    let least = (
        "lowest damage over the limit",
        found.least,
        rule.least,
        Better::Higher,
    );
    let most = (
        "highest normal over the limit",
        found.most,
        rule.most,
        Better::Lower,
    );
    let rows = [least, most]
        .into_iter()
        .filter(|(_, model, ..)| model.is_finite());
    let rows = rows.map(|(name, model, rule, better)| number(name, model, rule, better));
    evaluation.metrics.extend(rows);
    let [of_model, of_rule] = [found.normal, rule.normal].map(|[all, beyond]| format!("{beyond} of {all}"));
    evaluation.facts.push(fact(
        "normal windows of the validation part beyond the limit",
        &format!("{of_model}; by the rms rule {of_rule}"),
    ));
}

fn facts(card: &BearingCard, material: &Material) -> Vec<Fact> {
    let count = |keep: &dyn Fn(&super::corpus::Window) -> bool| {
        material.corpus.windows.iter().filter(|it| keep(it)).count()
    };
    let mut facts = vec![
        fact("parameters", &card.weights.parameters.to_string()),
        fact("seed", &card.seed.chosen.to_string()),
        fact(
            "windows",
            &format!(
                "{} that do not overlap, {} of them of normal running",
                count(&|window| window.is_whole),
                count(&|window| window.is_whole && window.element.is_none())
            ),
        ),
    ];
    facts.extend(limits(&card.model.net).iter().map(|line| fact("limit", line)));
    facts
}

fn warnings(material: &Material) -> Vec<String> {
    let normal = material.corpus.normal().count();
    let chance = material.config.chance(1);
    let mut warnings = vec![
        "windows of one recording, or of one bearing at another load, are near copies of each other: what was left out as a whole says more".to_owned(),
    ];
    if (normal as f64) < 1.0 / chance {
        warnings.push(format!(
            "the number of false alarms follows from {normal} normal windows and a normal distribution; it was not counted"
        ));
    }
    warnings
}

fn confusion(answers: &[Answer]) -> ConfusionCounts {
    let place = |found: Option<usize>| found.map_or(0, |element| element + 1);
    let classes = ELEMENTS.len() + 1;
    let mut counts = vec![vec![0; classes]; classes];
    for answer in answers {
        counts[place(answer.gold)][place(answer.found)] += 1;
    }
    ConfusionCounts {
        labels: std::iter::once(NORMAL)
            .chain(ELEMENTS)
            .map(str::to_owned)
            .collect(),
        counts,
    }
}

fn mistakes(answers: &[Answer]) -> Vec<Mistake> {
    let name = |found: Option<usize>| found.map_or(NORMAL, |element| ELEMENTS[element]).to_owned();
    let mut wrong: Vec<&Answer> = answers
        .iter()
        .filter(|answer| answer.gold != answer.found)
        .collect();
    wrong.sort_by(|a, b| {
        b.probability
            .total_cmp(&a.probability)
            .then(a.window.cmp(&b.window))
    });
    let mistake = |answer: &&Answer| Mistake {
        text: format!("window {}", answer.window),
        gold: name(answer.gold),
        found: name(answer.found),
        confidence: f64::from(answer.probability),
    };
    wrong.iter().take(MISTAKES_MAX).map(mistake).collect()
}

fn row(name: &str, model: f64, baseline: Option<f64>) -> MetricRow {
    MetricRow {
        name: name.to_owned(),
        scale: Scale::Percent,
        better: Better::Higher,
        model: figure(model),
        baseline: baseline.map(figure),
        difference: baseline.map(|baseline| figure(model - baseline)),
    }
}

fn figure(value: f64) -> Figure {
    Figure { value, limits: None }
}

fn fact(name: &str, value: &str) -> Fact {
    Fact {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}
