//! Findings as they arrive, and what is said where they cannot be taken.

use motet_core::node::NodeError;
use motet_core::port::{Element, PortType, TensorType};

use super::super::findings::FINDINGS_BYTES;
use super::super::record::ReportError;

const FINDINGS: &str = "findings";

/// The field of a port that holds findings, if one does.
pub(super) fn the_findings(port: &PortType) -> Option<usize> {
    let (index, tensor): (usize, &TensorType) = match port {
        PortType::Tensor(tensor) => (0, tensor),
        PortType::Record(_) => port.field(FINDINGS)?,
    };
    let is_text = tensor.element == Element::Utf8
        && tensor.dims.len() == 1
        && tensor.dims.iter().all(|dim| dim.max as usize <= FINDINGS_BYTES);
    is_text.then_some(index)
}

/// Why findings or a record are refused. Of JSON that cannot be read the place alone is told: its words may be
/// confidential.
pub(crate) fn refused(what: &str, error: &ReportError) -> NodeError {
    let place = if let ReportError::Json(error) | ReportError::Findings(error) = error {
        format!(", from line {}, column {}", error.line(), error.column())
    } else {
        String::new()
    };
    NodeError::Failed(format!("{what} is refused: {error}{place}"))
}
