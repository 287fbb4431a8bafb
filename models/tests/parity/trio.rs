//! The nets of the reference workload against its float64 answers, where its files lie beside the project.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use motet_engine::{Cpu, Precision, Ranges};
use motet_models::audio::{Mfcc, MfccConfig};
use motet_models::autoencoder::AutoencoderConfig;
use motet_models::classifier::ClassifierConfig;
use motet_models::encoder::EncoderConfig;
use motet_models::lowering::{answer, calibrate, reference, relative_rms, tolerance};
use motet_models::model::{Model, read_card};
use motet_models::net::{Net, NetConfig, Sample};
use safetensors::SafeTensors;

use super::engines::{agreement, lowered, ranges, shared, ways};

/// A net of the workload and what it is asked.
struct Case<C: NetConfig> {
    model: Model<C>,
    input: Sample,
    expected: Vec<f32>,
    /// Values that one answer is the best of.
    classes: usize,
}

/// Reads the net `name`, its input and its answer, or says that `test` is skipped.
fn case<C: NetConfig>(test: &str, name: &str, [input, output]: [&str; 2]) -> Option<Case<C>> {
    let folder = folder(test)?;
    let card =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../pipelines/trio/models/{name}.card.yaml"));
    let card = read_card::<C>(&std::fs::read_to_string(card).unwrap()).unwrap();
    let classes = card.model.labels.len().max(1);
    let weights = folder.join(&card.weights.file);
    let model = Model::load(card, &weights, &Device::flex()).unwrap();
    let bytes = std::fs::read(folder.join("ref_io.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let input = match input {
        "ids" => Sample::Ids(whole(file.tensor(input).unwrap().data())),
        name => Sample::Numbers(floats(file.tensor(name).unwrap().data())),
    };
    let expected = floats(file.tensor(output).unwrap().data());
    Some(Case {
        model,
        input,
        expected,
        classes,
    })
}

fn folder(test: &str) -> Option<PathBuf> {
    shared(test, "bench/data")
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    let (values, _) = bytes.as_chunks::<4>();
    values.iter().map(|value| f32::from_le_bytes(*value)).collect()
}

fn whole(bytes: &[u8]) -> Vec<i32> {
    let (values, _) = bytes.as_chunks::<8>();
    values
        .iter()
        .map(|value| i32::try_from(i64::from_le_bytes(*value)).unwrap())
        .collect()
}

/// Checks a net on every way against the answer in float64, and prints how far each is off.
fn check<C: NetConfig>(name: &str, case: &Case<C>) {
    let net = case.model.net();
    let burn = relative_rms(&reference(net, &case.input).unwrap(), &case.expected);
    #[allow(clippy::print_stdout, reason = "figures are what this test is read for")]
    let say = |line: String| println!("{name:<6} {line}");
    say(format!("{:<34} relative RMS {burn:.2e}", "Burn flex"));
    assert!(burn < 1e-5, "Burn is off by {burn:.1e}");
    let calibrated = ranges(net, &net.samples(1));
    for (way, cpu, precision) in ways() {
        let program = lowered(net, (cpu, precision), &calibrated);
        let found = answer(&program, &case.input).unwrap();
        let error = relative_rms(&found, &case.expected);
        let agreement = agreement(&found, &case.expected, case.classes);
        say(format!(
            "{way:<34} relative RMS {error:.2e}, the same answer {agreement:.4}"
        ));
        assert!(error <= tolerance(precision), "{name}, {way}: off by {error:.1e}");
    }
}

/// Checks that the card says of each precision what is measured here on inputs of another seed than the ranges.
fn check_card<C: NetConfig>(name: &str, case: &Case<C>) {
    let net = case.model.net();
    let inputs: Vec<Sample> = (200..208).flat_map(|seed| net.samples(seed)).collect();
    let expected: Vec<f32> = inputs
        .iter()
        .flat_map(|input| reference(net, input).unwrap())
        .collect();
    for (precision, label) in [(Precision::Bf16, "bf16"), (Precision::Int8, "int8")] {
        let program = case.model.program(Cpu::detect(), precision).unwrap();
        let found: Vec<f32> = inputs
            .iter()
            .flat_map(|input| answer(&program, input).unwrap())
            .collect();
        let error = relative_rms(&found, &expected);
        let agreement = agreement(&found, &expected, case.classes);
        let measured = format!("{name}, {label}: relative_rms {error:.2e}, agreement {agreement:.4}");
        let figures = case.model.card().precisions.iter();
        let Some(figure) = figures.into_iter().find(|figure| figure.precision == label) else {
            panic!("the card lacks {measured}");
        };
        // A CPU without the instructions computes in more bits, so less error is no fault.
        assert!(
            error <= 1.1 * figure.relative_rms,
            "{measured}; the card: {figure:?}"
        );
        let stated = figure.agreement.unwrap_or(1.0);
        assert!(agreement >= stated - 5e-3, "{measured}; the card: {figure:?}");
        let is_near = figure.relative_rms <= 1e-2 && stated >= 0.99;
        assert_eq!(
            figure.admissible, is_near,
            "1 % off at most, 99 % the same: {measured}"
        );
    }
}

#[test]
fn kws_is_the_same_on_every_way() {
    let test = "kws_is_the_same_on_every_way";
    if let Some(case) = case::<ClassifierConfig>(test, "kws", ["mfcc", "kws_prob"]) {
        check("kws", &case);
        check_card("kws", &case);
    }
}

#[test]
fn notes_is_the_same_on_every_way() {
    let test = "notes_is_the_same_on_every_way";
    if let Some(case) = case::<EncoderConfig>(test, "notes", ["ids", "notes_logits"]) {
        check("notes", &case);
        check_card("notes", &case);
    }
}

#[test]
fn anom_is_the_same_on_every_way() {
    let test = "anom_is_the_same_on_every_way";
    if let Some(case) = case::<AutoencoderConfig>(test, "anom", ["feats", "recon"]) {
        check("anom", &case);
        check_card("anom", &case);
    }
}

/// Prints the ranges that belong into the cards, found on samples of another seed than any test uses.
#[test]
fn the_ranges_of_the_cards_are_those_of_typical_inputs() {
    let test = "the_ranges_of_the_cards_are_those_of_typical_inputs";
    fn check<C: NetConfig>(name: &str, case: &Case<C>) {
        let program = lowered(case.model.net(), (Cpu::PORTABLE, Precision::F32), &Ranges::new());
        let samples: Vec<Sample> = (100..108)
            .flat_map(|seed| case.model.net().samples(seed))
            .collect();
        let found = calibrate(&program, &samples).unwrap();
        let stated = &case.model.card().model.ranges;
        for (step, largest) in found.largest() {
            let stated = stated.get(step).copied().unwrap_or(f32::NAN);
            let lines = found
                .largest()
                .map(|(step, largest)| format!("    {step}: {largest:.4}\n"));
            assert!(
                (stated - largest).abs() <= 1e-2 * largest,
                "{name}: the card says {stated}; the ranges are\n{}",
                lines.collect::<String>()
            );
        }
    }
    if let Some(case) = case::<ClassifierConfig>(test, "kws", ["mfcc", "kws_prob"]) {
        check("kws", &case);
    }
    if let Some(case) = case::<EncoderConfig>(test, "notes", ["ids", "notes_logits"]) {
        check("notes", &case);
    }
    if let Some(case) = case::<AutoencoderConfig>(test, "anom", ["feats", "recon"]) {
        check("anom", &case);
    }
}

#[test]
fn the_coefficients_of_a_sound_are_those_of_the_reference() {
    let Some(folder) = folder("the_coefficients_of_a_sound_are_those_of_the_reference") else {
        return;
    };
    let bytes = std::fs::read(folder.join("ref_io.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let read = |name: &str| floats(file.tensor(name).unwrap().data());
    let (audio, expected) = (read("audio"), read("mfcc"));
    let mut found = vec![0.0; expected.len()];
    let frames = Mfcc::new(MfccConfig::keywords())
        .unwrap()
        .frames(&audio, &mut found)
        .unwrap();
    assert_eq!(frames, 49);
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-4, "{found} is not {expected}");
    }
}
