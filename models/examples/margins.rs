//! Prints what a linear model says of each row of a file of JSON Lines: its `id`, the likeliest class, and the margin of
//! each class.
//!
//!     cargo build --release --workspace --examples
//!     target/release/examples/margins FOLDER-OF-THE-MODEL FILE [FIELD]

#![allow(clippy::print_stdout, reason = "an example prints what it finds")]

use std::error::Error;
use std::path::Path;

use motet_models::linear::{LinearModel, Scratch};
use serde_json::{Map, Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("margins FOLDER-OF-THE-MODEL FILE [FIELD]".into());
    };
    let field = arguments.next().unwrap_or_else(|| "text".to_owned());
    let (model, card) = LinearModel::open(Path::new(&folder))?;
    let labels = &card.model.labels;
    let mut scratch = Scratch::new(model.terms());
    let mut margins = vec![0.0; labels.len()];
    for line in std::fs::read_to_string(file)?.lines() {
        let row: Value = serde_json::from_str(line)?;
        let text = row[&field].as_str().unwrap_or_default();
        model.margins(text, &mut scratch, &mut margins);
        let best =
            (0..labels.len()).reduce(|best, next| if margins[next] > margins[best] { next } else { best });
        let named = labels
            .iter()
            .cloned()
            .zip(margins.iter().map(|margin| json!(margin)));
        let named: Map<String, Value> = named.collect();
        println!(
            "{}",
            json!({"id": row["id"], "label": best.map(|best| &labels[best]), "margins": named})
        );
    }
    Ok(())
}
