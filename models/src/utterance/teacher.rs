//! What a larger model says of utterances, from a folder that a script wrote.

use std::path::Path;

use super::corpus::{Labels, Utterance};
use super::learner::Teacher;
use super::settings::NetSettings;
use crate::card::sha256;
use crate::task::TaskError;
use crate::text::split;
use crate::weights::{Tensor, Tensors};

/// Its scores and vectors, in the order of the training file and then of the further texts.
const TENSORS: &str = "teacher.safetensors";
/// Texts that it knows beside those of the training file: a JSON list.
const TEXTS: &str = "further.json";

/// Reads a teacher: `teacher.safetensors` with `scores` `[rows, intents in scope, by name]`, `vectors` `[rows, columns]`, or
/// both, and `further.json`, a list of texts. Rows are those of the training file, then the texts. Returns a checksum
/// with it.
///
/// # Errors
/// [`TaskError::File`] and [`TaskError::Weights`] for files that cannot be read, [`TaskError::Setting`] for tensors of
/// other sizes.
pub(super) fn read(
    folder: &Path,
    net: &NetSettings,
    labels: &Labels,
    rows: usize,
) -> Result<(Teacher, String), TaskError> {
    let path = folder.join(TENSORS);
    let file = |path: &Path| {
        let path = path.to_path_buf();
        move |source| TaskError::File { path, source }
    };
    let bytes = std::fs::read(&path).map_err(file(&path))?;
    let tensors = Tensors::parse(&bytes).map_err(|source| TaskError::Weights {
        path: path.clone(),
        source,
    })?;
    let texts = folder.join(TEXTS);
    let text = std::fs::read_to_string(&texts).map_err(file(&texts))?;
    let further: Vec<String> = serde_json::from_str(&text).map_err(|error| file(&texts)(error.into()))?;
    let known = labels.intents.len() - usize::from(labels.out_of_scope.is_some());
    let all = rows + further.len();
    let fits = |name: &str, columns: Option<usize>| match tensors.get(name) {
        None => Ok(None),
        Some(tensor) => match *tensor.shape.as_slice() {
            [found, columns_found]
                if found == all && columns.is_none_or(|columns| columns == columns_found) =>
            {
                Ok(Some(tensor))
            }
            _ => Err(TaskError::Setting {
                section: "lesson",
                setting: "teacher_weight",
                fault: format!(
                    "the teacher's `{name}` are {:?}, there are {all} utterances and {known} intents in scope",
                    tensor.shape
                ),
            }),
        },
    };
    let scores = fits("scores", Some(known))?;
    let vectors = fits("vectors", None)?;
    let utterance = |(index, text): (usize, &String)| Utterance {
        words: split(text, net.splitting())
            .into_iter()
            .map(|word| text[word].to_owned())
            .collect(),
        intent: None,
        tags: None,
        untagged: Vec::new(),
        frames: None,
        taught: Some(rows + index),
    };
    let teacher = Teacher {
        scores: scores.map_or(Vec::new(), |tensor| tensor.values.clone()),
        columns: vectors.map_or(0, |tensor| tensor.shape[1]),
        vectors: vectors.map_or(Vec::new(), normalised),
        further: further.iter().enumerate().map(utterance).collect(),
    };
    Ok((teacher, sha256(&bytes)))
}

/// Rows made 1 long.
fn normalised(tensor: &Tensor) -> Vec<f32> {
    let row = |row: &[f32]| {
        let length = row
            .iter()
            .map(|value| value * value)
            .sum::<f32>()
            .sqrt()
            .max(1e-12);
        row.iter().map(|value| value / length).collect::<Vec<f32>>()
    };
    tensor
        .values
        .chunks(tensor.shape[1].max(1))
        .flat_map(row)
        .collect()
}
