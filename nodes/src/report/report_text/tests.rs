//! The forms of a record, the picture of a spectrum, and what is refused.

use motet_core::arena::ReadLease;

use super::super::parse::{Extent, verify};
use super::super::sample;
use super::*;
use crate::trial::{Trial, Value};

fn leaked(text: String) -> Option<Value> {
    Some(Value::Text(Box::leak(text.into_boxed_str())))
}

fn plain() -> Trial<'static> {
    Trial::of(&ReportText)
        .input(RECORD, "utf8[T<=65536]")
        .unconnected(SPECTRUM)
        .unconnected(SPEED)
}

fn fields(lease: &ReadLease) -> Vec<(String, String)> {
    let field = |field| {
        let (name, text) = (lease.field_name(field), lease.text(field).unwrap());
        (name.to_owned(), text.to_owned())
    };
    (0..lease.field_count()).map(field).collect()
}

fn write(trial: &Trial<'_>, record: &Report) -> Vec<(String, String)> {
    let json = serde_json::to_string(record).unwrap();
    let outputs = trial.run(&[leaked(json), None, None]).unwrap();
    fields(outputs[0].as_ref().unwrap())
}

#[test]
fn hostile_records_are_told_truly_in_every_form_and_within_bounds() {
    let mut longest = [0; 4];
    let mut node = plain().build();
    for seed in 0..300 {
        let record = sample::hostile(seed);
        let json = serde_json::to_string(&record).unwrap();
        let outputs = node.fire(&[leaked(json), None, None]).unwrap();
        let forms = fields(outputs[0].as_ref().unwrap());
        let names: Vec<&str> = forms.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["text", "markdown", "spoken", "html"]);
        for (longest, (_, form)) in longest.iter_mut().zip(&forms) {
            *longest = form.len().max(*longest);
        }
        assert!(
            verify(&forms[0].1, &record, Extent::Full).unwrap().is_sound(),
            "{seed}"
        );
        assert!(
            verify(&forms[2].1, &record, Extent::Brief).unwrap().is_sound(),
            "{seed}"
        );
        assert!(
            forms[1].1.starts_with("**") && forms[3].1.starts_with("<!DOCTYPE html>"),
            "{seed}"
        );
    }
    // Lists of a record are bounded, so that no record is much longer than the longest of these.
    for (longest, form) in longest.into_iter().zip(Form::ALL) {
        assert!(2 * longest <= form.bytes_max(), "{form:?}: {longest}");
    }
}

#[test]
fn only_what_is_wanted_is_written() {
    let wanted = |forms: &[&str]| {
        let forms = forms.iter().map(|form| (*form).to_owned()).collect();
        plain().with(FORMS, ParamValue::Texts(forms))
    };
    let record = sample::plausible(3);
    let all = write(&plain(), &record);
    let two = write(&wanted(&["spoken", "text", "spoken"]), &record);
    assert_eq!(two, [all[0].clone(), all[2].clone()]);
    let place = FaultPlace::Param(FORMS.to_owned(), None);
    for forms in [&["song"][..], &[]] {
        assert_eq!(wanted(forms).faults()[0].place, place, "{forms:?}");
    }
    let signature = plain().signature().unwrap();
    let built = ReportText.build(&wanted(&[]).params(), &signature, &Placement::CPU);
    assert!(matches!(built, Err(BuildError::Failed(_))));
}

fn drawn(port: &str) -> Trial<'static> {
    Trial::of(&ReportText)
        .with("step_hz", ParamValue::Number(0.5))
        .with("bpfo", ParamValue::Number(3.5))
        .with(FORMS, ParamValue::Texts(vec!["html".to_owned()]))
        .input(RECORD, "utf8[T<=65536]")
        .input(SPECTRUM, port)
        .input(SPEED, "f32 unit=rpm")
}

fn page(trial: &Trial<'_>, spectrum: Option<Value>, speed: Option<f32>) -> Result<String, NodeError> {
    let json = serde_json::to_string(&sample::plausible(5)).unwrap();
    let outputs = trial.run(&[leaked(json), spectrum, speed.map(Value::number)])?;
    Ok(fields(outputs[0].as_ref().unwrap())[0].1.clone())
}

#[test]
fn a_spectrum_is_drawn_with_the_shaft_and_its_defect_orders() {
    let mut lines = vec![0.01; 800];
    lines[100] = 2.0;
    lines[400 + 175] = 3.0;
    let spectrum = Some(Value::F32(vec![2, 400], lines));
    let trial = drawn("f32[C<=6, B<=1000] unit=g");
    let turning = page(&trial, spectrum.clone(), Some(1_500.0)).unwrap();
    // At 1500 revolutions a minute the shaft is at 25 Hz, and 3.5 times that is 87.5 Hz.
    for part in [
        "<svg",
        "Of 2 channels, the highest at each line.",
        "shaft 25.0 Hz",
        "BPFO 87.5 Hz",
        "Amplitude in g",
    ] {
        assert!(turning.contains(part), "{part}");
    }
    let still = page(&trial, spectrum, Some(0.0)).unwrap();
    assert!(
        still.contains("<svg") && !still.contains("BPFO"),
        "no orders without speed"
    );
    let none = page(&trial, None, None).unwrap();
    assert!(!none.contains("<svg"));
    let one = page(
        &drawn("f32[B<=1000]"),
        Some(Value::samples(&[1.0, 2.0, 1.0])),
        None,
    )
    .unwrap();
    assert!(one.contains("<svg") && !one.contains("channels"));
}

#[test]
fn a_spectrum_that_cannot_be_drawn_is_refused() {
    let trial = drawn("f32[B<=1000] unit=g");
    let error = |values: &[f32]| {
        page(&trial, Some(Value::samples(values)), None)
            .err()
            .unwrap()
            .to_string()
    };
    assert_eq!(error(&[1.0, -2.0]), "an amplitude is negative: -2");
    assert_eq!(
        error(&[1.0]),
        "the spectrum is refused: a spectrum has 2 to 1048576 lines, found 1"
    );
    let place = |trial: Trial<'_>| trial.faults()[0].place.clone();
    let at_input = FaultPlace::Input(SPECTRUM.to_owned());
    for port in [
        "f32[B<=9] unit=furlong",
        "i32[B<=9]",
        "f32",
        "f32[B<=1048577]",
        "record{x: f32[9]}",
    ] {
        assert_eq!(place(drawn(port)), at_input, "{port}");
    }
    let unscaled = Trial::of(&ReportText)
        .input(RECORD, "utf8[T<=9]")
        .input(SPECTRUM, "f32[B<=9]");
    assert_eq!(place(unscaled), FaultPlace::Param("step_hz".to_owned(), None));
}

#[test]
fn a_record_that_is_none_is_refused_by_its_place_alone() {
    let check = |json: String, expected: &str| {
        let error = plain().run(&[leaked(json), None, None]).err().unwrap();
        assert_eq!(error.to_string(), expected);
    };
    check(
        "{\"asset\": 7, \"secret\": 1}".to_owned(),
        "the record is refused: the JSON is no report, from line 1, column 11",
    );
    let mut record = sample::plausible(4);
    record.interval.to = super::super::moment::Moment::BEGIN;
    let found = serde_json::to_string(&record).unwrap();
    check(
        found,
        "the record is refused: the interval of `interval` does not hold its estimate",
    );
}
