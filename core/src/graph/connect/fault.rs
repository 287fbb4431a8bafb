//! Turns faults that kinds and conditions find into diagnostics with places.

use crate::catalog::{ConnectedInput, FaultPlace, KindFault};
use crate::condition::{self, InputScope};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::expression::{Ast, Expression, Fault, Type};
use crate::graph::Located;
use crate::graph::flatten::Flat;
use crate::yaml::{Place, inner};

pub(super) fn report(flat: &Flat, node: usize, found: Vec<KindFault>, faults: &mut Diagnostics) {
    let (entry, scope) = (flat.entry(node), flat.nodes[node].scope);
    for fault in found {
        // An edit is certain only where the text of the file is the text that the kind saw.
        let mut exact = true;
        let span = match &fault.place {
            FaultPlace::Node => {
                exact = false;
                flat.located(scope, &entry.path).span(Place::Key)
            }
            FaultPlace::Input(name) => {
                let path = match entry
                    .inputs
                    .iter()
                    .find(|(given, _)| given.as_ref() == Some(name))
                {
                    Some((_, reference)) => reference.path.clone(),
                    None => entry
                        .inputs
                        .first()
                        .map_or(entry.path.clone(), |(_, first)| first.path.clone()),
                };
                flat.located(scope, &path).span(Place::Value)
            }
            FaultPlace::Param(name, range) => {
                let written = entry.with.iter().find(|(given, _)| given == name);
                match written {
                    None => {
                        exact = false;
                        flat.located(scope, &entry.path).span(Place::Key)
                    }
                    Some((_, value)) => {
                        let whole = flat
                            .located(scope, &entry.path.key("with").key(name))
                            .span(Place::Value);
                        let text = value.scalar_text().unwrap_or_default();
                        let found = inner(&whole, &text);
                        exact = found.is_some();
                        match (found, range) {
                            (Some(found), Some(range)) => found.within(range.clone()),
                            (Some(_), None) | (None, _) => whole,
                        }
                    }
                }
            }
        };
        let mut diagnostic =
            Diagnostic::error(fault.code.unwrap_or(Code("MT0229")), span.clone(), fault.message);
        diagnostic.help = fault.help;
        if let Some(replacement) = fault.replacement.filter(|_| exact) {
            diagnostic = diagnostic.fix(span, replacement);
        }
        faults.push(diagnostic);
    }
}

/// Reads and checks a condition that stands at a place.
pub(crate) fn condition(
    at: Located,
    text: &str,
    inputs: &[ConnectedInput],
    faults: &mut Diagnostics,
) -> Option<Expression> {
    let checked = Ast::parse(text)
        .map_err(|fault| vec![fault])
        .and_then(|ast| Expression::check(&ast, &InputScope::new(inputs), Type::Bool));
    match checked {
        Ok(expression) => Some(expression),
        Err(found) => {
            found
                .into_iter()
                .for_each(|fault| faults.push(diagnose(&at, text, fault)));
            None
        }
    }
}

fn diagnose(at: &Located, text: &str, fault: Fault) -> Diagnostic {
    let whole = at.span(Place::Value);
    let exact = inner(&whole, text);
    let span = exact
        .as_ref()
        .map_or(whole.clone(), |exact| exact.within(fault.range.clone()));
    let mut diagnostic = Diagnostic::error(condition::code(fault.kind), span, fault.message);
    diagnostic.help = fault.help;
    if let (Some(exact), Some((range, replacement))) = (exact, fault.fix) {
        diagnostic = diagnostic.fix(exact.within(range), replacement);
    }
    diagnostic
}
