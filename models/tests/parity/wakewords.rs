//! The keyword net that comes with Motet, in every precision, on windows of real recordings.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use motet_engine::{Cpu, Precision};
use motet_models::audio::LogMel;
use motet_models::keyword::sets::read;
use motet_models::keyword::window::remove_level;
use motet_models::keyword::{KeywordModel, NONE, Recording};
use motet_models::lowering::{Lowering, answer, calibrate, reference, relative_rms};
use motet_models::net::{Net, Sample};

use super::engines::{agreement, shared};

/// The first windows of a part, one clip in so many, without level.
fn windows(folder: &Path, (part, every): (&str, usize), model: &KeywordModel) -> Vec<Sample> {
    let mut mel = LogMel::new(model.features().clone()).unwrap();
    let (bins, windowing) = (model.features().bins, model.windowing());
    let set = read(&folder.join(part), "group", None).unwrap();
    let window = |example| {
        let clip = Recording::read(example, NONE).unwrap();
        let spectrogram = mel.spectrogram(&clip.to_f32()).unwrap();
        let mut window = vec![0.0; windowing.window_frames * bins];
        windowing.cut(&spectrogram, &mut window);
        remove_level(&mut window, bins);
        Sample::Numbers(window)
    };
    set.examples.iter().step_by(every).map(window).collect()
}

#[test]
fn the_card_says_what_other_precisions_cost_on_real_recordings() {
    let test = "the_card_says_what_other_precisions_cost_on_real_recordings";
    let Some(folder) = shared(test, "data/wakewords") else {
        return;
    };
    let folder: PathBuf = folder;
    let model = KeywordModel::builtin(&Device::flex()).unwrap();
    // Ranges are found on clips that the net was trained on, and judged on clips by other voices.
    let program = model.lower(&Lowering::f32(Cpu::PORTABLE)).unwrap();
    let found = calibrate(&program, &windows(&folder, ("train.jsonl", 6), &model)).unwrap();
    for (step, largest) in found.largest() {
        let stated = model.card().model.ranges.get(step).copied().unwrap_or(f32::NAN);
        let lines = found
            .largest()
            .map(|(step, largest)| format!("    {step}: {largest:.4}\n"));
        assert!(
            (stated - largest).abs() <= 1e-2 * largest,
            "the card says {stated} of {step}; the ranges are\n{}",
            lines.collect::<String>()
        );
    }
    let inputs = windows(&folder, ("valid.jsonl", 1), &model);
    let expected: Vec<f32> = inputs
        .iter()
        .flat_map(|input| reference(&model, input).unwrap())
        .collect();
    for (precision, label) in [(Precision::Bf16, "bf16"), (Precision::Int8, "int8")] {
        let how = Lowering::of_card(Cpu::detect(), precision, &model.card().model.ranges);
        let program = model.lower(&how).unwrap();
        let found: Vec<f32> = inputs
            .iter()
            .flat_map(|input| answer(&program, input).unwrap())
            .collect();
        let error = relative_rms(&found, &expected);
        let agreement = agreement(&found, &expected, model.labels().len());
        let measured = format!(
            "wakewords, {label}, {} clips: relative_rms {error:.2e}, agreement {agreement:.4}",
            inputs.len()
        );
        #[allow(clippy::print_stdout, reason = "figures are what this test is read for")]
        {
            println!("{measured}");
        }
        let figures = model.card().precisions.iter();
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
        assert_eq!(
            figure.admissible,
            figure.relative_rms <= 1e-2 && stated >= 0.99,
            "{measured}"
        );
    }
}
