//! What authors may ask of the precision of a node.

use std::sync::Arc;

use motet_core::diagnostic::{Diagnostics, Severity};
use motet_core::placement::Precision;
use motet_core::plan::Plan;

use crate::kinds::Stage;
use crate::pipeline;

fn plan(precision: &str, with: &str) -> Result<Arc<Plan>, Diagnostics> {
    let text = format!(
        "motet: 1
pipeline: precise
inputs: {{x: f32}}
nodes:
  only: {{kind: test/mix, in: x, {precision} with: {{{with}}}}}
outputs: {{y: only}}
"
    );
    pipeline::plan(&text, &Stage::new().catalog(), false)
}

fn check(precision: &str, with: &str, expected: Precision) {
    let plan = plan(precision, with).unwrap();
    assert_eq!(plan.nodes[0].precision, expected, "{precision} {with}");
    assert_eq!(plan.warnings.iter().count(), 0, "{precision} {with}");
}

#[test]
fn a_node_computes_in_the_precision_that_its_author_asks_for_and_in_f32_unless_asked() {
    check("", "bf16: good", Precision::F32);
    check("precision: f32,", "bf16: good", Precision::F32);
    check("precision: bf16,", "bf16: good", Precision::Bf16);
    check("precision: int8,", "bf16: good, int8: good", Precision::Int8);
    check("precision: auto,", "", Precision::F32);
    check("precision: auto,", "int8: bad", Precision::F32);
}

#[test]
fn a_precision_that_the_kind_does_not_offer_is_a_fault() {
    let faults = plan("precision: int8,", "bf16: good").unwrap_err();
    assert_eq!(pipeline::codes(&faults), [("MT0231", 5)]);
    let fault = faults.iter().next().unwrap();
    assert!(
        fault.message.ends_with("kind `test/mix` offers `f32`, `bf16`"),
        "{}",
        fault.message
    );
    let faults = plan("precision: fp16,", "bf16: good").unwrap_err();
    assert_eq!(pipeline::codes(&faults), [("MT0113", 5)]);
}

#[test]
fn a_precision_without_a_measured_accuracy_is_granted_with_a_warning_that_says_why() {
    let plan = plan("precision: int8,", "int8: poor").unwrap();
    assert_eq!(plan.nodes[0].precision, Precision::Int8);
    let warnings: Vec<_> = plan.warnings.iter().collect();
    assert_eq!(warnings.len(), 1);
    assert_eq!(
        (warnings[0].code.0, warnings[0].severity),
        ("MT0232", Severity::Warning)
    );
    assert!(
        warnings[0].message.ends_with("measured to be poor"),
        "{}",
        warnings[0].message
    );
}
