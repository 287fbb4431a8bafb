use std::fs;

use super::*;

/// A WAV file of one 16-bit format.
fn wav(channels: u16, rate_hz: u32, samples: &[i16]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    wav_of((1, 16), (channels, rate_hz), &data)
}

fn wav_of((tag, bits): (u16, u16), (channels, rate_hz): (u16, u32), data: &[u8]) -> Vec<u8> {
    let block = channels.wrapping_mul(bits / 8);
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + u32::try_from(data.len()).unwrap()).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0");
    bytes.extend(tag.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate_hz.to_le_bytes());
    bytes.extend(rate_hz.wrapping_mul(u32::from(block)).to_le_bytes());
    bytes.extend(block.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    bytes.extend(data);
    bytes
}

/// What a user types for an input of this type, with a folder of files around; the code and the message.
fn typed(port: &str, given: &str, files: &[(&str, Vec<u8>)]) -> Result<Value, (&'static str, String)> {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("folder.wav")).unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let port = PortType::parse(port).unwrap();
    let files = Files::From(folder.path().to_path_buf());
    let feeding = Feeding {
        input: "mic",
        port: &port,
        files: &files,
    };
    feeding
        .typed(given)
        .map_err(|error| (error.code(), error.to_string()))
}

const SOUND: &str = "f32[T<=16000] rate=16kHz range=-1..1";

fn refused(given: &str, bytes: Option<Vec<u8>>, code: &str, message: &str) {
    let files: Vec<(&str, Vec<u8>)> = bytes.into_iter().map(|bytes| (given, bytes)).collect();
    let (found, said) = typed(SOUND, given, &files).unwrap_err();
    assert_eq!((found, said.as_str()), (code, message));
}

#[test]
fn hostile_recordings_are_refused_each_with_its_code() {
    let good = wav(1, 16_000, &[100; 800]);
    let cut = good[..400].to_vec();
    let nan: Vec<u8> = [0.5, f32::NAN]
        .iter()
        .flat_map(|sample: &f32| sample.to_le_bytes())
        .collect();
    refused("no.wav", None, "MT0401", "input `mic`: there is no file `no.wav`");
    refused(
        "folder.wav",
        None,
        "MT0402",
        "input `mic`: `folder.wav` is a folder, not a file",
    );
    refused(
        "cut.wav",
        Some(cut),
        "MT0403",
        "input `mic`: `cut.wav`: the file is truncated: it holds 178 of 800 samples",
    );
    refused(
        "empty.flac",
        Some(Vec::new()),
        "MT0403",
        "input `mic`: `empty.flac`: the file is empty",
    );
    refused(
        "text.wav",
        Some(b"hello".to_vec()),
        "MT0403",
        "input `mic`: `text.wav`: the file is neither WAV nor FLAC",
    );
    refused(
        "none.wav",
        Some(wav(0, 16_000, &[0; 4])),
        "MT0404",
        "input `mic`: `none.wav`: the file has 0 channels, expected 1 to 8",
    );
    refused(
        "many.wav",
        Some(wav(65_535, 16_000, &[0; 4])),
        "MT0404",
        "input `mic`: `many.wav`: the file has 65535 channels, expected 1 to 8",
    );
    refused(
        "slow.wav",
        Some(wav(1, 12, &[0; 4])),
        "MT0404",
        "input `mic`: `slow.wav`: the file has a sample rate of 12 Hz, expected 4000 to 192000 Hz",
    );
    refused(
        "long.wav",
        Some(wav(1, 8_000, &[0; 8_100])),
        "MT0404",
        "input `mic`: `long.wav` lasts 1.01 s, the input takes at most 1.00 s",
    );
    refused(
        "nan.wav",
        Some(wav_of((3, 32), (1, 16_000), &nan)),
        "MT0405",
        "input `mic`: `nan.wav`: sample 1 is not a finite number",
    );
}

#[test]
fn what_is_no_value_is_refused_each_with_its_code() {
    refused(
        "hello",
        None,
        "MT0407",
        "input `mic` takes f32[T<=16000] rate=16kHz range=-1..1, but was given text, which is not the name of a file \
         either",
    );
    refused(
        "true",
        None,
        "MT0407",
        "input `mic` takes f32[T<=16000] rate=16kHz range=-1..1, but was given `true` or `false`",
    );
    refused(
        "[[1, 2], [3]]",
        None,
        "MT0406",
        "input `mic`: the list at depth 2 has 1 items where the first one there has 2",
    );
    refused(
        "[1e39]",
        None,
        "MT0405",
        "input `mic`: 1e+39 is not finite as a 32-bit float",
    );
    refused(
        "bad.json",
        Some(b"[1, 2".to_vec()),
        "MT0411",
        "input `mic`: `bad.json` is not JSON: EOF while parsing a list at line 1 column 5",
    );
}

#[test]
fn a_recording_at_another_rate_is_resampled_and_clamped() {
    let loud: Vec<i16> = (0..800)
        .map(|index| if index / 20 % 2 == 0 { i16::MAX } else { i16::MIN })
        .collect();
    let value = typed(SOUND, "loud.wav", &[("loud.wav", wav(1, 8_000, &loud))]).unwrap();
    let Value::F32 { dims, data } = value else {
        panic!("expected floats")
    };
    assert_eq!(dims, [1_600]);
    assert!(data.iter().all(|sample| sample.abs() <= 1.0));
    // A square wave overshoots when it is band-limited, so some samples must have been cut.
    assert!(data.iter().any(|sample| sample.abs() >= 1.0));
}

#[test]
fn a_recording_at_the_right_rate_arrives_unchanged() {
    let value = typed(SOUND, "a.wav", &[("a.wav", wav(1, 16_000, &[16_384, -8_192]))]).unwrap();
    assert_eq!(value, Value::samples([0.5, -0.25]));
}

#[test]
fn a_waveform_has_a_row_for_each_channel_or_column() {
    const AXES: &str = "f32[C<=3, T<=8] rate=8kHz unit=g";
    let floats: Vec<u8> = [2.5_f32, -0.25, -16.0, 0.75]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let table = |text: &str| vec![("a.csv", text.as_bytes().to_vec())];
    let expected = Ok(Value::F32 {
        dims: vec![2, 2],
        data: vec![2.5, -16.0, -0.25, 0.75],
    });
    assert_eq!(
        typed(AXES, "a.wav", &[("a.wav", wav_of((3, 32), (2, 8_000), &floats))]),
        expected
    );
    assert_eq!(
        typed(AXES, "a.csv", &table("x,y\n2.5,-0.25\n-16,0.75\n")),
        expected
    );
    let timed = "\u{feff}Time;x;y\r\n0;2.5;-0.25\r\n0.000125;-16;0.75\r\n";
    assert_eq!(typed(AXES, "a.csv", &table(timed)), expected);
    let one = typed("f32[T<=8] rate=8kHz", "a.csv", &table("x\n1\n2\n"));
    assert_eq!(one, Ok(Value::samples(vec![1.0, 2.0])));
}

#[test]
fn a_waveform_that_is_none_is_refused_with_its_place() {
    let refused = |port: &str, text: &str, code: &str, message: &str| {
        let (found, said) = typed(port, "a.csv", &[("a.csv", text.as_bytes().to_vec())]).unwrap_err();
        assert_eq!((found, said.as_str()), (code, message), "{text}");
    };
    let axes = "f32[C<=3, T<=8] rate=8kHz";
    refused(
        axes,
        "x,y\n1,2\n3,NaN\n",
        "MT0403",
        "input `mic`: `a.csv` line 3: `NaN` in column `y` is not a finite number of 32 bits",
    );
    refused(
        axes,
        "time,x\n0,1\n0.0000125,2\n",
        "MT0404",
        "input `mic`: `a.csv` cannot be resampled to the rate of the input: by its column of time it has 80000.0 rows a second",
    );
    refused(
        "f32[T<=8] rate=8kHz",
        "x,y\n1,2\n",
        "MT0407",
        "input `mic` takes f32[T<=8] rate=8kHz, but was given a file of 2 columns of values",
    );
}

#[test]
fn numbers_lists_text_and_records_are_read_as_the_port_says() {
    let cases = [
        ("f32", "0.5", Value::number(0.5)),
        (
            "f32[2, 2]",
            "[[1, 2], [3, 4]]",
            Value::F32 {
                dims: vec![2, 2],
                data: vec![1.0, 2.0, 3.0, 4.0],
            },
        ),
        (
            "i32[T<=4]",
            "[-1, 2]",
            Value::I32 {
                dims: vec![2],
                data: vec![-1, 2],
            },
        ),
        (
            "u8[T<=4]",
            "[]",
            Value::U8 {
                dims: vec![0],
                data: vec![],
            },
        ),
        ("utf8[T<=9]", "12", Value::Text("12".to_owned())),
        ("utf8[T<=9]", "@a.txt", Value::Text("from file".to_owned())),
        ("f32[T<=4]", "a.json", Value::samples([1.0, 2.5])),
        (
            "record{label: utf8[T<=9], score: f32}",
            r#"{"label": "stop", "score": 1}"#,
            Value::Record(vec![
                ("label".to_owned(), Value::Text("stop".to_owned())),
                ("score".to_owned(), Value::number(1.0)),
            ]),
        ),
    ];
    let files = [("a.txt", b"from file".to_vec()), ("a.json", b"[1, 2.5]".to_vec())];
    for (port, given, expected) in cases {
        assert_eq!(typed(port, given, &files), Ok(expected), "{given} for {port}");
    }
}

#[test]
fn numbers_that_an_element_cannot_hold_are_refused() {
    for (port, given, code) in [
        ("u8[T<=4]", "[256]", "MT0412"),
        ("i32", "2147483648", "MT0412"),
        ("i64", "1.5", "MT0412"),
        ("f32[T<=4]", "[1, 2", "MT0411"),
        ("f32[T<=4]", "[1, [2]]", "MT0407"),
        ("f32[T<=4]", "[[1], 2]", "MT0407"),
        ("f32[T<=4]", "{\"a\": 1}", "MT0407"),
        ("record{score: f32}", "{\"scores\": 1}", "MT0407"),
        ("record{score: f32}", "3", "MT0407"),
        ("utf8[T<=9]", "@none.txt", "MT0401"),
    ] {
        assert_eq!(typed(port, given, &[]).unwrap_err().0, code, "{given} for {port}");
    }
}

#[test]
fn a_test_may_name_files_of_its_own_folder_only() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("pipeline");
    fs::create_dir(&inner).unwrap();
    fs::write(inner.join("in.json"), "[1]").unwrap();
    fs::write(folder.path().join("out.json"), "[1]").unwrap();
    let port = PortType::parse("f32[T<=4]").unwrap();
    let code = |files: &Files, name: &str| {
        let feeding = Feeding {
            input: "mic",
            port: &port,
            files,
        };
        feeding
            .yaml(&Yaml::Text(name.to_owned()))
            .err()
            .map(|error| error.code())
    };
    let within = Files::Within(inner.canonicalize().unwrap());
    assert_eq!(code(&within, "in.json"), None);
    assert_eq!(code(&within, "../out.json"), Some("MT0408"));
    assert_eq!(code(&within, "../no-such.json"), Some("MT0408"));
    assert_eq!(code(&within, "/etc/passwd"), Some("MT0408"));
    assert_eq!(code(&within, "no-such.json"), Some("MT0401"));
    assert_eq!(code(&Files::Nowhere, "in.json"), Some("MT0408"));
}

#[test]
fn a_number_that_is_not_finite_is_refused_in_a_test() {
    let port = PortType::parse("f32").unwrap();
    let feeding = Feeding {
        input: "mic",
        port: &port,
        files: &Files::Nowhere,
    };
    assert_eq!(
        feeding.yaml(&Yaml::Number(f64::NAN)).unwrap_err().code(),
        "MT0405"
    );
}
