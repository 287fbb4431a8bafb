//! Weights read from a safetensors file that nobody vouches for.
//!
//! The order is the point: the length of the file, the length of its header, the header itself, every tensor's name,
//! element and shape, and the checksum are compared with what a net and its card need before anything as large as a tensor
//! is allocated. The values follow, and the checksum once more, in case that the file has changed in between.
//! Invariant: a [`Weights`] holds exactly the tensors that were asked for, finite, under the checksum of the card.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use safetensors::{SafeTensorError, SafeTensors};
use sha2::{Digest, Sha256};

mod error;
mod tensors;
#[cfg(test)]
mod tests;

pub use error::WeightsError;
pub use tensors::{Tensor, Tensors};

/// Longest file of weights that is read, in bytes.
pub const FILE_BYTES_MAX: u64 = 1 << 30;
/// Longest header that is read, in bytes: far more than a thousand tensors need.
pub const HEADER_BYTES_MAX: u64 = 1 << 20;
/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 64 << 10;
/// Bytes that hold the length of the header.
const LENGTH_BYTES: usize = 8;

/// A tensor that a net needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    /// The path of the parameter in the Burn module, as Burn's store writes it.
    pub name: String,
    /// The name that it has in files of other makers; the same layout.
    pub alias: String,
    /// Its sizes.
    pub shape: Vec<usize>,
    /// How it begins when there are no weights yet.
    pub start: Start,
}

/// First values of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Normal values of variance `2 / inputs`: He et al. 2015, equation 10.
    He {
        /// Values that are summed up for one output.
        inputs: usize,
    },
    /// Zeros.
    Zeros,
    /// Ones.
    Ones,
}

impl TensorSpec {
    /// A tensor with a name in Burn, one elsewhere, and a shape.
    pub fn new(name: impl Into<String>, alias: impl Into<String>, shape: &[usize], start: Start) -> Self {
        Self {
            name: name.into(),
            alias: alias.into(),
            shape: shape.to_vec(),
            start,
        }
    }

    /// How many values it has.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// The values of the tensors of a net, by their names in Burn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights {
    tensors: BTreeMap<String, Vec<f32>>,
}

impl Weights {
    /// Reads the file at `path`; `sha256` is the checksum of the card, in hexadecimal.
    ///
    /// # Errors
    /// [`WeightsError`] says which of the rules of the module the file breaks.
    pub fn read(path: &Path, specs: &[TensorSpec], sha256: &str) -> Result<Self, WeightsError> {
        let mut file = std::fs::File::open(path)?;
        let bytes = file.metadata()?.len();
        Self::read_from(&mut file, bytes, specs, sha256)
    }

    /// As [`Weights::read`], from a source of so many bytes, which is read from where it stands, twice.
    ///
    /// # Errors
    /// As [`Weights::read`].
    pub fn read_from<S: Read + Seek>(
        source: &mut S,
        bytes: u64,
        specs: &[TensorSpec],
        sha256: &str,
    ) -> Result<Self, WeightsError> {
        if bytes > FILE_BYTES_MAX {
            return Err(WeightsError::TooLarge { bytes });
        }
        let begin = source.stream_position()?;
        let mut first = Hashed::new(source);
        compare(&read_header(&mut first, bytes)?, specs)?;
        first.skip_rest()?;
        first.confirm(sha256)?;
        source.seek(SeekFrom::Start(begin))?;
        let mut second = Hashed::new(source);
        let metadata = read_header(&mut second, bytes)?;
        let mut tensors = BTreeMap::new();
        for (spec, info) in compare(&metadata, specs)? {
            tensors.insert(spec.name.clone(), second.tensor(spec, info)?);
        }
        second.confirm(sha256)?;
        Ok(Self { tensors })
    }

    /// Weights that were made here, by their names in Burn.
    pub fn from_values(tensors: impl IntoIterator<Item = (String, Vec<f32>)>) -> Self {
        Self {
            tensors: tensors.into_iter().collect(),
        }
    }

    /// The values of a tensor, which are then gone: a net takes each once.
    ///
    /// # Errors
    /// [`WeightsError::Missing`] if there is none, [`WeightsError::Shape`] if it has another number of values.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        let values = self.tensors.remove(name).ok_or_else(|| WeightsError::Missing {
            tensors: vec![name.to_owned()],
        })?;
        if values.len() != shape.iter().product::<usize>() {
            return Err(WeightsError::Shape {
                tensor: name.to_owned(),
                expected: shape.to_vec(),
                found: vec![values.len()],
            });
        }
        Ok(values)
    }
}

/// Reads and checks everything in front of the values.
fn read_header(source: &mut Hashed<'_>, bytes: u64) -> Result<Metadata, WeightsError> {
    let cut = |expected: u64| WeightsError::Truncated {
        expected,
        found: bytes,
    };
    let length_bytes = LENGTH_BYTES as u64;
    if bytes < length_bytes {
        return Err(cut(length_bytes));
    }
    let mut length = [0; LENGTH_BYTES];
    source.fill(&mut length)?;
    let header_bytes = u64::from_le_bytes(length);
    if header_bytes > HEADER_BYTES_MAX {
        return Err(WeightsError::HeaderTooLong { bytes: header_bytes });
    }
    if length_bytes + header_bytes > bytes {
        return Err(cut(length_bytes + header_bytes));
    }
    let mut header = length.to_vec();
    header.resize(header.len() + usize::try_from(header_bytes).unwrap_or(0), 0);
    source.fill(&mut header[LENGTH_BYTES..])?;
    match SafeTensors::read_metadata(&header) {
        // The crate has then found nothing wrong but that the values are not there, and they are read later.
        Ok(_) | Err(SafeTensorError::MetadataIncompleteBuffer) => (),
        Err(fault) => return Err(WeightsError::of_header(fault)),
    }
    let metadata: Metadata = serde_json::from_slice(&header[LENGTH_BYTES..])
        .map_err(|fault| WeightsError::of_header(fault.into()))?;
    let expected = (length_bytes + header_bytes).saturating_add(metadata.data_len() as u64);
    match bytes.cmp(&expected) {
        std::cmp::Ordering::Less => Err(cut(expected)),
        std::cmp::Ordering::Equal => Ok(metadata),
        std::cmp::Ordering::Greater => Err(WeightsError::Excess {
            expected,
            found: bytes,
        }),
    }
}

/// Pairs what is needed with what is there, in the order of the file.
fn compare<'a>(
    metadata: &'a Metadata,
    specs: &'a [TensorSpec],
) -> Result<Vec<(&'a TensorSpec, &'a TensorInfo)>, WeightsError> {
    let mut missing = Vec::new();
    let mut matched = Vec::new();
    let mut used = Vec::new();
    for spec in specs {
        let names = [&spec.name, &spec.alias];
        let Some((name, info)) = names
            .into_iter()
            .find_map(|name| Some((name, metadata.info(name)?)))
        else {
            missing.push(spec.name.clone());
            continue;
        };
        used.push(name.as_str());
        matched.push((spec, info));
    }
    if !missing.is_empty() {
        return Err(WeightsError::Missing { tensors: missing });
    }
    let left_over: Vec<String> = metadata
        .offset_keys()
        .into_iter()
        .filter(|name| !used.contains(&name.as_str()))
        .collect();
    if !left_over.is_empty() {
        return Err(WeightsError::LeftOver { tensors: left_over });
    }
    for (spec, info) in &matched {
        if !matches!(info.dtype, Dtype::F32 | Dtype::F16 | Dtype::BF16) {
            return Err(WeightsError::Element {
                tensor: spec.name.clone(),
                found: info.dtype.to_string(),
            });
        }
        if info.shape != spec.shape {
            return Err(WeightsError::Shape {
                tensor: spec.name.clone(),
                expected: spec.shape.clone(),
                found: info.shape.clone(),
            });
        }
    }
    matched.sort_by_key(|(_, info)| info.data_offsets);
    Ok(matched)
}

/// A source whose checksum is taken while it is read.
struct Hashed<'a> {
    source: &'a mut dyn Read,
    hash: Sha256,
}

impl<'a> Hashed<'a> {
    fn new(source: &'a mut dyn Read) -> Self {
        Hashed {
            source,
            hash: Sha256::new(),
        }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), WeightsError> {
        self.source.read_exact(bytes)?;
        self.hash.update(&*bytes);
        Ok(())
    }

    /// The values of the tensor that comes next, widened to `f32`.
    fn tensor(&mut self, spec: &TensorSpec, info: &TensorInfo) -> Result<Vec<f32>, WeightsError> {
        let mut values: Vec<f32> = Vec::with_capacity(spec.count());
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut left = info.data_offsets.1 - info.data_offsets.0;
        while left > 0 {
            let bytes = &mut chunk[..left.min(CHUNK_BYTES)];
            self.fill(bytes)?;
            left -= bytes.len();
            let (pairs, _) = bytes.as_chunks::<2>();
            match info.dtype {
                Dtype::F16 => {
                    values.extend(pairs.iter().map(|pair| half::f16::from_le_bytes(*pair).to_f32()))
                }
                Dtype::BF16 => {
                    values.extend(pairs.iter().map(|pair| half::bf16::from_le_bytes(*pair).to_f32()))
                }
                _ => {
                    let (fours, _) = bytes.as_chunks::<4>();
                    values.extend(fours.iter().map(|four| f32::from_le_bytes(*four)));
                }
            }
        }
        // A sum of zeros is what finite values give, in a form that the compiler can vectorise.
        if values.iter().map(|value| value * 0.0).sum::<f32>() != 0.0 {
            let tensor = spec.name.clone();
            return Err(WeightsError::NotFinite { tensor });
        }
        Ok(values)
    }

    /// Reads on to the end, and keeps nothing.
    fn skip_rest(&mut self) -> Result<(), WeightsError> {
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let count = self.source.read(&mut chunk)?;
            if count == 0 {
                return Ok(());
            }
            self.hash.update(&chunk[..count]);
        }
    }

    /// Compares the checksum of what was read.
    fn confirm(self, sha256: &str) -> Result<(), WeightsError> {
        let digest = self.hash.finalize();
        let found: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if found != sha256 {
            let expected = sha256.to_owned();
            return Err(WeightsError::Checksum { expected, found });
        }
        Ok(())
    }
}
