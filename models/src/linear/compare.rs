//! Classical baselines of the same rows, and the table that holds a model against one of them.

use super::corpus::Corpus;
use super::measure::{Figure, Mark, measure};
use crate::baseline::{LinearSvm, SvmOptions, TfIdf, top_margins};
use crate::evaluation::{Figure as Shown, MetricRow};
use crate::metrics::{BootstrapOptions, ConfidenceInterval, bootstrap, paired};
use crate::task::TaskError;

/// What a machine over all words, pairs and runs of characters answers that learnt from the field that judges alone, all
/// classes with the same cost.
///
/// # Errors
/// [`TaskError::Measure`] if there is nothing to learn from.
pub(super) fn baseline(learnt: &Corpus, judged: &Corpus) -> Result<Vec<Mark>, TaskError> {
    let texts = [learnt, judged]
        .map(|corpus| -> Vec<&str> { (0..corpus.len()).filter_map(|row| corpus.text(row, 0)).collect() });
    let [train, valid] = &texts;
    let labels: Vec<u32> = (0..learnt.len()).map(|row| learnt.label(row)).collect();
    let options = SvmOptions {
        cost: 1.0,
        tolerance: 0.01,
        passes_max: 1_000,
        seed: 1,
    };
    let classes = learnt.classes.len();
    let terms = TfIdf::fit(train);
    let machine = LinearSvm::fit(&terms.rows(train), &labels, classes, options);
    let machine = machine.map_err(|error| measure(&error))?;
    let margins = machine
        .margins(&terms.rows(valid))
        .map_err(|error| measure(&error))?;
    let marks = top_margins(&margins, classes).into_iter().enumerate();
    Ok(marks
        .map(|(row, (found, _))| Mark {
            gold: judged.label(row),
            found,
            answers: true,
        })
        .collect())
}

/// The class that most of these rows have, the first of equals, and the share of others that have it.
pub(super) fn most_frequent(learnt: &Corpus, judged: &Corpus) -> Option<(String, f64)> {
    let count = |corpus: &Corpus, class: u32| {
        (0..corpus.len())
            .filter(|row| corpus.label(*row) == class)
            .count()
    };
    let counted = (0..)
        .zip(&learnt.classes)
        .map(|(class, name)| (count(learnt, class), class, name));
    let (_, class, name) = counted.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    Some((name.clone(), count(judged, class) as f64 / judged.len() as f64))
}

/// The table of figures, with intervals and, beside a baseline, paired differences.
pub(super) fn rows(
    own: &[Mark],
    base: Option<&[Mark]>,
    classes: usize,
    seed: u64,
) -> Result<Vec<MetricRow>, TaskError> {
    let options = BootstrapOptions {
        resamples: 2_000,
        confidence: 0.95,
        seed,
    };
    let count = u32::try_from(own.len()).unwrap_or(u32::MAX);
    let shown = |interval: ConfidenceInterval| Shown {
        value: interval.estimate,
        limits: Some((interval.low, interval.high)),
    };
    let mut rows = Vec::new();
    for figure in Figure::ALL {
        let interval = |marks: &[Mark]| {
            let mut drawn = Vec::with_capacity(marks.len());
            bootstrap(count, options, |places| {
                drawn.clear();
                drawn.extend(places.iter().map(|place| marks[*place as usize]));
                figure.value(&drawn, classes)
            })
        };
        let base = base.filter(|_| figure.is_of_all());
        let difference = base.map(|base| {
            paired(base, own, options, |marks| figure.value(marks, classes))
                .map(|difference| shown(difference.interval))
                .map_err(|error| measure(&error))
        });
        rows.push(MetricRow {
            name: figure.name().to_owned(),
            scale: figure.scale(),
            better: figure.better(),
            model: shown(interval(own)),
            baseline: base.map(|base| shown(interval(base))),
            difference: difference.transpose()?,
        });
    }
    Ok(rows)
}
