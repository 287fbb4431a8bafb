//! Prints the spans that an utterance model finds in each row of a file of JSON Lines with `tokens`: its `id`, and for each
//! span the places of its first token and of the one behind its last, with its kind.
//!
//!     cargo build --release --workspace --examples
//!     target/release/examples/spans FOLDER-OF-THE-MODEL FILE

#![allow(clippy::print_stdout, reason = "an example prints what it finds")]

use std::error::Error;
use std::path::Path;

use burn::tensor::Device;
use motet_models::model::{Model, read_card};
use motet_models::utterance::SlotsConfig;
use motet_models::utterance::corpus::{Labels, Utterance};
use motet_models::utterance::score::{answer, spans};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("spans FOLDER-OF-THE-MODEL FILE".into());
    };
    let folder = Path::new(&folder);
    let card = read_card::<SlotsConfig>(&std::fs::read_to_string(folder.join("card.yaml"))?)?;
    let weights = folder.join(&card.weights.file);
    let labels = Labels::of(&card.model.net.0);
    let net = Model::load(card, &weights, &Device::flex())?.into_net().0;
    for line in std::fs::read_to_string(file)?.lines() {
        let row: Value = serde_json::from_str(line)?;
        let tokens = row["tokens"].as_array().into_iter().flatten();
        let utterance = Utterance {
            words: tokens.filter_map(Value::as_str).map(str::to_owned).collect(),
            intent: None,
            tags: None,
            untagged: Vec::new(),
            frames: None,
            taught: None,
        };
        let found = answer(&net, &labels, &[utterance])?;
        let found = found.iter().flat_map(|answer| spans(&labels, &answer.tags));
        let entities: Vec<Value> = found
            .map(|(kind, first, end)| json!([first, end, kind]))
            .collect();
        println!("{}", json!({"id": row["id"], "entities": entities}));
    }
    Ok(())
}
