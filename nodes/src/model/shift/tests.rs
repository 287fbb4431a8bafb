use super::*;
use crate::trial::Trial;

const QUALITY: &str =
    "record{valid: u8[R<=100, 8] range=0..1, flagged: u8 range=0..1, findings: utf8[T<=65536]}";
const TABLE: &str =
    "record{times: i64[R<=100] unit=ms, values: f32[R<=100, 8], valid: u8[R<=100, 8] range=0..1}";

fn kind() -> Shift {
    Shift::new(ModelSources::default())
}

fn trial<'k>(kind: &'k Shift, quantities: &[&str]) -> Trial<'k> {
    let quantities = quantities.iter().map(|text| (*text).to_owned()).collect();
    Trial::of(kind)
        .text("model", "skab@1")
        .with("quantities", ParamValue::Texts(quantities))
        .input("table", TABLE)
        .input("quality", QUALITY)
}

#[test]
fn there_is_a_score_for_each_row_and_a_contribution_of_each_sensor() {
    assert_eq!(
        trial(&kind(), &["Pressure = pressure bar"]).types(),
        [
            "shift: record{scores: f32[R<=100], score: f32, limit: f32, is_anomalous: u8 range=0..1, \
             contributions: f32[R<=100, 8], worst: utf8[T<=32], times: i64[R<=100] unit=ms, count: i32, \
             usable: u8[R<=100] range=0..1, findings: utf8[T<=65536]}"
        ]
    );
}

#[test]
fn what_sensors_measure_is_checked() {
    let check = |text: &str, expected: &str| {
        let message = trial(&kind(), &[text]).faults()[0].message.clone();
        assert!(message.contains(expected), "{message}");
    };
    check("Pressure", "no sensor with what it measures");
    check("Presure = pressure bar", "did you mean `Pressure`");
    check("Pressure = weight bar", "expected one of current, flow");
    check(
        "Pressure = pressure psi",
        "pressure is measured in bar, found `pressure psi`",
    );
    check("Pressure = pressure bar gauge", "pressure is measured in bar");
}

#[test]
fn a_model_that_is_not_there_is_no_node() {
    let kind = kind();
    let params = Trial::of(&kind).text("model", "pump@1").params();
    assert!(kind.inputs(&params).is_err());
    let built = kind.build(&params, &Signature::default(), &Placement::CPU);
    assert!(matches!(built, Err(BuildError::Model { .. })));
}
