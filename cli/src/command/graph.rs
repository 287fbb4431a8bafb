//! `motet graph`: a drawing of the pipeline.

use motet::draw::{Picture, dot, mermaid, svg};

use super::{builder, write_whole};
use crate::arguments::{Drawing, GraphArguments};
use crate::failure::Failure;
use crate::output::Output;
use crate::render;

pub(super) fn run(arguments: &GraphArguments, output: &mut Output) -> Result<(), Failure> {
    let pipeline = builder(&arguments.pipeline)?.open(&arguments.pipeline.pipeline)?;
    if !output.is_json() {
        render::faults(pipeline.warnings(), output)?;
    }
    let picture = Picture::of(pipeline.plan());
    let text = match arguments.drawing {
        Drawing::Svg => svg(&picture),
        Drawing::Mermaid => mermaid(&picture),
        Drawing::Dot => dot(&picture),
        Drawing::Json => {
            serde_json::to_string(&picture).map_err(|error| Failure::Internal(error.to_string()))? + "\n"
        }
    };
    match &arguments.output {
        Some(path) => write_whole(path, text.as_bytes()),
        None => output.text(&text),
    }
}
