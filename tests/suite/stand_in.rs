//! A model with the names of `snips@1` and random weights: what it answers means nothing, but it answers.

use std::path::Path;

use motet_models::card::{Card, Ports, SeedChoice, Weights, sha256};
use motet_models::decide::{Abstain, Decision, ScopeScore};
use motet_models::model::NetCard;
use motet_models::net::NetConfig;
use motet_models::text::{Hashing, Splitting};
use motet_models::utterance::{IntentConfig, UtteranceConfig};

const INTENTS: [&str; 7] = [
    "AddToPlaylist",
    "BookRestaurant",
    "GetWeather",
    "PlayMusic",
    "RateBook",
    "SearchCreativeWork",
    "SearchScreeningEvent",
];
const SLOTS: &str = "album artist best_rating city condition_description condition_temperature country cuisine \
                     current_location entity_name facility genre geographic_poi location_name movie_name movie_type \
                     music_item object_location_type object_name object_part_of_series_type object_select object_type \
                     party_size_description party_size_number playlist playlist_owner poi rating_unit rating_value \
                     restaurant_name restaurant_type served_dish service sort spatial_relation state timeRange track \
                     year";

/// The sizes of the net.
fn config() -> UtteranceConfig {
    let tags = SLOTS
        .split_whitespace()
        .flat_map(|slot| [format!("B-{slot}"), format!("I-{slot}")]);
    UtteranceConfig {
        splitting: Splitting::Blanks,
        hashing: Hashing {
            rows: 1 << 12,
            per_word: 24,
            prefix_max: 3,
            suffix_max: 3,
            piece_min: 3,
            piece_max: 4,
            cased: false,
        },
        words_max: 32,
        embedding: 48,
        width: 64,
        dilations: vec![1, 2, 4],
        heads: 4,
        gram_rows: 1 << 10,
        intents: INTENTS.map(str::to_owned).to_vec(),
        out_of_scope: None,
        tags: std::iter::once("O".to_owned()).chain(tags).collect(),
        vector: 0,
    }
}

/// Writes the model into a folder. It abstains where no sum of exponentials of its scores reaches `threshold`.
pub(crate) fn snips(folder: &Path, threshold: f32) {
    let net = config();
    let (mut header, mut data) = (Vec::new(), Vec::new());
    for spec in IntentConfig(net.clone()).tensors() {
        let first = data.len();
        let values = (0..spec.count()).map(|index| ((index * 37 + spec.name.len()) as f32).sin() / 4.0);
        data.extend(values.flat_map(f32::to_le_bytes));
        header.push(format!(
            r#""{}":{{"dtype":"F32","shape":{:?},"data_offsets":[{first},{}]}}"#,
            spec.name,
            spec.shape,
            data.len()
        ));
    }
    let header = format!("{{{}}}", header.join(","));
    let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat();
    let weights = Weights {
        file: "snips.safetensors".to_owned(),
        bytes: bytes.len() as u64,
        sha256: sha256(&bytes),
        parameters: data.len() / 4,
    };
    std::fs::write(folder.join(&weights.file), &bytes).unwrap();
    let card = Card {
        name: "snips".to_owned(),
        version: 1,
        about: "Random weights under the names of the trained model.".to_owned(),
        ports: Ports {
            input: String::new(),
            output: String::new(),
        },
        model: NetCard {
            net,
            labels: Vec::new(),
            ranges: std::collections::BTreeMap::new(),
            decision: Some(Decision {
                temperature: 1.0,
                abstain: Some(Abstain {
                    by: ScopeScore::Energy,
                    threshold,
                    false_rejection: 0.0,
                }),
                span_temperature: None,
            }),
        },
        precision: "f32".to_owned(),
        precisions: Vec::new(),
        weights,
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
    std::fs::write(folder.join("snips.card.yaml"), card.to_yaml().unwrap()).unwrap();
}
