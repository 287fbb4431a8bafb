//! The pipeline `robot-voice`: spoken orders by two grammars, on machine voices and on people.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use motet::{ExecutorChoice, Pipeline, Value};
use serde_json::Value as Json;

use crate::shared::shared;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../pipelines")
        .join(name)
}

fn pipeline(name: &str, executor: ExecutorChoice) -> Pipeline {
    Pipeline::builder()
        .workers(2)
        .executor(executor)
        .open(folder(name))
        .unwrap()
}

/// The command in each recording; none where nobody speaks.
fn commands(name: &str, executor: ExecutorChoice, clips: &[PathBuf]) -> Vec<Option<Value>> {
    let mut runner = pipeline(name, executor).runner().unwrap();
    let mut hear = |clip: &PathBuf| {
        let request = runner.request([("mic", clip.to_string_lossy())]).unwrap();
        runner.run(&request).unwrap().value("command")
    };
    clips.iter().map(&mut hear).collect()
}

fn field(command: &Value, name: &str) -> String {
    match command.field(name) {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::U8 { data, .. }) => data[0].to_string(),
        Some(other) => panic!("{name} is {other:?}"),
        None => panic!("no field {name}"),
    }
}

fn inputs(names: &[&str]) -> Vec<PathBuf> {
    names
        .iter()
        .map(|name| folder("robot-voice").join("inputs").join(name))
        .collect()
}

#[test]
fn the_samples_are_answered_as_the_pipelines_say() {
    for name in ["robot-voice", "car-voice", "house-robot"] {
        let pipeline = pipeline(name, ExecutorChoice::Parallel);
        let mut runner = pipeline.runner().unwrap();
        for test in 0..pipeline.spec().tests.len() {
            let result = pipeline.test(&mut runner, test);
            assert!(result.passed, "{result:?}");
        }
    }
}

#[test]
fn the_grammar_and_the_pipeline_of_the_page_hold() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/voice.md")).unwrap();
    let blocks: Vec<&str> = page
        .split("```yaml\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap())
        .collect();
    let lamp = tempfile::tempdir().unwrap();
    fs::write(lamp.path().join("lamp.yaml"), blocks[0]).unwrap();
    fs::write(lamp.path().join("pipeline.yaml"), blocks[1]).unwrap();
    let pipeline = Pipeline::open(lamp.path()).unwrap();
    assert!(pipeline.warnings().is_empty());
    // What the grammar does not say is heard, and not accepted.
    let mut runner = pipeline.runner().unwrap();
    let clip = inputs(&["latte.flac"]).swap_remove(0);
    let request = runner.request([("mic", clip.to_string_lossy())]).unwrap();
    let command = runner.run(&request).unwrap().value("command").unwrap();
    assert_eq!(field(&command, "accepted"), "0");
    assert!(["switch", "dim"].contains(&field(&command, "intent").as_str()));
}

#[test]
fn what_another_grammar_says_is_turned_away_and_silence_is_nothing() {
    let found = commands(
        "car-voice",
        ExecutorChoice::Sequential,
        &inputs(&["latte.flac", "espresso.flac", "silence.wav"]),
    );
    let accepted: Vec<Option<String>> = found
        .iter()
        .map(|command| command.as_ref().map(|command| field(command, "accepted")))
        .collect();
    assert_eq!(accepted, [Some("0".to_owned()), Some("0".to_owned()), None]);
}

/// A WAV file of 16 bits.
fn wav(channels: u16, rate_hz: u32, samples: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = samples
        .iter()
        .flat_map(|sample| {
            #[allow(clippy::cast_possible_truncation, reason = "the cast of a float saturates")]
            let sample = (sample * 32_768.0) as i16;
            sample.to_le_bytes()
        })
        .collect();
    let mut wav = Vec::new();
    let bytes = u32::try_from(data.len()).unwrap();
    let block = channels * 2;
    wav.extend_from_slice(b"RIFF");
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(channels.to_le_bytes());
    wav.extend(rate_hz.to_le_bytes());
    wav.extend((rate_hz * u32::from(block)).to_le_bytes());
    wav.extend(block.to_le_bytes());
    wav.extend(16_u16.to_le_bytes());
    wav.extend_from_slice(b"data");
    wav.extend(bytes.to_le_bytes());
    wav.extend(data);
    wav
}

/// A chord that swells and fades, at this rate.
fn music(seconds: usize, rate_hz: u32) -> Vec<f32> {
    let notes = [220.0, 277.2, 329.6, 440.0, 554.4];
    let rate = rate_hz as f32;
    (0..seconds * rate_hz as usize)
        .map(|index| {
            let time = index as f32 / rate;
            let swell = 0.5 + 0.5 * (time * 3.0).sin();
            let sum: f32 = notes
                .iter()
                .map(|note| (time * note * std::f32::consts::TAU).sin())
                .sum();
            0.15 * swell * sum
        })
        .collect()
}

#[test]
fn sound_that_is_no_order_is_no_order() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: Vec<u8>| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let mut random = 1_u32;
    let mut noise = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let loud: Vec<f32> = (0..80_000).map(|_| noise().signum()).collect();
    let mut clips = inputs(&["german.flac", "french.flac"]);
    clips.extend([
        write("music.wav", wav(1, 16_000, &music(8, 16_000))),
        write("music-48k.wav", wav(1, 48_000, &music(4, 48_000))),
        write("clipped-noise.wav", wav(1, 16_000, &loud)),
        write("click.wav", wav(1, 16_000, &[0.0, 1.0, -1.0, 0.0])),
    ]);
    for (clip, command) in clips
        .iter()
        .zip(commands("robot-voice", ExecutorChoice::Sequential, &clips))
    {
        let accepted = command.map(|command| field(&command, "accepted"));
        assert_ne!(accepted.as_deref(), Some("1"), "{clip:?}");
    }
}

#[test]
fn sound_that_cannot_be_taken_is_refused_by_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = pipeline("robot-voice", ExecutorChoice::Sequential);
    let runner = pipeline.runner().unwrap();
    let refused = |name: &str, bytes: Vec<u8>| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let request = runner.request([("mic", path.to_string_lossy())]);
        request.err().map_or_else(String::new, |error| error.to_string())
    };
    // Ten minutes, where the pipeline takes one; nothing of it is cut in silence.
    let long = refused("ten-minutes.wav", wav(1, 8_000, &vec![0.01; 600 * 8_000]));
    assert!(
        long.contains("lasts 600.00 s, the input takes at most 60.00 s"),
        "{long}"
    );
    let empty = refused("empty.wav", wav(1, 16_000, &[]));
    assert!(empty.contains("no samples"), "{empty}");
    let text = refused("text.wav", b"this is no sound".to_vec());
    assert!(text.contains("text.wav"), "{text}");
}

#[test]
fn an_order_in_stereo_is_the_same_and_a_clipped_one_no_other() {
    let clip = inputs(&["espresso.flac"]).swap_remove(0);
    let sound = motet_models::audio::clip::Clip::read(&clip).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let clipped: Vec<f32> = sound
        .samples
        .iter()
        .map(|sample| (20.0 * sample).clamp(-0.99, 0.99))
        .collect();
    // Two channels become one.
    let both: Vec<f32> = sound.samples.iter().flat_map(|sample| [*sample; 2]).collect();
    let stereo = folder.path().join("stereo.wav");
    fs::write(&stereo, wav(2, sound.rate_hz, &both)).unwrap();
    let found = commands("robot-voice", ExecutorChoice::Sequential, &[stereo]).swap_remove(0);
    assert_eq!(field(&found.unwrap(), "coffee_drink"), "espresso");
    let path = folder.path().join("clipped.wav");
    fs::write(&path, wav(1, sound.rate_hz, &clipped)).unwrap();
    let found = commands("robot-voice", ExecutorChoice::Sequential, &[path]).swap_remove(0);
    let Some(command) = found.filter(|command| field(command, "accepted") == "1") else {
        return;
    };
    assert_eq!(field(&command, "coffee_drink"), "espresso");
    assert_eq!(field(&command, "size"), "small");
}

#[test]
fn every_executor_hears_the_same() {
    let clips = inputs(&["two-orders.flac", "other-speech.flac", "silence.wav"]);
    let sequential = commands("robot-voice", ExecutorChoice::Sequential, &clips);
    for executor in [ExecutorChoice::Parallel, ExecutorChoice::Simulated(3)] {
        assert_eq!(commands("robot-voice", executor, &clips), sequential);
    }
}

#[test]
fn people_who_were_never_trained_on_are_understood() {
    let Some(folder) = shared("people_who_were_never_trained_on_are_understood", "data/barista") else {
        return;
    };
    let text = fs::read_to_string(folder.join("valid.jsonl")).unwrap();
    let rows: Vec<Json> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let clips: Vec<PathBuf> = rows
        .iter()
        .map(|row| folder.join(row["file"].as_str().unwrap()))
        .collect();
    let found = commands("robot-voice", ExecutorChoice::Sequential, &clips);
    let slots = [
        "size",
        "roast",
        "number_of_shots",
        "coffee_drink",
        "milk_amount",
        "sugar_amount",
    ];
    let right = rows.iter().zip(&found).filter(|(row, command)| {
        let Some(command) = command else { return false };
        let said = slots.map(|slot| (slot, field(command, slot)));
        let said: BTreeMap<String, String> = said
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(slot, value)| (slot.replace('_', ""), value))
            .collect();
        let expected = row["slots"].as_object().unwrap().iter();
        let expected: BTreeMap<String, String> = expected
            .map(|(slot, value)| (slot.to_lowercase(), value.as_str().unwrap().to_owned()))
            .collect();
        said == expected && field(command, "accepted") == "1"
    });
    // Of 64; a weaker model or search falls below.
    let right = right.count();
    assert!(right >= 58, "{right} of {} commands are fully right", rows.len());
}
