//! Nets and their programs: they agree, and a program that does not is refused.

#![allow(
    clippy::unwrap_used,
    reason = "a test that finds nothing to unwrap has failed"
)]

use burn::tensor::Device;
use motet_engine::{Cpu, Precision};
use motet_models::autoencoder::AutoencoderConfig;
use motet_models::classifier::{BlockConfig, ClassifierConfig, StemConfig, Window};
use motet_models::encoder::EncoderConfig;
use motet_models::keyword::KeywordModel;
use motet_models::lowering::{
    LowerError, Lowering, answer, calibrate, reference, relative_rms, tolerance, verify,
};
use motet_models::net::{ConfigFault, Net, NetConfig, Sample, Typical};
use motet_models::weights::{Start, TensorSpec, Weights, WeightsError};

const PRECISIONS: [Precision; 3] = [Precision::F32, Precision::Bf16, Precision::Int8];

fn autoencoder() -> AutoencoderConfig {
    AutoencoderConfig {
        widths: vec![40, 33, 17, 33, 40],
        rows_max: 19,
        typical: Typical::default(),
    }
}

fn classifier(batch_norm: bool) -> ClassifierConfig {
    let window = |kernel: [usize; 2], stride: [usize; 2], padding: [usize; 4]| Window {
        kernel,
        stride,
        padding,
    };
    let block = |channels: usize| BlockConfig {
        channels,
        window: window([3, 3], [1, 1], [1, 1, 1, 1]),
    };
    ClassifierConfig {
        height: 17,
        width: 7,
        channels: 1,
        stem: StemConfig {
            channels: 24,
            window: window([5, 4], [2, 2], [2, 1, 2, 1]),
        },
        blocks: vec![block(33), block(20)],
        classes: 6,
        batch_norm,
        typical: Typical::default(),
    }
}

fn encoder(norm_first: bool) -> EncoderConfig {
    EncoderConfig {
        vocabulary: 50,
        tokens_max: 21,
        width: 36,
        heads: 3,
        inner: 70,
        layers: 2,
        labels: 5,
        epsilon: 1e-5,
        norm_first,
    }
}

/// Checks that a net agrees with its program in every precision, calibrated on samples of another seed.
fn agrees(net: &dyn Net) {
    let cpu = Cpu::detect();
    let program = net.lower(&Lowering::f32(cpu)).unwrap();
    let ranges = calibrate(&program, &net.samples(7)).unwrap();
    for precision in PRECISIONS {
        let ranges = ranges.clone();
        let how = Lowering {
            cpu,
            precision,
            ranges,
        };
        let program = net.lower(&how).unwrap();
        let error = verify(net, &program, precision).unwrap_or_else(|error| panic!("{error}\n{program}"));
        assert!(error <= tolerance(precision));
    }
}

/// A net of fixed weights, with one value of one tensor changed by `change`.
fn tampered<C: NetConfig>(config: &C, tensor: &str, change: f32) -> C::Net {
    let values = |spec: &TensorSpec| {
        let noise = |index: usize| {
            let state = (index * 31 + spec.name.len() * 1009) as f32;
            (state.sin() * 43_758.547).fract()
        };
        let value = |index: usize| match spec.start {
            Start::He { inputs } => noise(index) * (6.0 / inputs as f32).sqrt(),
            Start::Zeros => 0.2 * noise(index),
            Start::Ones => 1.0 + 0.3 * noise(index),
        };
        let mut values: Vec<f32> = (0..spec.count()).map(value).collect();
        if spec.name == tensor {
            values[spec.count() / 2] += change;
        }
        (spec.name.clone(), values)
    };
    let weights = Weights::from_values(config.tensors().iter().map(values));
    config.build(weights, &Device::flex()).unwrap()
}

/// Checks that a program made with one other weight is refused.
fn refuses<C: NetConfig>(config: &C, tensor: &str) {
    let net = tampered(config, tensor, 0.0);
    let how = Lowering::f32(Cpu::detect());
    verify(&net, &net.lower(&how).unwrap(), Precision::F32).unwrap();
    let other = tampered(config, tensor, 1.0);
    let refused = verify(&net, &other.lower(&how).unwrap(), Precision::F32);
    assert!(
        matches!(refused, Err(LowerError::Disagrees { precision: Precision::F32, found, .. }) if found > 1e-4),
        "{tensor}: {refused:?}"
    );
}

#[test]
fn the_program_of_an_autoencoder_agrees_with_burn() {
    agrees(&autoencoder().init(1, &Device::flex()).unwrap());
}

#[test]
fn the_program_of_a_classifier_agrees_with_burn() {
    agrees(&classifier(false).init(1, &Device::flex()).unwrap());
    agrees(&tampered(&classifier(true), "", 0.0));
}

#[test]
fn the_program_of_an_encoder_agrees_with_burn_for_texts_of_any_length() {
    agrees(&encoder(false).init(1, &Device::flex()).unwrap());
    agrees(&encoder(true).init(1, &Device::flex()).unwrap());
    let net = encoder(false).init(2, &Device::flex()).unwrap();
    let program = net.lower(&Lowering::f32(Cpu::detect())).unwrap();
    for tokens in 1..=21 {
        let text = Sample::Ids((0..tokens).map(|token| token * 7 % 50).collect());
        let expected = reference(&net, &text).unwrap();
        let error = relative_rms(&answer(&program, &text).unwrap(), &expected);
        assert!(error < 1e-5, "{tokens} tokens: off by {error:.1e}");
    }
}

#[test]
fn the_program_of_the_keyword_model_agrees_with_burn() {
    agrees(&KeywordModel::builtin(&Device::flex()).unwrap());
}

#[test]
fn an_id_beyond_the_vocabulary_is_an_error_and_no_panic() {
    let net = encoder(false).init(1, &Device::flex()).unwrap();
    let program = net.lower(&Lowering::f32(Cpu::detect())).unwrap();
    for id in [-1, 50, i32::MAX] {
        let refused = answer(&program, &Sample::Ids(vec![3, id]));
        assert!(matches!(refused, Err(LowerError::Run(_))), "{refused:?}");
    }
}

#[test]
fn a_program_with_one_other_weight_is_refused() {
    refuses(&autoencoder(), "layers.1.weight");
    refuses(&autoencoder(), "layers.3.bias");
    refuses(&classifier(false), "stem.weight");
    refuses(&classifier(true), "blocks.0.depthwise.norm.running_mean");
    refuses(&classifier(true), "blocks.1.pointwise.norm.running_var");
    refuses(&encoder(false), "blocks.1.key.weight");
    refuses(&encoder(false), "blocks.0.attention_norm.beta");
    refuses(&encoder(true), "norm.gamma");
}

#[test]
fn a_program_of_another_shape_is_refused() {
    let net = autoencoder().init(1, &Device::flex()).unwrap();
    let other = AutoencoderConfig {
        rows_max: 3,
        ..autoencoder()
    };
    let program = other.init(1, &Device::flex()).unwrap();
    let program = program.lower(&Lowering::f32(Cpu::detect())).unwrap();
    assert!(matches!(
        verify(&net, &program, Precision::F32),
        Err(LowerError::Run(_))
    ));
}

#[test]
fn equal_seeds_give_equal_nets_and_other_seeds_others() {
    let answer = |seed| {
        let net = autoencoder().init(seed, &Device::flex()).unwrap();
        net.reference(&net.samples(3)[0]).unwrap()
    };
    assert_eq!(answer(1), answer(1));
    assert_ne!(answer(1), answer(2));
}

#[test]
fn weights_of_another_net_are_refused() {
    let missing = autoencoder().build(Weights::default(), &Device::flex());
    assert!(matches!(missing, Err(WeightsError::Missing { .. })));
    let short = autoencoder()
        .tensors()
        .into_iter()
        .map(|spec| (spec.name, vec![0.0; 3]));
    let short = autoencoder().build(Weights::from_values(short), &Device::flex());
    assert!(matches!(short, Err(WeightsError::Shape { .. })));
}

fn fault(config: &impl NetConfig) -> String {
    config
        .validate()
        .map_or_else(|ConfigFault(rule)| rule.to_owned(), |()| String::new())
}

#[test]
fn sizes_that_contradict_each_other_or_cost_too_much_are_refused() {
    let with = |widths: &[usize]| AutoencoderConfig {
        widths: widths.to_vec(),
        ..autoencoder()
    };
    assert_eq!(fault(&autoencoder()), "");
    assert_eq!(fault(&with(&[3])), "there must be 2 to 65 `widths`");
    assert_eq!(
        fault(&with(&[3, 0, 3])),
        "`widths` and `rows_max` must be from 1 to 1048576"
    );
    assert_eq!(fault(&with(&[3, 2])), "the last of `widths` must be the first");
    let large = with(&[1 << 20, 1 << 20]);
    assert_eq!(fault(&large), "the net must have at most 268435456 weights");
    let mut unlike = autoencoder();
    unlike.typical.mean = vec![0.0; 3];
    assert_eq!(
        fault(&unlike),
        "`typical` must have finite numbers, one or one for each column"
    );
    let mut deep = classifier(false);
    deep.stem.window.kernel = [40, 4];
    assert_eq!(fault(&deep), "a kernel is larger than the image that it looks at");
    let mut odd = encoder(false);
    odd.heads = 5;
    assert_eq!(fault(&odd), "`heads` must be a divisor of `width`");
    let mut large = encoder(false);
    (large.vocabulary, large.width, large.heads) = (1 << 20, 1 << 20, 1);
    assert_eq!(fault(&large), "the net must have at most 268435456 weights");
    let held = "the net must have at most 67108864 values between two of its layers";
    let mut long = encoder(false);
    long.tokens_max = 100_000;
    assert_eq!(fault(&long), held, "attention looks at all pairs of tokens");
    let mut tall = autoencoder();
    tall.rows_max = 1 << 20;
    tall.widths = vec![80, 4, 80];
    assert_eq!(fault(&tall), held);
    let mut wide = classifier(false);
    (wide.height, wide.width, wide.channels) = (1 << 15, 1 << 15, 1);
    assert_eq!(fault(&wide), held);
}
