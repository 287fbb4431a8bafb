//! Conditions and other expressions that stand in a parameter: parsed and checked, with every fault placed in the parameter's text.

use motet_core::catalog::{ConnectedInput, FaultPlace, KindFault};
use motet_core::condition::{self, InputScope};
use motet_core::expression::{Ast, Expression, Fault, Type};

/// Reads a condition over these inputs that stands in parameter `param`.
///
/// # Errors
/// Every fault, placed within the text.
pub(crate) fn read(param: &str, text: &str, inputs: &[ConnectedInput]) -> Result<Expression, Vec<KindFault>> {
    read_as(param, text, inputs, Type::Bool)
}

/// Reads an expression of this type over these inputs that stands in parameter `param`.
///
/// # Errors
/// Every fault, placed within the text.
pub(crate) fn read_as(
    param: &str,
    text: &str,
    inputs: &[ConnectedInput],
    wanted: Type,
) -> Result<Expression, Vec<KindFault>> {
    let place = |faults: Vec<Fault>| {
        faults
            .into_iter()
            .map(|fault| placed(param, text, fault))
            .collect()
    };
    let ast = Ast::parse(text).map_err(|fault| place(vec![fault]))?;
    Expression::check(&ast, &InputScope::new(inputs), wanted).map_err(place)
}

/// Turns the fault of an expression into one of a kind. A fix that reaches beyond the fault widens its place,
/// since a kind replaces exactly what it points at.
fn placed(param: &str, text: &str, fault: Fault) -> KindFault {
    let (range, replacement) = match fault.fix {
        None => (fault.range, None),
        Some((at, by)) => {
            let range = fault.range.start.min(at.start)..fault.range.end.max(at.end);
            let head = text.get(range.start..at.start).unwrap_or_default();
            let tail = text.get(at.end..range.end).unwrap_or_default();
            let replacement = format!("{head}{by}{tail}");
            (range, Some(replacement))
        }
    };
    let place = FaultPlace::Param(param.to_owned(), Some(range));
    KindFault {
        code: Some(condition::code(fault.kind)),
        help: fault.help,
        replacement,
        ..KindFault::new(place, fault.message)
    }
}
