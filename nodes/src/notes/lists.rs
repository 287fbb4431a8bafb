//! Lists of a hospital's own beside a pipeline: phrases, red flags and headings that are added to those that come along.

use std::sync::Arc;

use motet_core::catalog::{KindFault, ParamSpec, ParamType, ParamValue, Params};
use motet_core::diagnostic::{Code, Diagnostic, Diagnostics, Source, Span};

use crate::files::Files;

/// The parameter that names a list, empty for none.
pub(super) fn list_param(name: &'static str, about: &'static str) -> ParamSpec {
    ParamSpec {
        name,
        param_type: ParamType::Text,
        default: Some(ParamValue::Text(String::new())),
        about,
    }
}

/// The list that comes along, with the lines of a file where the parameters name one. `extend` gives the number of the first
/// line that cannot be read, and what is wrong with it.
pub(super) fn with_own<T>(
    files: &Files<T>,
    (params, name): (&Params, &str),
    built_in: &Arc<T>,
    extend: impl FnOnce(&T, &str) -> Result<T, (usize, String)>,
) -> Result<Arc<T>, Vec<KindFault>> {
    if params.text(name).is_none_or(str::is_empty) {
        return Ok(Arc::clone(built_in));
    }
    files.get(params, |source| {
        extend(built_in, &source.text).map_err(|(line, message)| fault(source, line, message))
    })
}

/// The fault of a line, counted from 1.
fn fault(source: &Arc<Source>, line: usize, message: String) -> Diagnostics {
    let mut start = 0;
    for text in source.text.split_inclusive('\n').take(line.saturating_sub(1)) {
        start += text.len();
    }
    let rest = source.text.get(start..).unwrap_or_default();
    let length = rest.lines().next().map_or(0, str::len);
    let span = Span::new(source, start..start + length);
    let mut faults = Diagnostics::new();
    faults.push(Diagnostic::error(Code("MT0901"), span, message));
    faults
}
