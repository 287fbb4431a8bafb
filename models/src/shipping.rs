//! From a trained net to the files of a model: what tasks have in common there.

use std::io::Write;
use std::path::Path;

use burn::module::Module;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::card::{CARD_FILE, Card, WEIGHTS_FILE};
use crate::lowering::{LowerError, Lowering, reference, relative_rms};
use crate::net::{Net, Sample};
use crate::recipe::Recipe;
use crate::task::TaskError;
use crate::train::flat;
use crate::train::state::write_whole;
use crate::weights::Tensors;

/// Largest relative RMS, and least agreement, of a precision that may be chosen by itself.
pub(crate) const ADMISSIBLE: (f64, f64) = (0.01, 0.99);

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
