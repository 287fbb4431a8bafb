//! The inputs and answers of the workload's definition.

use std::error::Error;

use safetensors::SafeTensors;

/// One request and what comes of it.
pub struct Request {
    /// One second at 16 kHz.
    pub audio: Vec<f32>,
    /// 128 tokens.
    pub ids: Vec<i64>,
    /// `[196, 640]`.
    pub feats: Vec<f32>,
}

fn read(data: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(std::fs::read(format!("{data}/ref_io.safetensors"))?)
}

fn numbers<const N: usize, T>(bytes: &[u8], from: fn([u8; N]) -> T) -> Vec<T> {
    bytes
        .as_chunks::<N>()
        .0
        .iter()
        .map(|chunk| from(*chunk))
        .collect()
}

/// The reference request.
pub fn request(data: &str) -> Result<Request, Box<dyn Error>> {
    let bytes = read(data)?;
    let tensors = SafeTensors::deserialize(&bytes)?;
    Ok(Request {
        audio: numbers(tensors.tensor("audio")?.data(), f32::from_le_bytes),
        ids: numbers(tensors.tensor("ids")?.data(), i64::from_le_bytes),
        feats: numbers(tensors.tensor("feats")?.data(), f32::from_le_bytes),
    })
}

/// The reference record: class, probability, label, confidence, error, score.
pub fn record(data: &str) -> Result<[f64; 6], Box<dyn Error>> {
    let bytes = read(data)?;
    let tensors = SafeTensors::deserialize(&bytes)?;
    let record = numbers(tensors.tensor("record")?.data(), f64::from_le_bytes);
    Ok(record.try_into().map_err(|_| "the record has six fields")?)
}
