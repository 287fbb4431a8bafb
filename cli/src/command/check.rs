//! `motet check`: every fault, and with `--fix` the edits that certainly mend one.

use std::path::PathBuf;
use std::sync::Arc;

use motet::{Error, Pipeline};
use motet_core::diagnostic::{Diagnostic, Diagnostics, Fix, Source};
use serde_json::json;

use super::{builder, write_whole};
use crate::arguments::CheckArguments;
use crate::failure::Failure;
use crate::output::Output;
use crate::render;

pub(super) fn run(arguments: &CheckArguments, output: &mut Output) -> Result<(), Failure> {
    let checked = builder(&arguments.pipeline).open(&arguments.pipeline.pipeline);
    if !arguments.fix {
        return report(checked, output);
    }
    let faults = match &checked {
        Ok(pipeline) => pipeline.warnings().clone(),
        Err(Error::Pipeline(faults)) => faults.clone(),
        Err(_) => return report(checked, output),
    };
    let rounds = chosen(&faults);
    if rounds.is_empty() {
        return report(checked, output);
    }
    for (source, fixes) in &rounds {
        write_whole(&PathBuf::from(&source.name), mended(source, fixes).as_bytes())?;
        for (fault, fix) in fixes {
            let (line, column) = source.line_and_column(fix.span.range.start);
            let help = fault.help.as_deref().unwrap_or(&fault.message);
            if output.is_json() {
                let place = json!({"file": source.name, "line": line, "column": column});
                output.json(
                    &json!({"fixed": fault.code, "at": place, "by": help, "replacement": fix.replacement}),
                )?;
            } else {
                output.line(&format!(
                    "fixed {}:{line}:{column} {}: {help}",
                    source.name, fault.code
                ))?;
            }
        }
    }
    report(
        builder(&arguments.pipeline).open(&arguments.pipeline.pipeline),
        output,
    )
}

fn report(checked: Result<Pipeline, Error>, output: &mut Output) -> Result<(), Failure> {
    let pipeline = checked?;
    render::faults(pipeline.warnings(), output)?;
    if output.is_json() {
        return Ok(());
    }
    let (graph, ok) = (pipeline.graph(), output.styled("1;32", "ok"));
    let counted = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    output.line(&format!(
        "{ok} {}: {}, {}, {}, {}",
        graph.name,
        counted(graph.inputs.len(), "input"),
        counted(graph.nodes.len(), "node"),
        counted(graph.outputs.len(), "output"),
        counted(pipeline.spec().tests.len(), "test"),
    ))
}

/// The edits to apply, by file: of edits that touch each other only the first.
fn chosen(faults: &Diagnostics) -> Vec<(Arc<Source>, Vec<(&Diagnostic, &Fix)>)> {
    let mut rounds: Vec<(Arc<Source>, Vec<(&Diagnostic, &Fix)>)> = Vec::new();
    for fault in faults.iter() {
        let Some(fix) = &fault.fix else { continue };
        let index = rounds
            .iter()
            .position(|(source, _)| *source == fix.span.source)
            .unwrap_or_else(|| {
                rounds.push((Arc::clone(&fix.span.source), Vec::new()));
                rounds.len() - 1
            });
        let fixes = &mut rounds[index].1;
        let (start, end) = (fix.span.range.start, fix.span.range.end);
        let apart =
            |(_, other): &(&Diagnostic, &Fix)| end < other.span.range.start || start > other.span.range.end;
        if fixes.iter().all(apart) {
            fixes.push((fault, fix));
        }
    }
    rounds
        .iter_mut()
        .for_each(|(_, fixes)| fixes.sort_by_key(|(_, fix)| fix.span.range.start));
    rounds
}

/// The text of a source with its edits, which are sorted and apart.
fn mended(source: &Source, fixes: &[(&Diagnostic, &Fix)]) -> String {
    let mut text = source.text.clone();
    for (_, fix) in fixes.iter().rev() {
        text.replace_range(fix.span.range.clone(), &fix.replacement);
    }
    text
}
