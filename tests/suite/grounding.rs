//! What the words of orders name in a map that comes with them.

use std::fmt::Write;
use std::fs;

use motet_core::diagnostic::Source;
use motet_nodes::control::plan::World;
use serde_json::Value as Json;

use crate::shared::shared;

/// A world with all that the map of a row has.
fn world(row: &Json) -> World {
    let mut text = String::from("world: 1\nrobot: {at: nowhere}\nplaces: {nowhere: {}}\nthings:\n");
    for entity in row["map"].as_array().unwrap() {
        let names = entity["names"].as_array().unwrap().iter();
        let names: Vec<String> = names
            .filter_map(Json::as_str)
            .map(|name| format!("\"{}\"", name.replace('_', " ")))
            .collect();
        let atom = entity["atom"].as_str().unwrap();
        writeln!(text, "  {atom}: {{names: [{}]}}", names.join(", ")).unwrap();
    }
    World::read(&Source::new("map.yaml", text)).unwrap()
}

#[test]
fn arguments_of_people_name_what_is_on_the_map() {
    let test = "arguments_of_people_name_what_is_on_the_map";
    let Some(folder) = shared(test, "data/huric") else {
        return;
    };
    let text = fs::read_to_string(folder.join("valid.jsonl")).unwrap();
    let rows = text
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap());
    let (mut right, mut all, mut wrong) = (0, 0, Vec::new());
    for row in rows.filter(|row| row["lang"] == "en") {
        let world = world(&row);
        let tokens: Vec<&str> = row["tokens"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Json::as_str)
            .collect();
        let index = |value: &Json| usize::try_from(value.as_u64().unwrap()).unwrap();
        let frames = row["frames"].as_array().unwrap().iter();
        for argument in frames.flat_map(|frame| frame["args"].as_array().unwrap()) {
            let grounding = row["groundings"].as_array().unwrap().iter();
            let mut grounding = grounding.filter(|grounding| grounding["token"] == argument["head"]);
            let Some(atom) = grounding.next().and_then(|grounding| grounding["atom"].as_str()) else {
                continue;
            };
            // Some words are grounded to what their map does not have.
            if !world.entities.iter().any(|entity| entity.name == atom) {
                continue;
            }
            let said = tokens[index(&argument["start"])..=index(&argument["end"])].join(" ");
            let found = world.named(&said).map(|entity| entity.name.as_str());
            all += 1;
            right += usize::from(found == Some(atom));
            if found != Some(atom) {
                wrong.push(format!("`{said}`: {found:?}, not {atom}"));
            }
        }
    }
    println!("{right} of {all} arguments name what the map says they do; wrong: {wrong:#?}");
    assert!(
        all > 80 && right * 100 >= all * 85,
        "{right} of {all}: {wrong:#?}"
    );
}
