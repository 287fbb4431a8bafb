//! Tensors by name, to begin a training with and to write what it gave.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use half::f16;
use safetensors::{Dtype, SafeTensors, View};

use super::{FILE_BYTES_MAX, WeightsError};

/// Named tensors of any shape.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensors {
    tensors: BTreeMap<String, Tensor>,
}

/// Sizes and values, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its sizes.
    pub shape: Vec<usize>,
    /// Its values.
    pub values: Vec<f32>,
}

impl Tensors {
    /// Reads every tensor of a file; elements may be `F32`, `F16` or `BF16`.
    ///
    /// # Errors
    /// [`WeightsError`] for a file that cannot be read, is too large, is malformed, or holds values that are not finite.
    pub fn read(path: &Path) -> Result<Self, WeightsError> {
        let bytes = std::fs::metadata(path)?.len();
        if bytes > FILE_BYTES_MAX {
            return Err(WeightsError::TooLarge { bytes });
        }
        Self::parse(&std::fs::read(path)?)
    }

    /// Reads every tensor of the bytes of a file.
    ///
    /// # Errors
    /// As [`Tensors::read`].
    pub fn parse(bytes: &[u8]) -> Result<Self, WeightsError> {
        let file = SafeTensors::deserialize(bytes).map_err(WeightsError::of_header)?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.tensors() {
            let pairs = || view.data().chunks_exact(2).map(|pair| [pair[0], pair[1]]);
            let values: Vec<f32> = match view.dtype() {
                Dtype::F32 => {
                    let (fours, _) = view.data().as_chunks::<4>();
                    fours.iter().map(|four| f32::from_le_bytes(*four)).collect()
                }
                Dtype::F16 => pairs().map(|pair| f16::from_le_bytes(pair).to_f32()).collect(),
                Dtype::BF16 => pairs()
                    .map(|pair| half::bf16::from_le_bytes(pair).to_f32())
                    .collect(),
                other => {
                    return Err(WeightsError::Element {
                        tensor: name,
                        found: other.to_string(),
                    });
                }
            };
            if values.iter().any(|value| !value.is_finite()) {
                return Err(WeightsError::NotFinite { tensor: name });
            }
            let shape = view.shape().to_vec();
            tensors.insert(name, Tensor { shape, values });
        }
        Ok(Self { tensors })
    }

    /// Adds a tensor.
    pub fn insert(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        let tensor = Tensor {
            shape: shape.to_vec(),
            values: values.to_vec(),
        };
        self.tensors.insert(name.to_owned(), tensor);
    }

    /// A tensor.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// Names and tensors, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// The bytes of a file with these tensors in 32-bit floats, as they are. Equal tensors give equal bytes.
    ///
    /// # Errors
    /// What the format refuses.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let views = self.iter().map(|(name, tensor)| (name, Whole(tensor)));
        safetensors::serialize(views, None).map_err(|error| io::Error::other(error.to_string()))
    }

    /// The bytes of a file with these tensors in 16-bit floats: half the size, and about three decimal digits of each
    /// value. Equal tensors give equal bytes.
    ///
    /// # Errors
    /// What the format refuses.
    pub fn to_half_bytes(&self) -> io::Result<Vec<u8>> {
        let views = self.iter().map(|(name, tensor)| (name, Half(tensor)));
        safetensors::serialize(views, None).map_err(|error| io::Error::other(error.to_string()))
    }
}

/// A tensor as 32-bit floats.
struct Whole<'a>(&'a Tensor);

impl View for Whole<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let values = self.0.values.iter();
        Cow::Owned(values.flat_map(|value| value.to_le_bytes()).collect())
    }

    fn data_len(&self) -> usize {
        4 * self.0.values.len()
    }
}

/// A tensor as 16-bit floats.
struct Half<'a>(&'a Tensor);

impl View for Half<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F16
    }

    fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let values = self.0.values.iter();
        Cow::Owned(
            values
                .flat_map(|value| f16::from_f32(*value).to_le_bytes())
                .collect(),
        )
    }

    fn data_len(&self) -> usize {
        2 * self.0.values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_floats_are_found_again() {
        let mut tensors = Tensors::default();
        tensors.insert("a", &[2, 2], &[1.0, -0.5, 65_504.0, 0.0]);
        tensors.insert("b", &[1], &[1.0 / 3.0]);
        let found = Tensors::parse(&tensors.to_half_bytes().unwrap()).unwrap();
        assert_eq!(found.get("a"), tensors.get("a"));
        assert!((found.get("b").unwrap().values[0] - 1.0 / 3.0).abs() < 1e-4);
        assert_eq!(found.iter().count(), 2);
    }

    #[test]
    fn whole_floats_are_found_again_bit_by_bit() {
        let mut tensors = Tensors::default();
        tensors.insert("a", &[2], &[1.0 / 3.0, 1e-30]);
        assert_eq!(Tensors::parse(&tensors.to_bytes().unwrap()).unwrap(), tensors);
    }

    #[test]
    fn no_tensors_and_values_that_are_not_finite_are_refused() {
        assert!(Tensors::parse(b"no").is_err());
        let mut tensors = Tensors::default();
        tensors.insert("a", &[1], &[1e9]);
        let bytes = tensors.to_half_bytes().unwrap();
        assert!(matches!(
            Tensors::parse(&bytes),
            Err(WeightsError::NotFinite { .. })
        ));
    }
}
