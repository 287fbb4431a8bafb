//! `motet models`: cards, and whether weights are those of their cards.

use std::path::{Path, PathBuf};

use motet_models::card::{CARD_BYTES_MAX, CARD_FILE, Card};
use serde_json::{Value, json};

use crate::arguments::ModelsCommand;
use crate::failure::Failure;
use crate::output::Output;

pub(super) fn run(command: &ModelsCommand, output: &mut Output) -> Result<(), Failure> {
    match command {
        ModelsCommand::List(arguments) => list(&arguments.folder, output),
        ModelsCommand::Show { model } => show(model, output),
        ModelsCommand::Verify(arguments) => verify(&arguments.folder, output),
    }
}

/// What is wrong with a model, or that nothing is.
enum State {
    Sound,
    Absent,
    Refused(String),
}

struct Found {
    path: PathBuf,
    card: Result<Card<Value>, String>,
}

fn list(folder: &Path, output: &mut Output) -> Result<(), Failure> {
    let found = find(folder)?;
    if output.is_json() {
        return output.json(&found.iter().map(summary).collect::<Vec<Value>>());
    }
    for model in &found {
        output.line(&match &model.card {
            Ok(card) => format!(
                "{}@{}  {}  {}",
                card.name,
                card.version,
                model.path.display(),
                card.about
            ),
            Err(reason) => format!("{}: {reason}", model.path.display()),
        })?;
    }
    Ok(())
}

fn show(model: &Path, output: &mut Output) -> Result<(), Failure> {
    let path = if model.is_dir() {
        model.join(CARD_FILE)
    } else {
        model.to_path_buf()
    };
    let text = motet::load::read_text(&path, CARD_BYTES_MAX)?;
    let card: Result<Card<Value>, _> = Card::parse(&text);
    match card {
        Ok(card) if output.is_json() => output.json(&card),
        Ok(_) => output.text(&text),
        Err(error) => Err(refused(format!(
            "`{}`: {}",
            path.display(),
            super::eval::chain(&error)
        ))),
    }
}

fn verify(folder: &Path, output: &mut Output) -> Result<(), Failure> {
    let found = find(folder)?;
    let mut is_sound = true;
    let mut lines = Vec::new();
    for model in &found {
        let state = state(model);
        let name = model
            .card
            .as_ref()
            .map_or("?".to_owned(), |card| format!("{}@{}", card.name, card.version));
        let (word, reason) = match state {
            State::Sound => ("sound", String::new()),
            State::Absent => ("no weights here", String::new()),
            State::Refused(reason) => {
                is_sound = false;
                ("MT0506", reason)
            }
        };
        lines.push(json!({"model": name, "card": model.path, "state": word, "reason": reason}));
        if !output.is_json() {
            let reason = if reason.is_empty() {
                reason
            } else {
                format!(": {reason}")
            };
            output.line(&format!("{name}  {}  {word}{reason}", model.path.display()))?;
        }
    }
    if output.is_json() {
        output.json(&lines)?;
    }
    if is_sound { Ok(()) } else { Err(Failure::No) }
}

fn state(model: &Found) -> State {
    let card = match &model.card {
        Ok(card) => card,
        Err(reason) => return State::Refused(reason.clone()),
    };
    let file = Path::new(&card.weights.file);
    if file.components().count() != 1 || file.file_name().is_none() {
        return State::Refused("the weights must lie beside the card".to_owned());
    }
    let path = model.path.with_file_name(file);
    match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => State::Absent,
        Err(error) => State::Refused(format!("cannot read `{}`: {error}", path.display())),
        Ok(bytes) => match card.verify(&bytes) {
            Ok(()) => State::Sound,
            Err(error) => State::Refused(error.to_string()),
        },
    }
}

/// The cards in a folder and in the folders right below it, by path.
fn find(folder: &Path) -> Result<Vec<Found>, Failure> {
    let failed = |error: std::io::Error| Failure::Bad {
        code: Some("MT0413"),
        message: format!("`{}` cannot be read: {error}", folder.display()),
        help: Some("name a folder with models".to_owned()),
    };
    let mut paths = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    for folder in folders {
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_file() && (name == CARD_FILE || name.ends_with(".card.yaml")) {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let read = |path: PathBuf| Found {
        card: motet::load::read_text(&path, CARD_BYTES_MAX)
            .map_err(|error| error.to_string())
            .and_then(|text| Card::parse(&text).map_err(|error| super::eval::chain(&error))),
        path,
    };
    Ok(paths.into_iter().map(read).collect())
}

fn summary(model: &Found) -> Value {
    match &model.card {
        Ok(card) => json!({
            "name": card.name, "version": card.version, "card": model.path, "about": card.about,
            "parameters": card.weights.parameters, "bytes": card.weights.bytes,
        }),
        Err(reason) => json!({"card": model.path, "error": reason}),
    }
}

fn refused(message: String) -> Failure {
    Failure::Bad {
        code: Some("MT0506"),
        message,
        help: Some("a card is written by `motet train`; docs/models.md says what is in it".to_owned()),
    }
}
