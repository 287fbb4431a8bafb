//! Turns faults that kinds and conditions find into diagnostics with places.

use crate::catalog::{ConnectedInput, FaultPlace, KindFault};
use crate::condition::{self, InputScope};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::expression::{Ast, Expression, Fault, Type};
use crate::graph::Located;
use crate::graph::flatten::Flat;
use crate::spec::{NodeEntry, Reference};
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
        if let Some((elsewhere, what)) = fault.elsewhere {
            diagnostic = diagnostic.and(elsewhere, what);
        }
        if let (None, Some(here)) = (&fault.replacement, called_here(entry, &diagnostic)) {
            faults.push(
                diagnostic
                    .help(format!("it is called `{here}` here"))
                    .fix(span, here),
            );
            continue;
        }
        if let Some(replacement) = fault.replacement.filter(|_| exact) {
            diagnostic = diagnostic.fix(span, replacement);
        }
        faults.push(diagnostic);
    }
}

/// In a condition a value has the name of the input it arrives at. This is that name, where the condition that the
/// fault points into says the name of the node the value comes from.
fn called_here<'a>(entry: &'a NodeEntry, fault: &Diagnostic) -> Option<&'a str> {
    if fault.code != Code("MT0221") || fault.fix.is_some() {
        return None;
    }
    let said = fault.labels.first()?.span.text();
    let from = |reference: &Reference| reference.segments.len() == 1 && reference.segments[0] == said;
    let mut inputs = entry.inputs.iter().filter(|(_, reference)| from(reference));
    let (name, _) = inputs.next()?;
    inputs.next().is_none().then_some(name.as_deref()).flatten()
}

/// Reads and checks the condition of a node.
pub(super) fn when(
    entry: &NodeEntry,
    at: Located,
    inputs: &[ConnectedInput],
    faults: &mut Diagnostics,
) -> Option<Expression> {
    let mut found = Diagnostics::new();
    let checked = condition(at, entry.when.as_deref().unwrap_or_default(), inputs, &mut found);
    for fault in found.iter().cloned() {
        let place = fault.labels.first().map(|label| label.span.clone());
        faults.push(match (place, called_here(entry, &fault)) {
            (Some(place), Some(here)) => fault.help(format!("it is called `{here}` here")).fix(place, here),
            (Some(_) | None, None) | (None, Some(_)) => fault,
        });
    }
    checked
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
