//! `motet eval keyword`: a model on voices it never heard.

use burn::tensor::Device;
use motet_models::keyword::{DataFolders, EvaluateOptions, KeywordModel, evaluate};

use super::bad;
use crate::arguments::{DataArguments, EvalArguments};
use crate::failure::Failure;
use crate::output::Output;

pub(in crate::command) fn run(arguments: &EvalArguments, output: &mut Output) -> Result<(), Failure> {
    let device = Device::flex();
    let model = match &arguments.keyword_model {
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
pub(in crate::command) fn folders(arguments: &DataArguments) -> DataFolders {
    DataFolders {
        data: arguments.data.clone(),
        synthetic: arguments.synthetic.clone(),
    }
}
