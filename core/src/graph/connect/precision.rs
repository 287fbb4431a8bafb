//! Holds the precision that the author asks for against those that the kind offers.

use crate::catalog::{NodeKind, Params};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::graph::flatten::Flat;
use crate::placement::Precision;
use crate::spec::PrecisionWish;
use crate::yaml::Place;

/// Reports a precision that the kind does not offer (MT0231), or that its model does not vouch for (MT0232, a warning).
pub(super) fn check(
    flat: &Flat,
    node: usize,
    kind: &dyn NodeKind,
    params: &Params,
    faults: &mut Diagnostics,
) {
    let (entry, scope) = (flat.entry(node), flat.nodes[node].scope);
    let PrecisionWish::Exactly(wished) = entry.precision else {
        return;
    };
    let offers = kind.precisions(params);
    let offer = offers.iter().find(|offer| offer.precision == wished);
    // Every kind computes in `f32`; the others are measured against it.
    if wished == Precision::F32 || offer.is_some_and(|offer| offer.admissible) {
        return;
    }
    let span = || {
        let at = flat.located(scope, &entry.path.key("precision"));
        at.span(Place::Value)
    };
    let name = flat.name(node);
    match offer {
        Some(offer) => {
            let message = format!(
                "the accuracy of node `{name}` in `{wished}` is not vouched for: {}",
                offer.why
            );
            let fault = Diagnostic::warning(Code("MT0232"), span(), message);
            let help = "write `precision: auto` for the quickest precision that is vouched for";
            faults.push(fault.help(help).fix(span(), "auto"));
        }
        None => {
            let names: Vec<String> = offers
                .iter()
                .map(|offer| format!("`{}`", offer.precision))
                .collect();
            let message = format!(
                "node `{name}` cannot compute in `{wished}`; kind `{}` offers {}",
                kind.name(),
                names.join(", ")
            );
            let fault = Diagnostic::error(Code("MT0231"), span(), message);
            let help = "write `precision: auto`, or leave the entry out for `f32`";
            faults.push(fault.help(help).fix(span(), "auto"));
        }
    }
}
