//! The kinds that find their models by name, on small models written for each test.

use std::path::Path;

use burn::tensor::Device;
use motet_core::catalog::{BuildError, FaultPlace, NodeKind};
use motet_models::autoencoder::AutoencoderConfig;
use motet_models::card::{Card, Ports, PrecisionFigure, SeedChoice, Weights, sha256};
use motet_models::classifier::{ClassifierConfig, StemConfig, Window};
use motet_models::encoder::EncoderConfig;
use motet_models::model::NetCard;
use motet_models::net::{Net, NetConfig, Sample, Typical};
use motet_models::weights;
use tempfile::TempDir;

use super::*;
use crate::trial::{Trial, Value};

/// The value of a weight: something that is neither constant nor symmetric.
fn weight(index: usize) -> f32 {
    ((index * 37 % 101) as f32).sin() / 3.0
}

/// Writes card and weights of a model and returns its net in Burn.
pub(super) fn write<C: NetConfig>(folder: &Path, name: &str, (net, labels): (&C, &[&str])) -> C::Net {
    let specs = net.tensors();
    let (mut header, mut data) = (Vec::new(), Vec::new());
    let mut values = Vec::new();
    for spec in &specs {
        let tensor: Vec<f32> = (0..spec.count())
            .map(|index| weight(index + spec.name.len()))
            .collect();
        let first = data.len();
        data.extend(tensor.iter().flat_map(|value| value.to_le_bytes()));
        header.push(format!(
            r#""{}":{{"dtype":"F32","shape":{:?},"data_offsets":[{first},{}]}}"#,
            spec.alias,
            spec.shape,
            data.len()
        ));
        values.push((spec.name.clone(), tensor));
    }
    let header = format!("{{{}}}", header.join(","));
    let length = (header.len() as u64).to_le_bytes();
    let bytes = [&length, header.as_bytes(), &data].concat();
    let file = format!("{name}.safetensors");
    std::fs::write(folder.join(&file), &bytes).unwrap();
    let card = Card {
        name: name.to_owned(),
        version: 1,
        about: "A small net for tests.".to_owned(),
        ports: Ports {
            input: String::new(),
            output: String::new(),
        },
        model: NetCard {
            net: net.clone(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            ranges: std::collections::BTreeMap::new(),
            decision: None,
        },
        precision: "f32".to_owned(),
        precisions: vec![PrecisionFigure {
            precision: "bf16".to_owned(),
            relative_rms: 0.001,
            agreement: Some(0.995),
            ..PrecisionFigure::reference("1000 inputs")
        }],
        weights: Weights {
            sha256: sha256(&bytes),
            bytes: bytes.len() as u64,
            parameters: data.len() / 4,
            file,
        },
        seed: SeedChoice {
            trained: Vec::new(),
            chosen: 1,
            criterion: String::new(),
        },
        data: Vec::new(),
        metrics: Vec::new(),
        intended_use: String::new(),
        must_not_be_used_for: Vec::new(),
        recipe: None,
    };
    std::fs::write(folder.join(format!("{name}.card.yaml")), card.to_yaml().unwrap()).unwrap();
    net.build(weights::Weights::from_values(values), &Device::flex())
        .unwrap()
}

pub(super) fn sources(folder: &TempDir) -> ModelSources {
    let folders = ModelFolders {
        cards: vec![folder.path().to_owned()],
        weights: vec![folder.path().to_owned()],
        files: None,
    };
    ModelSources {
        folders,
        builtin: &[],
        ..ModelSources::default()
    }
}

pub(super) fn classifier() -> ClassifierConfig {
    ClassifierConfig {
        height: 9,
        width: 4,
        channels: 1,
        stem: StemConfig {
            channels: 6,
            window: Window {
                kernel: [3, 2],
                stride: [2, 1],
                padding: [0, 1, 0, 0],
            },
        },
        blocks: Vec::new(),
        classes: 3,
        batch_norm: false,
        typical: Typical::default(),
    }
}

pub(super) fn encoder() -> EncoderConfig {
    EncoderConfig {
        vocabulary: 20,
        tokens_max: 8,
        width: 12,
        heads: 2,
        inner: 16,
        layers: 1,
        labels: 3,
        epsilon: 1e-5,
        norm_first: false,
    }
}

pub(super) fn autoencoder() -> AutoencoderConfig {
    AutoencoderConfig {
        widths: vec![6, 3, 6],
        rows_max: 5,
        typical: Typical::default(),
    }
}

fn near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
    }
}

#[test]
fn a_classifier_gives_the_probabilities_of_its_net_and_names_the_likeliest_class() {
    let folder = tempfile::tempdir().unwrap();
    let net = write(folder.path(), "letters", (&classifier(), &["a", "b", "c"]));
    let kind = Classifier::new(sources(&folder));
    let trial = Trial::of(&kind)
        .text("model", "letters@1")
        .input("features", "f32[F<=9, 4] rate=50Hz");
    assert_eq!(
        trial.types(),
        ["class: record{label: utf8[T<=32], score: f32 range=0..1, class: i32, scores: f32[3] range=0..1}"]
    );
    let mut running = trial.build();
    for rows in [3_u32, 7, 9] {
        let image: Vec<f32> = (0..rows as usize * 4)
            .map(|index| 3.0 * weight(index * 5))
            .collect();
        let expected = net.reference(&Sample::Numbers(image.clone())).unwrap();
        let outputs = running.fire(&[Some(Value::F32(vec![rows, 4], image))]).unwrap();
        let found = outputs[0].as_ref().unwrap();
        near(found.tensor(3).unwrap(), &expected);
        let best = (0..3)
            .max_by(|a, b| expected[*a].total_cmp(&expected[*b]))
            .unwrap();
        assert_eq!(found.text(0).unwrap(), ["a", "b", "c"][best]);
        near(found.tensor(1).unwrap(), &[expected[best]]);
        assert_eq!(found.tensor::<i32>(2).unwrap(), [i32::try_from(best).unwrap()]);
    }
    let short = running.fire(&[Some(Value::F32(vec![2, 4], vec![0.0; 8]))]);
    assert_eq!(
        short.err().unwrap().to_string(),
        "2 rows are fewer than the convolutions of `letters@1` need"
    );
}

#[test]
fn a_tagger_gives_the_scores_of_its_net_and_what_most_tokens_have() {
    let folder = tempfile::tempdir().unwrap();
    let net = write(folder.path(), "words", (&encoder(), &["x", "y", "z"]));
    let kind = Tagger::new(sources(&folder));
    let trial = Trial::of(&kind)
        .text("model", "words@1")
        .input("ids", "i32[T<=8]");
    let mut running = trial.build();
    for tokens in 1..=8 {
        let ids: Vec<i32> = (0..tokens).map(|token| token * 7 % 20).collect();
        let expected = net.reference(&Sample::Ids(ids.clone())).unwrap();
        let value = Value::I32s(ids);
        let outputs = running.fire(&[Some(value)]).unwrap();
        let found = outputs[0].as_ref().unwrap();
        near(found.tensor(4).unwrap(), &expected);
        // The same once more, the long way.
        let best = |row: &[f32]| (0..3).rev().max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap();
        let labels: Vec<usize> = expected.chunks(3).map(best).collect();
        let count = |label: usize| labels.iter().filter(|other| **other == label).count();
        let most = (0..3).rev().max_by_key(|label| count(*label)).unwrap();
        assert_eq!(found.text(0).unwrap(), ["x", "y", "z"][most]);
        let share = |row: &[f32]| {
            let sum: f32 = row.iter().map(|score| score.exp()).sum();
            row[best(row)].exp() / sum
        };
        let confidence = expected.chunks(3).map(share).sum::<f32>() / labels.len() as f32;
        near(found.tensor(2).unwrap(), &[confidence]);
        let found: Vec<usize> = found
            .tensor::<i32>(3)
            .unwrap()
            .iter()
            .map(|label| usize::try_from(*label).unwrap())
            .collect();
        assert_eq!(found, labels);
    }
    let unknown = running.fire(&[Some(Value::I32s(vec![1, 20]))]).err().unwrap();
    assert!(unknown.to_string().contains("id 20"), "{unknown}");
    assert!(running.fire(&[Some(Value::I32s(vec![1, 19]))]).is_ok());
}

#[test]
fn an_autoencoder_gives_what_its_net_restores_and_the_error_of_that() {
    let folder = tempfile::tempdir().unwrap();
    let net = write(folder.path(), "rows", (&autoencoder(), &[]));
    let kind = Autoencoder::new(sources(&folder));
    let trial = Trial::of(&kind)
        .text("model", "rows@1")
        .input("features", "f32[R<=5, 6]");
    let mut running = trial.build();
    for rows in [1_u32, 4, 5] {
        let features: Vec<f32> = (0..rows as usize * 6).map(|index| weight(index * 3)).collect();
        let expected = net.reference(&Sample::Numbers(features.clone())).unwrap();
        let squares = features.iter().zip(&expected).map(|(a, b)| (a - b).powi(2));
        let error = squares.sum::<f32>() / features.len() as f32;
        let outputs = running
            .fire(&[Some(Value::F32(vec![rows, 6], features))])
            .unwrap();
        let found = outputs[0].as_ref().unwrap();
        near(found.tensor(2).unwrap(), &expected);
        near(found.tensor(0).unwrap(), &[error]);
        near(found.tensor(1).unwrap(), &[(-error).exp()]);
    }
}

#[test]
fn nodes_of_one_model_and_precision_share_one_copy_of_the_weights() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "rows", (&autoencoder(), &[]));
    let kind = Autoencoder::new(sources(&folder));
    let trial = Trial::of(&kind)
        .text("model", "rows@1")
        .input("features", "f32[R<=5, 6]");
    drop(trial.build());
    // The file is not read again: a second node does without it.
    std::fs::remove_file(folder.path().join("rows.safetensors")).unwrap();
    drop(trial.build());
}

#[test]
fn the_card_says_in_which_precisions_a_model_may_compute() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "rows", (&autoencoder(), &[]));
    let kind = Autoencoder::new(sources(&folder));
    let params = Trial::of(&kind).text("model", "rows@1").params();
    let offers = kind.precisions(&params);
    let told: Vec<(&str, &str)> = offers
        .iter()
        .map(|offer| (offer.precision.name(), offer.why.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("f32", "the reference"),
            (
                "bf16",
                "off by 0.10 % (relative RMS), the same answer in 99.5 % of 1000 inputs"
            )
        ]
    );
}

#[test]
fn a_model_that_is_not_there_is_refused_with_the_nearest_name() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "rows", (&autoencoder(), &[]));
    let kind = Autoencoder::new(sources(&folder));
    let check = |name: &str, message: &str, help: &str| {
        let trial = Trial::of(&kind).text("model", name);
        let fault = &trial.input("features", "f32[R<=5, 6]").faults()[0];
        assert_eq!(fault.place, FaultPlace::Param("model".to_owned(), None));
        assert_eq!(
            (fault.message.as_str(), fault.help.as_deref()),
            (message, Some(help))
        );
    };
    check("row@1", "there is no model `row@1`", "did you mean `rows@1`?");
    check("bearing@1", "there is no model `bearing@1`", "known here: rows@1");
    check(
        "rows@2",
        "`rows.card.yaml` is the card of `rows@1`, not of `rows@2`",
        "write `model: rows@1`",
    );
    for name in ["rows", "../rows@1", "rows@one", "@1", "a/b@1"] {
        let message = format!("`{name}` is no name of a model");
        check(name, &message, "write name and version, as in `kws@1`");
    }
    let nowhere = Autoencoder::new(ModelSources {
        builtin: &[],
        ..ModelSources::default()
    });
    let trial = Trial::of(&nowhere).text("model", "rows@1");
    let fault = &trial.input("features", "f32[R<=5, 6]").faults()[0];
    assert_eq!(
        fault.help.as_deref(),
        Some(
            "put its folder, NAME/card.yaml, or its card, NAME.card.yaml, into `models/` beside the pipeline"
        )
    );
}

#[test]
fn a_model_in_a_folder_of_its_own_goes_with_the_weights_beside_its_card() {
    let folder = tempfile::tempdir().unwrap();
    let net = write(folder.path(), "rows", (&autoencoder(), &[]));
    let own = folder.path().join("rows");
    std::fs::create_dir(&own).unwrap();
    std::fs::rename(folder.path().join("rows.card.yaml"), own.join("card.yaml")).unwrap();
    std::fs::rename(
        folder.path().join("rows.safetensors"),
        own.join("rows.safetensors"),
    )
    .unwrap();
    // Weights of another model, with the same name of the file.
    std::fs::write(folder.path().join("rows.safetensors"), b"others").unwrap();
    let kind = Autoencoder::new(sources(&folder));
    let trial = Trial::of(&kind)
        .text("model", "rows@1")
        .input("features", "f32[R<=5, 6]");
    let row = vec![0.5; 6];
    let expected = net.reference(&Sample::Numbers(row.clone())).unwrap();
    let outputs = trial.run(&[Some(Value::F32(vec![1, 6], row))]).unwrap();
    near(outputs[0].as_ref().unwrap().tensor(2).unwrap(), &expected);
    let faults = Trial::of(&kind)
        .text("model", "row@1")
        .input("features", "f32[R<=5, 6]")
        .faults();
    assert_eq!(faults[0].help.as_deref(), Some("did you mean `rows@1`?"));
}

#[test]
fn values_that_the_model_does_not_read_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "rows", (&autoencoder(), &[]));
    let kind = Autoencoder::new(sources(&folder));
    for port in [
        "f32[R<=6, 6]",
        "f32[R<=5, 5]",
        "f32[5, C<=6]",
        "i32[R<=5, 6]",
        "f32[6]",
        "record{a: f32}",
    ] {
        let fault = &Trial::of(&kind)
            .text("model", "rows@1")
            .input("features", port)
            .faults()[0];
        assert_eq!(fault.place, FaultPlace::Input("features".to_owned()));
        let expected = format!("`{port}` arrives here, but model `rows@1` reads `f32[R<=5, 6]`");
        assert_eq!(fault.message, expected);
    }
}

/// Why the model `rows@1` is refused after `harm` has been done to its folder: when a pipeline is checked, or else when
/// its node is built.
fn harmed(harm: impl FnOnce(&Path)) -> String {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "rows", (&autoencoder(), &[]));
    harm(folder.path());
    let kind = Autoencoder::new(sources(&folder));
    let trial = rows_trial(&kind);
    let signature = match trial.signature() {
        Ok(signature) => signature,
        Err(faults) => {
            assert_eq!(faults[0].place, FaultPlace::Param("model".to_owned(), None));
            return faults[0].message.clone();
        }
    };
    match kind.build(
        &trial.params(),
        &signature,
        &motet_core::placement::Placement::CPU,
    ) {
        Err(BuildError::Model { model, reason }) => {
            assert_eq!(model, "rows@1");
            reason
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("the node was built"),
    }
}

fn rows_trial(kind: &dyn NodeKind) -> Trial<'_> {
    Trial::of(kind)
        .text("model", "rows@1")
        .input("features", "f32[R<=5, 6]")
}

/// Changes one bit of the last weight.
fn flip(folder: &Path) {
    let file = folder.join("rows.safetensors");
    let mut bytes = std::fs::read(&file).unwrap();
    let last = bytes.len() - 4;
    bytes[last] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn weights_that_are_missing_are_refused_when_the_node_is_built() {
    let missing = harmed(|folder| std::fs::remove_file(folder.join("rows.safetensors")).unwrap());
    assert_eq!(
        missing,
        "its weights `rows.safetensors` are in none of the folders given; name theirs with `--models FOLDER`"
    );
}

#[test]
fn weights_that_are_harmed_are_refused_when_the_pipeline_is_checked() {
    let weights = "rows.safetensors";
    let cut = harmed(|folder| {
        let bytes = std::fs::read(folder.join(weights)).unwrap();
        std::fs::write(folder.join(weights), &bytes[..bytes.len() - 1]).unwrap();
    });
    assert!(
        cut.starts_with("`rows.safetensors`: the weights are cut off"),
        "{cut}"
    );
    let changed = harmed(flip);
    assert!(changed.contains("the weights have the checksum"), "{changed}");
    let elsewhere = harmed(|folder| {
        let card = folder.join("rows.card.yaml");
        let text = std::fs::read_to_string(&card).unwrap();
        std::fs::write(&card, text.replace(weights, "../rows.safetensors")).unwrap();
    });
    assert!(
        elsewhere.starts_with("the card names weights outside"),
        "{elsewhere}"
    );
}

#[test]
fn an_old_model_keeps_serving_when_its_files_are_harmed() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "rows", (&autoencoder(), &[]));
    let loaded = Loaded::default();
    let sources = || ModelSources {
        loaded: loaded.clone(),
        ..sources(&folder)
    };
    let rows = || Some(Value::F32(vec![2, 6], (0..12_u8).map(f32::from).collect()));
    let old = Autoencoder::new(sources());
    let mut serving = rows_trial(&old).build();
    let read = |outputs: &[Option<motet_core::arena::ReadLease>]| {
        outputs[0].as_ref().unwrap().tensor::<f32>(2).unwrap().to_vec()
    };
    let expected = read(&serving.fire(&[rows()]).unwrap());
    let card = folder.path().join("rows.card.yaml");
    let text = std::fs::read_to_string(&card).unwrap();
    std::fs::write(&card, text.replace("rows_max: 5", "rows_max: 50000000")).unwrap();
    let greedy = Autoencoder::new(sources());
    let refused = &rows_trial(&greedy).faults()[0].message;
    assert!(refused.contains("must be from 1 to 1048576"), "{refused}");
    std::fs::write(&card, text).unwrap();
    std::fs::remove_file(folder.path().join("rows.safetensors")).unwrap();
    std::fs::write(folder.path().join("rows.safetensors"), b"not weights").unwrap();
    // Whoever has the model goes on with it, also in new nodes; whoever asks for it anew under other files is refused.
    assert_eq!(read(&serving.fire(&[rows()]).unwrap()), expected);
    assert_eq!(read(&rows_trial(&old).build().fire(&[rows()]).unwrap()), expected);
    let separate = Autoencoder::new(ModelSources {
        loaded: Loaded::default(),
        ..sources()
    });
    assert!(
        rows_trial(&separate).faults()[0]
            .message
            .contains("rows.safetensors")
    );
}

#[test]
fn kinds_that_share_what_is_loaded_share_models_and_others_do_not() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "rows", (&autoencoder(), &[]));
    let loaded = Loaded::default();
    let kind = |loaded: &Loaded| {
        Autoencoder::new(ModelSources {
            loaded: loaded.clone(),
            ..sources(&folder)
        })
    };
    let (first, second, other) = (kind(&loaded), kind(&loaded), kind(&Loaded::default()));
    let running = [&first, &second, &other].map(|kind| rows_trial(kind).build());
    assert_eq!(loaded.count(), 1);
    drop((running, first, second));
    assert_eq!(loaded.count(), 0, "what nobody uses is dropped");
    drop(other);
}
