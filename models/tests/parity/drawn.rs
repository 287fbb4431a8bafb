//! Nets of random small sizes with random weights.

use burn::tensor::Device;
use motet_engine::Precision;
use motet_models::autoencoder::AutoencoderConfig;
use motet_models::classifier::{BlockConfig, ClassifierConfig, StemConfig, Window};
use motet_models::encoder::EncoderConfig;
use motet_models::net::{Net, NetConfig, Typical};
use motet_models::text::{Hashing, Splitting};
use motet_models::utterance::{IntentConfig, SlotsConfig, UtteranceConfig};
use motet_models::weights::{Start, TensorSpec, Weights};
use proptest::prelude::*;

use super::engines::{ALL, check, ranges};

/// Weights that no two layers share and none of which is trivial.
fn weights(specs: &[TensorSpec], seed: u64) -> Weights {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut noise = || {
        // Knuth, The Art of Computer Programming, volume 2, section 3.3.4, line 26 of table 1.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    Weights::from_values(specs.iter().map(|spec| {
        let value = |_| match spec.start {
            Start::He { inputs } => noise() * (6.0 / inputs as f32).sqrt(),
            Start::Zeros => 0.2 * noise(),
            Start::Ones => 1.0 + 0.3 * noise(),
        };
        (spec.name.clone(), (0..spec.count()).map(value).collect())
    }))
}

/// Builds the net of a configuration and checks it, in these precisions.
fn drawn<C: NetConfig>(config: &C, seed: u64, precisions: &[Precision]) {
    config.validate().unwrap();
    let weights = weights(&config.tensors(), seed);
    let net = config.build(weights.clone(), &Device::flex()).unwrap();
    let samples = net.samples(seed + 1);
    check(&net, &samples, &ranges(&net, &samples), precisions);
    #[cfg(feature = "gpu")]
    gpu(config, &net, weights.clone());
    #[cfg(feature = "ndarray")]
    ndarray(config, &net, weights);
}

/// Checks that Burn answers on a GPU as on the CPU, where there is one. SwiftShader, which tests run on where there is no
/// other, is known to compute attention wrongly; that must be seen when a net is opened, and is a test of `motet-nodes`.
#[cfg(feature = "gpu")]
fn gpu<C: NetConfig>(config: &C, net: &C::Net, weights: Weights) {
    use std::sync::OnceLock;

    use motet_models::gpu::{AdapterKind, OpenGpu, adapters};
    use motet_models::lowering::{reference, relative_rms};

    static GPU: OnceLock<Option<(OpenGpu, AdapterKind)>> = OnceLock::new();
    let open = || {
        let adapter = adapters().into_iter().next()?;
        let gpu = OpenGpu::open(adapter.index).unwrap();
        Some((gpu, adapter.kind))
    };
    let Some((gpu, kind)) = GPU.get_or_init(open) else {
        #[allow(clippy::print_stdout, reason = "a skipped comparison says so")]
        {
            println!("skipped the comparison with a GPU: there is none");
        }
        return;
    };
    let has_attention = config
        .tensors()
        .iter()
        .any(|tensor| tensor.name.contains("query") || tensor.name.contains("qkv"));
    if *kind == AdapterKind::Software && has_attention {
        return;
    }
    let other = config.build(weights, gpu.device()).unwrap();
    for sample in net.samples(2) {
        let expected = reference(net, &sample).unwrap();
        let error = relative_rms(&other.reference(&sample).unwrap(), &expected);
        assert!(error < 1e-4, "CPU and GPU differ by {error:.1e}");
    }
}

/// Checks that Burn's second CPU backend answers as the first does.
#[cfg(feature = "ndarray")]
fn ndarray<C: NetConfig>(config: &C, net: &C::Net, weights: Weights) {
    use motet_models::lowering::{reference, relative_rms};
    #[allow(
        deprecated,
        reason = "the second CPU backend is kept for exactly this comparison"
    )]
    let other = config.build(weights, &Device::ndarray()).unwrap();
    for sample in net.samples(2) {
        let expected = reference(net, &sample).unwrap();
        let error = relative_rms(&reference(&other, &sample).unwrap(), &expected);
        assert!(error < 1e-5, "flex and ndarray differ by {error:.1e}");
    }
}

fn windows(height: usize, width: usize) -> impl Strategy<Value = Window> {
    let sizes = (1..=height.min(5), 1..=width.min(5), 1_usize..3, 1_usize..3);
    (sizes, prop::array::uniform4(0_usize..3)).prop_map(|((height, width, down, across), padding)| Window {
        kernel: [height, width],
        stride: [down, across],
        padding,
    })
}

prop_compose! {
    fn classifiers()(height in 4_usize..14, width in 2_usize..9, channels in 1_usize..4)(
        stem in windows(height, width),
        blocks in prop::collection::vec((1_usize..40, windows(3, 2)), 0..3),
        out in 1_usize..40,
        classes in 2_usize..20,
        batch_norm in any::<bool>(),
        height in Just(height), width in Just(width), channels in Just(channels),
    ) -> ClassifierConfig {
        ClassifierConfig {
            height, width, channels,
            stem: StemConfig { channels: out, window: stem },
            blocks: blocks.into_iter().map(|(channels, window)| BlockConfig { channels, window }).collect(),
            classes, batch_norm,
            typical: Typical::default(),
        }
    }
}

prop_compose! {
    fn encoders()(
        heads in 1_usize..5,
        head in 1_usize..20,
        tokens_max in 1_usize..40,
        vocabulary in 1_usize..50,
        inner in 1_usize..70,
        layers in 0_usize..3,
        // A few scores may all be small by chance, and an error is measured against their size.
        labels in 8_usize..20,
        norm_first in any::<bool>(),
    ) -> EncoderConfig {
        EncoderConfig {
            vocabulary, tokens_max, heads, inner, layers, labels, norm_first,
            width: heads * (head + 1),
            epsilon: 1e-5,
        }
    }
}

/// BIO tags of so many kinds of slots, one of which has no tag to go on with.
fn tags(kinds: usize) -> Vec<String> {
    let of = |kind: usize| [format!("B-{kind}"), format!("I-{kind}")];
    let mut tags: Vec<String> = (0..kinds).flat_map(of).collect();
    tags.insert(0, "O".to_owned());
    tags.pop();
    tags
}

prop_compose! {
    /// Nets for utterances, whose layers have at least so many numbers.
    fn utterances(least: usize)(
        heads in 0_usize..4,
        head in least..least + 12,
        gram_rows in prop_oneof![Just(0), 2_usize..60],
        rows in 2_usize..90,
        per_word in 1_usize..14,
        words_max in 1_usize..24,
        embedding in least..least + 24,
        dilations in prop::collection::vec(1_usize..5, 0..3),
        // As for the labels of encoders.
        intents in 8_usize..20,
        kinds in 4_usize..12,
    ) -> UtteranceConfig {
        UtteranceConfig {
            splitting: Splitting::Blanks,
            hashing: Hashing { rows, per_word, prefix_max: 1, suffix_max: 2, piece_min: 3, piece_max: 4, cased: per_word % 2 == 0 },
            words_max, embedding, dilations, heads, gram_rows,
            width: heads.max(1) * head,
            intents: (0..intents).map(|intent| format!("intent {intent}")).collect(),
            out_of_scope: None,
            tags: tags(kinds),
            vector: 0,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_small_net_for_utterances_is_the_same_on_every_way(config in utterances(1), seed in 0_u64..1000) {
        drawn(&IntentConfig(config.clone()), seed, &[Precision::F32]);
        drawn(&SlotsConfig(config), seed, &[Precision::F32]);
    }

    #[test]
    fn every_net_for_utterances_is_the_same_in_every_precision(config in utterances(16), seed in 0_u64..1000) {
        drawn(&IntentConfig(config.clone()), seed, &ALL);
        drawn(&SlotsConfig(config), seed, &ALL);
    }

    #[test]
    fn a_net_for_utterances_does_without_its_other_head(config in utterances(16), seed in 0_u64..1000) {
        let (no_intents, no_tags) = (Vec::new(), Vec::new());
        drawn(&IntentConfig(UtteranceConfig { tags: no_tags, ..config.clone() }), seed, &[Precision::F32]);
        drawn(&SlotsConfig(UtteranceConfig { intents: no_intents, ..config }), seed, &[Precision::F32]);
    }

    #[test]
    fn every_classifier_is_the_same_on_every_way(config in classifiers(), seed in 0_u64..1000) {
        prop_assume!(config.validate().is_ok());
        drawn(&config, seed, &ALL);
    }

    #[test]
    fn every_encoder_is_the_same_on_every_way(config in encoders(), seed in 0_u64..1000) {
        drawn(&config, seed, &ALL);
    }

    #[test]
    fn every_autoencoder_is_the_same_on_every_way(
        widths in prop::collection::vec(1_usize..70, 1..5),
        rows_max in 1_usize..40,
        seed in 0_u64..1000,
    ) {
        let mut widths = widths;
        widths.push(widths[0]);
        // Through a layer of a few numbers, or of none above zero, rounding errors grow without bound.
        drawn(&AutoencoderConfig { widths, rows_max, typical: Typical::default() }, seed, &[Precision::F32]);
    }

    #[test]
    fn every_wide_autoencoder_is_the_same_in_every_precision(
        widths in prop::collection::vec(24_usize..90, 1..4),
        rows_max in 4_usize..40,
        seed in 0_u64..1000,
    ) {
        let mut widths = widths;
        widths.push(widths[0]);
        drawn(&AutoencoderConfig { widths, rows_max, typical: Typical::default() }, seed, &ALL);
    }
}
