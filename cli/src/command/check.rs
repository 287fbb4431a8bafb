//! `motet check`: every fault of a pipeline or a grammar, and with `--fix` the edits that certainly mend one.

use std::path::Path;
use std::sync::Arc;

use motet::Error;
use motet::load::read_text;
use motet_core::diagnostic::{Diagnostic, Diagnostics, Fix, Source};
use motet_core::limits::SPEC_BYTES_MAX;
use serde_json::json;

use super::write_whole;
use crate::arguments::CheckArguments;
use crate::failure::Failure;
use crate::output::Output;
use crate::render;

mod checked;

use checked::Checked;

pub(super) fn run(arguments: &CheckArguments, output: &mut Output) -> Result<(), Failure> {
    let checked = Checked::open(&arguments.pipeline)?;
    if !arguments.fix {
        return report(checked, output);
    }
    let faults = match &checked {
        Ok(checked) => checked.warnings().clone(),
        Err(Error::Pipeline(faults)) => faults.clone(),
        Err(_) => return report(checked, output),
    };
    let files = chosen(&faults);
    if files.is_empty() {
        return report(checked, output);
    }
    for file in &files {
        file.write()?;
        file.tell(output)?;
    }
    report(Checked::open(&arguments.pipeline)?, output)
}

fn report(checked: Result<Checked, Error>, output: &mut Output) -> Result<(), Failure> {
    let checked = checked?;
    render::faults(checked.warnings(), output)?;
    if output.is_json() {
        return Ok(());
    }
    let ok = output.styled("1;32", "ok");
    output.line(&format!("{ok} {}", checked.summary()))
}

/// The edits to apply to one file.
struct FileFixes<'a> {
    source: Arc<Source>,
    /// Sorted by place; no two touch each other.
    fixes: Vec<(&'a Diagnostic, &'a Fix)>,
}

/// All edits there are, by file; of edits that touch each other only the first.
fn chosen(faults: &Diagnostics) -> Vec<FileFixes<'_>> {
    let mut files: Vec<FileFixes<'_>> = Vec::new();
    for fault in faults.iter() {
        let Some(fix) = &fault.fix else { continue };
        let known = files.iter().position(|file| file.source == fix.span.source);
        let index = known.unwrap_or_else(|| {
            let source = Arc::clone(&fix.span.source);
            files.push(FileFixes {
                source,
                fixes: Vec::new(),
            });
            files.len() - 1
        });
        let fixes = &mut files[index].fixes;
        let (start, end) = (fix.span.range.start, fix.span.range.end);
        let apart =
            |(_, other): &(&Diagnostic, &Fix)| end < other.span.range.start || start > other.span.range.end;
        if fixes.iter().all(apart) {
            fixes.push((fault, fix));
            fixes.sort_by_key(|(_, fix)| fix.span.range.start);
        }
    }
    files
}

impl FileFixes<'_> {
    /// Writes the mended file, when what lies there is still what was checked.
    fn write(&self) -> Result<(), Failure> {
        let path = Path::new(&self.source.name);
        let found = read_text(path, SPEC_BYTES_MAX)?;
        let (mark, text) = match found.strip_prefix('\u{feff}') {
            Some(text) => ("\u{feff}", text),
            None => ("", found.as_str()),
        };
        if text != self.source.text {
            return Err(Failure::bad(format!(
                "`{}` is not what was checked; nothing was changed",
                path.display()
            )));
        }
        let mut mended = self.source.text.clone();
        for (_, fix) in self.fixes.iter().rev() {
            mended.replace_range(fix.span.range.clone(), &fix.replacement);
        }
        write_whole(path, format!("{mark}{mended}").as_bytes())
    }

    /// Says what was changed.
    fn tell(&self, output: &mut Output) -> Result<(), Failure> {
        let file = &self.source.name;
        for (fault, fix) in &self.fixes {
            let (line, column) = self.source.line_and_column(fix.span.range.start);
            let help = fault.help.as_deref().unwrap_or(&fault.message);
            if output.is_json() {
                let at = json!({"file": file, "line": line, "column": column});
                output.json(
                    &json!({"fixed": fault.code, "at": at, "by": help, "replacement": fix.replacement}),
                )?;
            } else {
                output.line(&format!("fixed {file}:{line}:{column} {}: {help}", fault.code))?;
            }
        }
        Ok(())
    }
}
