//! `motet eval`: a model on examples it never saw, with the classical baseline beside it.

use std::error::Error as StdError;
use std::io::Write;
use std::path::Path;

use motet::report;
use motet_core::clock::{Clock, Monotonic};
use motet_models::card::{CARD_BYTES_MAX, CARD_FILE, Card, recorded};
use motet_models::evaluation::{Better, Epoch, Evaluation, Figure, Learning, MetricRow, Scale};
use motet_models::task::{EvaluationSources, Task, TaskError};
use motet_models::tasks::task;
use motet_models::train::state::write_whole;
use motet_models::train::{EpochRecord, StateError, TrainError};

use crate::arguments::EvalArguments;
use crate::failure::Failure;
use crate::output::Output;

pub(super) fn run(arguments: &EvalArguments, output: &mut Output) -> Result<(), Failure> {
    let data = arguments.data.data.clone();
    if !data.exists() {
        return Err(Failure::Bad {
            code: Some("MT0401"),
            message: format!("there is no file of examples `{}`", data.display()),
            help: Some("name one with `--data valid.jsonl`".to_owned()),
        });
    }
    let clock = Monotonic::start();
    let sources = EvaluationSources {
        valid: data,
        train: arguments.train.clone(),
        only: arguments.only.clone(),
        synthetic: arguments.data.synthetic.clone(),
        threads: arguments.data.threads as usize,
        seed: arguments.seed,
        elapsed: &|| clock.now(),
    };
    let task = task_of(&arguments.model)?;
    let mut evaluation = task
        .evaluate(&arguments.model, &sources)
        .map_err(|error| failure(&error))?;
    evaluation.learning = history(&arguments.model);
    if let Some(path) = &arguments.report {
        let page = report::html(&evaluation).map_err(|error| Failure::Internal(error.to_string()))?;
        std::fs::write(path, page)
            .map_err(|error| Failure::bad(format!("cannot write `{}`: {error}", path.display())))?;
    }
    if arguments.record {
        record(&arguments.model, &evaluation)?;
    }
    if output.is_json() {
        return output.json(&evaluation);
    }
    table(&evaluation, output)
}

/// Writes what was measured of precisions into the card of the model.
fn record(folder: &Path, evaluation: &Evaluation) -> Result<(), Failure> {
    let path = folder.join(CARD_FILE);
    let text = motet::load::read_text(&path, CARD_BYTES_MAX)?;
    let refused = |source| {
        let path = path.clone();
        failure(&TaskError::Card { path, source })
    };
    let text = recorded(&text, &evaluation.costs).map_err(refused)?;
    write_whole(&path, |out| out.write_all(text.as_bytes())).map_err(|source| {
        let path = path.clone();
        failure(&TaskError::File { path, source })
    })
}

/// The task that the model of a folder was trained for, as its card says.
fn task_of(folder: &Path) -> Result<&'static dyn Task, Failure> {
    let path = folder.join(CARD_FILE);
    let text = motet::load::read_text(&path, CARD_BYTES_MAX)?;
    let card = Card::<serde_json::Value>::parse(&text)
        .map_err(|source| failure(&TaskError::Card { path, source }))?;
    let name = card.recipe.map(|recipe| recipe.task);
    name.as_deref().and_then(task).ok_or_else(|| Failure::Bad {
        code: Some("MT0506"),
        message: format!(
            "the card in `{}` names no task of `motet train`",
            folder.display()
        ),
        help: Some("measure a model that `motet train` wrote".to_owned()),
    })
}

/// How the chosen seed was trained, where the training left it beside the model.
fn history(folder: &Path) -> Option<Learning> {
    #[derive(serde::Deserialize)]
    struct Seed {
        epochs: Vec<EpochRecord>,
    }
    let text = std::fs::read_to_string(folder.join("history.json")).ok()?;
    let seeds: Vec<Seed> = serde_json::from_str(&text).ok()?;
    let best = |seed: &Seed| {
        let scores = seed
            .epochs
            .iter()
            .filter_map(|epoch| Some(epoch.figures.first()?.1));
        scores.fold(f64::NEG_INFINITY, f64::max)
    };
    let seed = seeds.into_iter().max_by(|a, b| best(a).total_cmp(&best(b)))?;
    let metric = seed.epochs.first()?.figures.first()?.0.clone();
    let epoch = |record: &EpochRecord| Epoch {
        epoch: u32::try_from(record.epoch + 1).unwrap_or(u32::MAX),
        train_loss: f64::from(record.loss),
        valid_loss: None,
        metric: record.figures.first().map(|(_, value)| *value),
    };
    Some(Learning {
        metric,
        epochs: seed.epochs.iter().map(epoch).collect(),
    })
}

fn table(evaluation: &Evaluation, output: &mut Output) -> Result<(), Failure> {
    output.line(&format!("{}: {}", evaluation.title, evaluation.about))?;
    for fact in &evaluation.facts {
        output.line(&format!("  {}: {}", fact.name, fact.value))?;
    }
    for warning in &evaluation.warnings {
        output.line(&format!("warning: {warning}"))?;
    }
    let has_baseline = evaluation.metrics.iter().any(|row| row.baseline.is_some());
    let baseline = if has_baseline {
        evaluation.baseline.as_str()
    } else {
        ""
    };
    output.line(&format!(
        "{:<46} {:>24} {:>24} {:>24}",
        "",
        "model (95 %)",
        baseline,
        if has_baseline { "difference" } else { "" }
    ))?;
    for row in &evaluation.metrics {
        output.line(&format!(
            "{:<46} {:>24} {:>24} {:>24}{}",
            row.name,
            shown(row, Some(&row.model)),
            shown(row, row.baseline.as_ref()),
            shown(row, row.difference.as_ref()),
            if row.better == Better::Lower {
                "  lower is better"
            } else {
                ""
            }
        ))?;
    }
    if let Some(reliability) = &evaluation.reliability {
        output.line(&format!(
            "{:<46} {:>24} (without temperature {:.3})",
            "expected calibration error",
            format!("{:.3}", reliability.ece_after),
            reliability.ece_before
        ))?;
    }
    for row in &evaluation.costs {
        output.line(&format!(
            "{:<46} {:>24}",
            format!("{}: {} bytes packed", row.precision, row.cost.weight_bytes),
            format!("{:.3} ms, p95 {:.3} ms", row.cost.p50_ms, row.cost.p95_ms)
        ))?;
    }
    Ok(())
}

fn shown(row: &MetricRow, figure: Option<&Figure>) -> String {
    let Some(figure) = figure else {
        return String::new();
    };
    let number = |value: f64| match row.scale {
        Scale::Percent => format!("{:.1}", 100.0 * value),
        Scale::Number => format!("{value:.3}"),
    };
    match figure.limits {
        Some((low, high)) => format!("{} ({} to {})", number(figure.value), number(low), number(high)),
        None => number(figure.value),
    }
}

/// What went wrong in a task, with its code.
pub(super) fn failure(error: &TaskError) -> Failure {
    let (code, help) = match error {
        TaskError::Data(_) | TaskError::Train(TrainError::Data { .. }) => {
            ("MT0501", "docs/data-formats.md has the formats")
        }
        TaskError::Split(_) => (
            "MT0502",
            "name the field of the group in the recipe (`group`), or set `split_rows: true` at your own risk",
        ),
        TaskError::Train(TrainError::Diverged { .. }) => ("MT0503", "lower `learning_rate` in `train`"),
        TaskError::Train(
            TrainError::State(StateError::Malformed { .. }) | TrainError::OtherOptions { .. },
        ) => (
            "MT0504",
            "train without `--resume`, or into another folder with `--out`",
        ),
        TaskError::Train(TrainError::OtherNet { .. }) => (
            "MT0505",
            "begin with a model whose `net` in its card is that of the recipe",
        ),
        TaskError::Weights { .. } | TaskError::Card { .. } => (
            "MT0506",
            "the card and the weights must be those that were written together",
        ),
        TaskError::Train(TrainError::Options { .. }) => {
            ("MT0507", "see `motet train --list` for what settings take")
        }
        TaskError::Train(TrainError::State(StateError::File { .. })) | TaskError::File { .. } => (
            "MT0413",
            "check the path, its permissions and the space on its disk",
        ),
        TaskError::Measure { .. } => ("MT0508", "bring more examples, of two classes at least"),
        other => return Failure::Internal(chain(other)),
    };
    Failure::Bad {
        code: Some(code),
        message: chain(error),
        help: Some(help.to_owned()),
    }
}

/// An error and what caused it.
pub(super) fn chain(error: &dyn StdError) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(found) = cause {
        let text = found.to_string();
        // A transparent error repeats its cause.
        if !message.ends_with(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = found.source();
    }
    message
}
