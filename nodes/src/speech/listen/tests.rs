use std::sync::Arc;

use motet_core::diagnostic::Source;

use super::*;

const GRAMMAR: &str = "\
grammar: 1
intents:
  go: [\"go to the {place}\", \"bring {thing} to the {place}\"]
  stop: [stop]
slots:
  place: [hall, kitchen, garden]
  thing: [milk, coffee]
";

fn listener(others: usize) -> Listener {
    let (grammar, _) = Grammar::read(&Source::new("grammar.yaml", GRAMMAR)).unwrap();
    let listened = Listened::of(&grammar, &Lexicon::builtin()).unwrap();
    let ears = Ears {
        units_max: 200,
        pause_units: 10,
        others,
    };
    Listener::new(Arc::new(listened), ears)
}

/// Scores of a text, a unit for each phone and one for a blank behind it; a larger `sureness` leaves less to the others.
fn spoken(text: &str, sureness: f32) -> Vec<f32> {
    let phones = Lexicon::builtin().say(text).unwrap();
    let row = |label: usize| (0..OUTPUTS).map(move |at| if at == label { sureness } else { 0.0 });
    phones
        .iter()
        .flat_map(|phone| row(usize::from(*phone)).chain(row(BLANK)).collect::<Vec<f32>>())
        .collect()
}

fn silence(units: usize) -> Vec<f32> {
    (0..units * OUTPUTS)
        .map(|index| if index % OUTPUTS == BLANK { 9.0 } else { 0.0 })
        .collect()
}

/// Intent, values and words, for people.
fn said(listener: &Listener, heard: &Heard) -> String {
    let network = &listener.listened.network;
    let arcs = heard.words.iter().map(|word| &network.arcs[word.arc as usize]);
    let words: Vec<&str> = arcs
        .clone()
        .map(|arc| network.words[arc.word as usize].as_str())
        .collect();
    let mut values: Vec<String> = arcs
        .filter_map(|arc| arc.tag)
        .map(|tag| network.tags[tag as usize].value.clone())
        .collect();
    values.dedup();
    let intent = &listener.listened.intents[heard.intent as usize];
    format!("{intent} {values:?} {}", words.join(" "))
}

#[test]
fn a_command_is_read_with_its_values_and_their_times() {
    let mut listener = listener(0);
    let scores = [
        silence(30),
        spoken("bring coffee to the kitchen", 9.0),
        silence(30),
    ]
    .concat();
    let stretches = listener.stretches(&scores);
    assert_eq!(stretches.len(), 1);
    let readings = listener.read(&scores, stretches[0]);
    assert_eq!(readings.len(), 1);
    assert_eq!(
        said(&listener, &readings[0]),
        "go [\"coffee\", \"kitchen\"] bring coffee to the kitchen"
    );
    assert!(readings[0].confidence > 0.99, "{}", readings[0].confidence);
    // `bring` has four phones of two units; the words follow each other.
    let units: Vec<[u32; 2]> = readings[0].words.iter().map(|word| word.units).collect();
    assert_eq!(units[0], [30, 37]);
    assert!(units.windows(2).all(|pair| pair[0][1] <= pair[1][0]));
}

#[test]
fn what_the_grammar_does_not_say_has_little_confidence() {
    let mut listener = listener(0);
    let confidence = |listener: &mut Listener, text: &str| {
        let scores = spoken(text, 4.0);
        let count = scores.len() / OUTPUTS;
        listener
            .read(&scores, [0, count])
            .first()
            .map_or(0.0, |heard| heard.confidence)
    };
    let known = confidence(&mut listener, "go to the garden");
    let other = confidence(&mut listener, "play some music for me");
    assert!(known > 0.9 && other < 0.2, "{known} {other}");
    assert!(listener.read(&silence(2), [0, 2]).is_empty());
}

#[test]
fn a_long_recording_is_split_at_its_pauses_and_long_speech_is_cut() {
    let listener = listener(0);
    let go = spoken("go to the hall", 9.0);
    let stop = spoken("stop", 9.0);
    let units = |scores: &[f32]| scores.len() / OUTPUTS;
    let scores = [
        silence(40),
        go.clone(),
        silence(20),
        stop.clone(),
        silence(5),
        go.clone(),
        silence(40),
    ]
    .concat();
    let second = 40 + units(&go) + 20;
    let end = second + units(&stop) + 5 + units(&go);
    // Half a pause before and behind; a blank ends each spoken text.
    assert_eq!(
        listener.stretches(&scores),
        [[35, 40 + units(&go) - 1 + 5], [second - 5, end - 1 + 5]]
    );
    assert_eq!(listener.stretches(&silence(500)), [[0; 2]; 0]);
    let speech = vec![spoken("go to the hall", 9.0); 20].concat();
    let cut = listener.stretches(&speech);
    assert!(cut.len() > 1 && cut.iter().all(|[start, end]| end - start <= 200));
}

#[test]
fn other_readings_mean_something_else_and_come_in_their_order() {
    let mut listener = listener(4);
    let scores = spoken("bring milk to the hall", 3.0);
    let readings = listener.read(&scores, [0, scores.len() / OUTPUTS]);
    assert_eq!(readings.len(), 5);
    let said: Vec<String> = readings.iter().map(|reading| said(&listener, reading)).collect();
    assert_eq!(said[0], "go [\"milk\", \"hall\"] bring milk to the hall");
    let mut different = said.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 5, "{said:?}");
    // They come by their scores; confidences are for each phone, of which a longer reading has more.
    assert!(
        readings[1..]
            .iter()
            .all(|other| other.confidence < readings[0].confidence)
    );
    assert!(
        said.iter().any(|said| said.contains("coffee")) && said.iter().any(|said| said.contains("garden"))
    );
}

#[test]
fn a_value_that_was_not_said_has_little_confidence_though_its_sentence_has() {
    let mut listener = listener(0);
    let scores = [
        silence(30),
        spoken("bring coffee to the", 9.0),
        spoken("castle", 9.0),
        silence(30),
    ]
    .concat();
    let stretch = listener.stretches(&scores)[0];
    let heard = listener.read(&scores, stretch).remove(0);
    let [thing, place] = heard.values.as_slice() else {
        panic!("{heard:?}");
    };
    assert!(thing.confidence > 0.99 && place.confidence < 0.05, "{heard:?}");
    assert!(heard.confidence > 4.0 * place.confidence);
    assert_eq!(heard.weakest().to_bits(), place.confidence.to_bits());
    assert!(thing.units[1] <= place.units[0]);
    // Where there is no value, it is that of the command.
    let scores = [silence(30), spoken("stop", 3.0), silence(30)].concat();
    let stretch = listener.stretches(&scores)[0];
    let heard = listener.read(&scores, stretch).remove(0);
    assert!(heard.values.is_empty());
    assert_eq!(heard.weakest().to_bits(), heard.confidence.to_bits());
}
