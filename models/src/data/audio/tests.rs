use std::fs;

use super::*;

/// A WAV file of 16-bit silence at 8 kHz.
fn wav(samples: u32) -> Vec<u8> {
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + 2 * samples).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(8_000_u32.to_le_bytes());
    bytes.extend(16_000_u32.to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend((2 * samples).to_le_bytes());
    bytes.extend(vec![0; 2 * samples as usize]);
    bytes
}

fn read(manifest: &str, options: &AudioOptions<'_>) -> Result<AudioSet, DataError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.wav"), wav(4_000)).unwrap();
    fs::write(folder.path().join("b.wav"), wav(8_000)).unwrap();
    fs::write(folder.path().join("cut.wav"), &wav(8_000)[..1_000]).unwrap();
    fs::write(folder.path().join("text.wav"), b"call me Ishmael").unwrap();
    let path = folder.path().join("manifest.jsonl");
    fs::write(&path, manifest).unwrap();
    AudioSet::read(&path, options)
}

fn options(fields: &ManifestFields) -> AudioOptions<'_> {
    AudioOptions {
        fields,
        labels: None,
        rate_hz: None,
        seconds_max: 10.0,
        check: AudioCheck::Header,
        spoken: None,
    }
}

fn check(manifest: &str, options: &AudioOptions<'_>, expected: &[&str]) {
    let Err(DataError::Faults { faults, .. }) = read(manifest, options) else {
        panic!("expected faults of {manifest}");
    };
    let found: Vec<String> = faults
        .iter()
        .map(|fault| format!("{}: {}", fault.line, fault.problem))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_manifest_names_recordings_beside_it() {
    let fields = ManifestFields {
        label: Some("digit".to_owned()),
        group: Some("speaker".to_owned()),
    };
    let manifest = r#"{"file": "a.wav", "digit": 3, "speaker": "jo", "samples": 4000, "text": "three", "slots": {"n": "3"}}
        {"file": "./b.wav", "id": "b"}"#;
    for check in [AudioCheck::Header, AudioCheck::Decode] {
        let options = AudioOptions {
            check,
            ..options(&fields)
        };
        let set = read(manifest, &options).unwrap();
        let [a, b] = set.examples.as_slice() else {
            panic!("expected two examples")
        };
        assert_eq!((a.label(), a.group(), a.id()), (Some("3"), Some("jo"), "a.wav"));
        assert_eq!((a.rate_hz, a.seconds), (8_000, Some(0.5)));
        assert_eq!((a.text(), a.span_names()), (Some("three"), vec!["n"]));
        assert_eq!((b.id(), b.label(), b.place.line), ("b", None, 2));
        assert_ne!(a.sha256, b.sha256);
    }
}

#[test]
fn a_recording_that_cannot_be_used_is_named_with_its_line() {
    let fields = ManifestFields::default();
    check(
        "{\"file\": \"none.wav\"}\n{\"file\": \"a.wav\"}\n{\"file\": \"cut.wav\"}\n{\"file\": \"text.wav\"}",
        &options(&fields),
        &[
            // The path in the message of the first is that of a temporary folder.
            "1: cannot use `none.wav`: no such file",
            "3: cannot use `cut.wav`: the file is truncated: it holds 478 of 8000 samples",
            "4: cannot use `text.wav`: the file is neither WAV nor FLAC",
        ],
    );
}

#[test]
fn rate_and_length_are_those_asked_for() {
    let fields = ManifestFields::default();
    let strict = AudioOptions {
        rate_hz: Some(16_000),
        seconds_max: 0.75,
        ..options(&fields)
    };
    check(
        r#"{"file": "b.wav", "samples": 7999, "slots": "none"}"#,
        &strict,
        &[
            "1: field `slots` is not an object",
            "1: `b.wav` has 8000 samples, the manifest says 7999",
            "1: `b.wav` has a sample rate of 8000 Hz, expected 16000 Hz",
            "1: `b.wav` is 1.00 s long, expected 0.75 s at most",
        ],
    );
}

#[test]
fn files_lie_below_the_manifest_and_are_named_once() {
    let fields = ManifestFields::default();
    check(
        "{\"file\": \"../a.wav\"}\n{\"file\": \"/a.wav\"}\n{\"file\": \"a.wav\"}\n{\"file\": \"a.wav\"}\n{\"label\": \"x\"}\n",
        &options(&fields),
        &[
            "1: `../a.wav` leads out of the folder of the manifest",
            "2: `/a.wav` leads out of the folder of the manifest",
            "4: `a.wav` is in line 3 as well",
            "5: field `file` is missing",
        ],
    );
}

#[test]
fn labels_are_those_of_the_recipe() {
    let fields = ManifestFields::default();
    let labels = ["yes".to_owned(), "no".to_owned()];
    let options = AudioOptions {
        labels: Some(&labels),
        ..options(&fields)
    };
    check(
        r#"{"file": "a.wav", "label": "yess"}"#,
        &options,
        &["1: label `yess` is none of the recipe, did you mean `yes`"],
    );
}

#[test]
fn an_empty_manifest_and_a_missing_one_are_told_apart() {
    let fields = ManifestFields::default();
    assert!(matches!(
        read("\n", &options(&fields)),
        Err(DataError::Empty { .. })
    ));
    let missing = AudioSet::read(Path::new("no/such/manifest.jsonl"), &options(&fields));
    assert!(matches!(missing, Err(DataError::Read { .. })));
}
