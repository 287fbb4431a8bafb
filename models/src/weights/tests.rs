use std::io::Cursor;

use super::*;

const NAMES: [&str; 2] = ["first", "second"];

fn specs() -> Vec<TensorSpec> {
    vec![
        TensorSpec::new("first.weight", NAMES[0], &[2, 2], Start::Zeros),
        TensorSpec::new("second.weight", NAMES[1], &[3], Start::Zeros),
    ]
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A file with this header in front of these bytes.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [&length, header.as_bytes(), data].concat()
}

/// A header of two tensors, given dtype, shape and offsets of the second.
fn header(second: &str) -> String {
    format!(r#"{{"first":{{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}},"second":{second}}}"#)
}

const SECOND: &str = r#"{"dtype":"F32","shape":[3],"data_offsets":[16,28]}"#;

fn data() -> Vec<u8> {
    floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
}

/// Reads a file under its own checksum.
fn read(bytes: &[u8]) -> Result<Weights, WeightsError> {
    let sha256 = crate::card::sha256(bytes);
    Weights::read_from(&mut Cursor::new(&bytes), bytes.len() as u64, &specs(), &sha256)
}

#[test]
fn a_sound_file_gives_its_values_under_the_names_of_burn() {
    let mut weights = read(&file(&header(SECOND), &data())).unwrap();
    assert_eq!(
        weights.take("first.weight", &[2, 2]).unwrap(),
        [1.0, 2.0, 3.0, 4.0]
    );
    assert_eq!(weights.take("second.weight", &[3]).unwrap(), [5.0, 6.0, 7.0]);
    assert!(matches!(
        weights.take("second.weight", &[3]),
        Err(WeightsError::Missing { .. })
    ));
}

#[test]
fn names_may_be_those_of_burn_and_halves_are_widened() {
    let header = r#"{"second.weight":{"dtype":"F16","shape":[3],"data_offsets":[0,6]},"first.weight":{"dtype":"BF16","shape":[2,2],"data_offsets":[6,14]}}"#;
    let halves: [u16; 7] = [0x3c00, 0xc000, 0x3555, 0x3f80, 0x4000, 0x4040, 0x4080];
    let data: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
    let mut weights = read(&file(header, &data)).unwrap();
    assert_eq!(
        weights.take("first.weight", &[2, 2]).unwrap(),
        [1.0, 2.0, 3.0, 4.0]
    );
    assert_eq!(
        weights.take("second.weight", &[3]).unwrap(),
        [1.0, -2.0, 0.333_251_95]
    );
}

#[test]
fn a_tensor_of_more_than_one_chunk_is_whole() {
    let count = 3 * CHUNK_BYTES / 4 + 5;
    let values: Vec<f32> = (0..count).map(|value| value as f32).collect();
    let header = format!(
        r#"{{"a":{{"dtype":"F32","shape":[{count}],"data_offsets":[0,{}]}}}}"#,
        4 * count
    );
    let bytes = file(&header, &floats(&values));
    let spec = [TensorSpec::new("a", "a", &[count], Start::Zeros)];
    let sha256 = crate::card::sha256(&bytes);
    let mut weights =
        Weights::read_from(&mut Cursor::new(&bytes), bytes.len() as u64, &spec, &sha256).unwrap();
    assert_eq!(weights.take("a", &[count]).unwrap(), values);
}

#[test]
fn a_file_cut_anywhere_is_truncated() {
    let whole = file(&header(SECOND), &data());
    for length in 0..whole.len() {
        let found = read(&whole[..length]);
        assert!(
            matches!(found, Err(WeightsError::Truncated { .. })),
            "{length}: {found:?}"
        );
    }
}

#[test]
fn a_file_that_goes_on_is_refused() {
    let longer = [file(&header(SECOND), &data()), vec![0]].concat();
    assert!(matches!(read(&longer), Err(WeightsError::Excess { .. })));
}

#[test]
fn a_huge_header_is_refused_by_its_length_alone() {
    for length in [HEADER_BYTES_MAX + 1, u64::MAX] {
        let bytes = [&length.to_le_bytes()[..], b"{}"].concat();
        // The source is said to be long, so that only the bound can refuse it.
        let found = Weights::read_from(&mut Cursor::new(&bytes), FILE_BYTES_MAX, &specs(), "");
        assert!(
            matches!(found, Err(WeightsError::HeaderTooLong { bytes }) if bytes == length),
            "{found:?}"
        );
    }
}

#[test]
fn a_huge_file_is_refused_unread() {
    let found = Weights::read_from(&mut std::io::empty(), FILE_BYTES_MAX + 1, &specs(), "");
    assert!(matches!(found, Err(WeightsError::TooLarge { .. })), "{found:?}");
}

#[test]
fn a_header_that_is_no_json_is_malformed() {
    for header in ["", "{", "[1]", "{\"first\":3}", "\u{0}"] {
        let found = read(&file(header, &[]));
        assert!(
            matches!(found, Err(WeightsError::Header { .. })),
            "{header:?}: {found:?}"
        );
    }
    let not_text = [&2_u64.to_le_bytes()[..], &[0xff, 0xfe]].concat();
    assert!(matches!(read(&not_text), Err(WeightsError::Header { .. })));
}

#[test]
fn bytes_that_overlap_or_leave_a_gap_or_do_not_fit_the_shape_are_refused() {
    for second in [
        r#"{"dtype":"F32","shape":[3],"data_offsets":[12,24]}"#,
        r#"{"dtype":"F32","shape":[3],"data_offsets":[20,32]}"#,
        r#"{"dtype":"F32","shape":[3],"data_offsets":[16,12]}"#,
        r#"{"dtype":"F32","shape":[3],"data_offsets":[16,24]}"#,
        r#"{"dtype":"F32","shape":[3],"data_offsets":[16,18446744073709551615]}"#,
    ] {
        let found = read(&file(&header(second), &data()));
        assert!(
            matches!(found, Err(WeightsError::Offsets { .. })),
            "{second}: {found:?}"
        );
    }
}

#[test]
fn sizes_whose_product_overflows_are_refused() {
    for shape in ["[4294967296,4294967296,2]", "[18446744073709551615]"] {
        let second = format!(r#"{{"dtype":"F32","shape":{shape},"data_offsets":[16,28]}}"#);
        let found = read(&file(&header(&second), &data()));
        assert!(matches!(found, Err(WeightsError::Overflow)), "{shape}: {found:?}");
    }
}

#[test]
fn the_same_name_twice_is_refused() {
    let twice = format!(r#"{{"second":{SECOND},"second":{SECOND}}}"#);
    assert!(read(&file(&twice, &data())).is_err());
}

#[test]
fn another_shape_is_refused_before_any_value_is_read() {
    let second = r#"{"dtype":"F32","shape":[1,3],"data_offsets":[16,28]}"#;
    let bytes = file(&header(second), &[]);
    // No value is there: reading one would be another error.
    let found = Weights::read_from(&mut Cursor::new(&bytes), bytes.len() as u64 + 28, &specs(), "");
    let Err(WeightsError::Shape {
        tensor,
        expected,
        found,
    }) = found
    else {
        panic!("{found:?}");
    };
    assert_eq!(
        (tensor.as_str(), expected, found),
        ("second.weight", vec![3], vec![1, 3])
    );
}

#[test]
fn whole_numbers_are_no_weights() {
    let second = r#"{"dtype":"I32","shape":[3],"data_offsets":[16,28]}"#;
    let found = read(&file(&header(second), &data()));
    assert!(
        matches!(&found, Err(WeightsError::Element { tensor, found }) if tensor == "second.weight" && found == "I32"),
        "{found:?}"
    );
}

#[test]
fn a_value_that_is_not_finite_is_refused_with_the_name_of_its_tensor() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut data = data();
        data[24..28].copy_from_slice(&value.to_le_bytes());
        let found = read(&file(&header(SECOND), &data));
        assert!(
            matches!(&found, Err(WeightsError::NotFinite { tensor }) if tensor == "second.weight"),
            "{found:?}"
        );
    }
}

#[test]
fn missing_and_left_over_tensors_are_named() {
    let only_first = r#"{"first":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#;
    let found = read(&file(only_first, &data()[..16]));
    assert!(
        matches!(&found, Err(WeightsError::Missing { tensors }) if tensors == &["second.weight"]),
        "{found:?}"
    );
    let third = r#"{"dtype":"F32","shape":[3],"data_offsets":[16,28]},"third":{"dtype":"F32","shape":[1],"data_offsets":[28,32]}"#;
    let found = read(&file(&header(third), &[data(), floats(&[8.0])].concat()));
    assert!(
        matches!(&found, Err(WeightsError::LeftOver { tensors }) if tensors == &["third"]),
        "{found:?}"
    );
}

#[test]
fn another_checksum_than_the_cards_is_refused() {
    let bytes = file(&header(SECOND), &data());
    let sha256 = crate::card::sha256(b"another file");
    let found = Weights::read_from(&mut Cursor::new(&bytes), bytes.len() as u64, &specs(), &sha256);
    assert!(
        matches!(&found, Err(WeightsError::Checksum { expected, .. }) if *expected == sha256),
        "{found:?}"
    );
    // A value that is not finite would be found as soon as it is kept.
    let bytes = file(&header(SECOND), &floats(&[f32::NAN; 7]));
    let found = Weights::read_from(&mut Cursor::new(&bytes), bytes.len() as u64, &specs(), &sha256);
    assert!(matches!(&found, Err(WeightsError::Checksum { .. })), "{found:?}");
}

#[test]
fn offsets_beyond_all_memory_are_refused() {
    for end in [u64::MAX, u64::MAX - 16, 1 << 63] {
        let second = format!(r#"{{"dtype":"F32","shape":[3],"data_offsets":[16,{end}]}}"#);
        assert!(read(&file(&header(&second), &data())).is_err(), "{end}");
    }
}
