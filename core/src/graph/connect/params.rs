//! Reads the parameters of a node as its kind declares them.

use crate::catalog::{NodeKind, ParamSpec, Params};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::graph::flatten::Flat;
use crate::yaml::Place;

/// What the author wrote, in that order, then defaults; `None` when any of it is faulty.
pub(super) fn read(
    flat: &Flat,
    node: usize,
    kind: &dyn NodeKind,
    faults: &mut Diagnostics,
) -> Option<Params> {
    let (entry, scope) = (flat.entry(node), flat.nodes[node].scope);
    let specs = kind.params();
    let with = entry.path.key("with");
    let mut values = Vec::new();
    let mut misspelt = Vec::new();
    let mut sound = true;
    for (name, value) in &entry.with {
        let at = flat.located(scope, &with.key(name));
        let Some(spec) = specs.iter().find(|spec| spec.matches(name)) else {
            let message = format!("kind `{}` has no parameter `{name}`", kind.name());
            let span = at.span(Place::Key);
            let known = known_names(&specs, name);
            misspelt.extend(nearest(name, known.iter().map(String::as_str)).map(str::to_owned));
            let fault = Diagnostic::error(Code("MT0208"), span.clone(), message);
            faults.push(match named_by_ending(&specs, &known, name) {
                Some((ending, meant)) => fault
                    .help(format!("such names end in `{ending}`: did you mean `{meant}`?"))
                    .fix(span, meant),
                None => fault.suggest(span, name, known.iter().map(String::as_str)),
            });
            sound = false;
            continue;
        };
        match spec.param_type.read(value) {
            Ok(value) => values.push((name.clone(), value)),
            Err(fault) => {
                let span = at.span(Place::Value);
                let message = format!("parameter `{name}`: {}", fault.message);
                let diagnostic = Diagnostic::error(Code("MT0210"), span.clone(), message);
                faults.push(match fault.nearest {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(span, near),
                    None => diagnostic.help(format!("`{name}` is {}", spec.about)),
                });
                sound = false;
            }
        }
    }
    for spec in &specs {
        if entry.with.iter().any(|(name, _)| spec.matches(name))
            || misspelt.iter().any(|meant| meant == spec.name)
        {
            continue;
        }
        match &spec.default {
            Some(value) => values.push((spec.name.to_owned(), value.clone())),
            None if spec.is_optional() => {}
            None => {
                missing(flat, node, spec, kind, faults);
                sound = false;
            }
        }
    }
    sound.then(|| Params::new(values))
}

/// Names of parameters for someone who wrote `found`; of one that stands for any name with an ending, the name
/// that `found` would have.
fn known_names(specs: &[ParamSpec], found: &str) -> Vec<String> {
    let name = |spec: &ParamSpec| match spec.name.strip_prefix('*') {
        None => spec.name.to_owned(),
        Some(ending) => {
            let begun = found
                .split(['_', '-'])
                .next()
                .filter(|begun| begun.len() < found.len());
            format!("{}{ending}", begun.unwrap_or("name"))
        }
    };
    specs.iter().map(name).collect()
}

/// The name that `found` would have with the ending of the only parameter that stands for many names, unless another
/// name is nearer.
fn named_by_ending<'a>(
    specs: &[ParamSpec],
    known: &'a [String],
    found: &str,
) -> Option<(&'static str, &'a str)> {
    let mut endings = specs
        .iter()
        .zip(known)
        .filter_map(|(spec, name)| Some((spec.name.strip_prefix('*')?, name)));
    let (ending, name) = endings.next()?;
    let begun = name.strip_suffix(ending)?;
    let near = nearest(found, known.iter().map(String::as_str));
    let fits = found.starts_with(begun) && endings.next().is_none() && near.is_none();
    fits.then_some((ending, name.as_str()))
}

fn missing(flat: &Flat, node: usize, spec: &ParamSpec, kind: &dyn NodeKind, faults: &mut Diagnostics) {
    let (entry, scope) = (flat.entry(node), flat.nodes[node].scope);
    let span = flat.located(scope, &entry.path).span(Place::Key);
    let message = format!("node `{}` needs the parameter `{}`", entry.name, spec.name);
    let help = format!(
        "add `{}` under `with:`: {}, {} (see `motet explain {}`)",
        spec.name,
        spec.about,
        spec.param_type.describe(),
        kind.name()
    );
    faults.push(Diagnostic::error(Code("MT0209"), span, message).help(help));
}
