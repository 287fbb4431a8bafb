//! From a trained net to the files of a model and back: what tasks have in common there.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use burn::module::Module;
use motet_engine::Precision;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::card::{CARD_BYTES_MAX, CARD_FILE, Card, CardError, WEIGHTS_FILE};
use crate::lowering::{LowerError, Lowering, reference, relative_rms};
use crate::model::NetCard;
use crate::net::{Net, Sample};
use crate::recipe::Recipe;
use crate::task::TaskError;
use crate::train::flat;
use crate::train::state::write_whole;
use crate::weights::{Tensors, Weights, WeightsError};

/// Largest relative RMS, and least agreement, of a precision that may be chosen by itself.
pub(crate) const ADMISSIBLE: (f64, f64) = (0.01, 0.99);

/// Precisions and their names in cards, the reference first.
pub(crate) const PRECISIONS: [(Precision, &str); 3] = [
    (Precision::F32, "f32"),
    (Precision::Bf16, "bf16"),
    (Precision::Int8, "int8"),
];

/// Reads the card of a model in a folder.
pub(crate) fn open_card<C: Serialize + DeserializeOwned>(
    folder: &Path,
) -> Result<Card<NetCard<C>>, TaskError> {
    let path = folder.join(CARD_FILE);
    let failed = |source| TaskError::File {
        path: path.clone(),
        source,
    };
    let refused = |source| TaskError::Card {
        path: path.clone(),
        source,
    };
    if std::fs::metadata(&path).map_err(failed)?.len() > CARD_BYTES_MAX as u64 {
        return Err(refused(CardError::TooLarge));
    }
    let text = std::fs::read_to_string(&path).map_err(failed)?;
    Card::parse(&text).map_err(refused)
}

/// What is wrong with the weights in a file.
pub(crate) fn wrong_weights(path: &Path) -> impl Fn(WeightsError) -> TaskError {
    let path = path.to_path_buf();
    move |source| TaskError::Weights {
        path: path.clone(),
        source,
    }
}

/// Weights rounded to what [`half_bytes`] stores.
pub(crate) fn rounded(bytes: &[u8]) -> Result<Weights, TaskError> {
    let tensors = Tensors::parse(bytes).map_err(wrong_weights(Path::new(WEIGHTS_FILE)))?;
    let values = tensors
        .iter()
        .map(|(name, tensor)| (name.to_owned(), tensor.values.clone()));
    Ok(Weights::from_values(values))
}

/// The median and the 95th percentile of times, in milliseconds; NaN without any.
pub(crate) fn percentiles_ms(mut times: Vec<Duration>) -> [f64; 2] {
    times.sort();
    let at = |percent: usize| {
        let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    };
    // A tenth of a microsecond is less than any clock is off.
    [at(50), at(95)].map(|ms| (1e4 * ms).round() / 1e4)
}

/// The weights of a net as a file of 16-bit floats.
pub(crate) fn half_bytes<M: Module>(
    net: &M,
    is_kept: impl Fn(&flat::Segment) -> bool,
) -> std::io::Result<Vec<u8>> {
    let values = flat::values(net);
    let mut tensors = Tensors::default();
    for segment in flat::layout(net).into_iter().filter(|segment| is_kept(segment)) {
        tensors.insert(&segment.name, &segment.shape, &values[segment.range]);
    }
    tensors.to_half_bytes()
}

/// The relative RMS of a program against its net, and how many of how many rows have the same best column.
pub(crate) fn compare(
    net: &dyn Net,
    how: &Lowering,
    samples: &[Sample],
) -> Result<(f64, usize, usize), LowerError> {
    let program = net.lower(how)?;
    let columns = program.outputs().next().map_or(1, |shape| shape.columns);
    let (mut found, mut expected) = (Vec::new(), Vec::new());
    for sample in samples {
        found.extend(crate::lowering::answer(&program, sample)?);
        expected.extend(reference(net, sample)?);
    }
    let best = |row: &[f32]| (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b]));
    let rows = found.chunks(columns).zip(expected.chunks(columns));
    let agreeing = rows
        .clone()
        .filter(|(found, expected)| best(found) == best(expected))
        .count();
    Ok((relative_rms(&found, &expected), agreeing, rows.count()))
}

/// The recipe with the epochs that were trained, of which there may be fewer or more than it says.
pub(crate) fn followed(recipe: &Recipe, epochs: usize) -> Recipe {
    let mut recipe = recipe.clone();
    if let Some(train) = recipe.sections.get_mut("train") {
        train.insert("epochs".to_owned(), epochs.into());
    }
    recipe
}

/// Writes the weights, then the card, each whole or not at all.
pub(crate) fn write<M: Serialize + DeserializeOwned>(
    card: &Card<M>,
    bytes: &[u8],
    folder: &Path,
) -> Result<String, TaskError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| TaskError::File { path, source }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    let path = folder.join(CARD_FILE);
    let yaml = card.to_yaml().map_err(|source| TaskError::Card {
        path: path.clone(),
        source,
    })?;
    let weights = folder.join(WEIGHTS_FILE);
    write_whole(&weights, |out| out.write_all(bytes)).map_err(failed(&weights))?;
    write_whole(&path, |out| out.write_all(yaml.as_bytes())).map_err(failed(&path))?;
    Ok(yaml)
}
