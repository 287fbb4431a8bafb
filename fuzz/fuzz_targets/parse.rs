//! Any text is answered: parsed, resolved without kinds, and printed, with every place inside its text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use motet_core::catalog::Catalog;
use motet_core::diagnostic::Diagnostics;
use motet_core::graph::{Graph, NoLibrary};
use motet_core::spec::Spec;

fuzz_target!(|text: &str| {
    let resolved = Spec::parse(text).and_then(|spec| Graph::resolve(&spec, &Catalog::new(), &NoLibrary));
    match resolved {
        Ok(graph) => check(&graph.warnings),
        Err(faults) => {
            assert!(faults.has_errors());
            check(&faults);
        }
    }
});

fn check(faults: &Diagnostics) {
    let _ = faults.to_string();
    for fault in faults.iter() {
        assert!(!fault.labels.is_empty());
        for span in fault.labels.iter().map(|label| &label.span).chain(fault.fix.iter().map(|fix| &fix.span)) {
            assert!(span.source.text.get(span.range.clone()).is_some());
        }
    }
}
