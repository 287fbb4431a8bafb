//! `motet eval keyword`: a model on voices it never heard.

use std::error::Error as StdError;

use burn::tensor::Device;
use motet_models::keyword::{DataFolders, EvaluateOptions, KeywordModel, evaluate};

use crate::arguments::{DataArguments, EvalArguments};
use crate::failure::Failure;
use crate::output::Output;

pub(super) fn run(arguments: &EvalArguments, output: &mut Output) -> Result<(), Failure> {
    let device = Device::flex();
    let model = match &arguments.model {
        Some(folder) => KeywordModel::load(folder, &device).map_err(|error| bad(&error))?,
        None => KeywordModel::builtin(&device).map_err(|error| bad(&error))?,
    };
    let options = EvaluateOptions {
        folders: folders(&arguments.data),
        threads: arguments.data.threads as usize,
    };
    let evaluation = evaluate(&model, &options).map_err(|error| bad(&error))?;
    if output.is_json() {
        return output.json(&evaluation);
    }
    output.text(&evaluation.to_string())
}

/// The folders of the command line.
pub(super) fn folders(arguments: &DataArguments) -> DataFolders {
    DataFolders {
        data: arguments.data.clone(),
        synthetic: arguments.synthetic.clone(),
    }
}

/// Bad input: the error and what caused it.
pub(super) fn bad(error: &dyn StdError) -> Failure {
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
    Failure::bad(message)
}
