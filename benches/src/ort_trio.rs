//! The workload on ONNX Runtime, called from Rust: one thread for each session, no spinning.

use std::error::Error;

use motet_models::audio::{Mfcc, MfccConfig};
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::{Tensor, TensorRef};

use crate::Engine;
use crate::reference::{Request, request};

/// Three sessions and what they work on.
pub struct Trio {
    mfcc: Mfcc,
    features: Vec<f32>,
    kws: Session,
    notes: Session,
    anom: Session,
    request: Request,
    prob: Vec<f32>,
    logits: Vec<f32>,
    recon: Vec<f32>,
    record: [f64; 6],
    workers: usize,
}

impl Trio {
    /// Opens the sessions with the library of the wheel.
    pub fn open(data: &str, workers: usize, library: &str) -> Result<Trio, Box<dyn Error>> {
        let environment = ort::init_from(library)?.build()?;
        let session = |name: &str, threads: usize| -> Result<Session, Box<dyn Error>> {
            let builder = Session::builder(&environment)?
                .with_optimization_level(GraphOptimizationLevel::Level3)?
                .with_intra_threads(threads)?
                .with_inter_threads(1)?
                .with_intra_op_spinning(false)?;
            let mut builder = builder;
            Ok(builder.commit_from_file(format!("{data}/{name}.onnx"))?)
        };
        let mfcc = Mfcc::new(MfccConfig::keywords())?;
        Ok(Trio {
            mfcc,
            features: vec![0.0; 490],
            kws: session("kws", 1)?,
            // With two workers its threads share NOTES, which is nine tenths of the work, while the others wait.
            notes: session("notes", workers)?,
            anom: session("anom", 1)?,
            request: request(data)?,
            prob: Vec::new(),
            logits: Vec::new(),
            recon: Vec::new(),
            record: [0.0; 6],
            workers,
        })
    }

    /// The record of the last run of `trio`: class, probability, label, confidence, error, score.
    pub fn record(&self) -> [f64; 6] {
        self.record
    }
}

fn kws(session: &mut Session, features: &[f32], prob: &mut Vec<f32>) -> ort::Result<()> {
    let input = TensorRef::from_array_view(([1_i64, 1, 49, 10], features))?;
    let outputs = session.run(ort::inputs![input])?;
    let (_, values) = outputs[0].try_extract_tensor::<f32>()?;
    prob.clear();
    prob.extend_from_slice(values);
    Ok(())
}

fn anom(session: &mut Session, feats: &[f32], recon: &mut Vec<f32>) -> ort::Result<()> {
    let input = TensorRef::from_array_view(([196_i64, 640], feats))?;
    let outputs = session.run(ort::inputs![input])?;
    let (_, values) = outputs[0].try_extract_tensor::<f32>()?;
    recon.clear();
    recon.extend_from_slice(values);
    Ok(())
}

fn notes(session: &mut Session, ids: &[i64], logits: &mut Vec<f32>) -> ort::Result<()> {
    let input: Tensor<i64> = Tensor::from_array(([1_i64, 128], ids.to_vec()))?;
    let outputs = session.run(ort::inputs![input])?;
    let (_, values) = outputs[0].try_extract_tensor::<f32>()?;
    logits.clear();
    logits.extend_from_slice(values);
    Ok(())
}

impl Engine for Trio {
    fn run(&mut self, part: &str) -> Result<(), Box<dyn Error>> {
        match part {
            "kws" => kws(&mut self.kws, &self.features, &mut self.prob)?,
            "notes" => notes(&mut self.notes, &self.request.ids, &mut self.logits)?,
            "anom" => anom(&mut self.anom, &self.request.feats, &mut self.recon)?,
            _ if self.workers == 1 => {
                self.mfcc.frames(&self.request.audio, &mut self.features)?;
                kws(&mut self.kws, &self.features, &mut self.prob)?;
                notes(&mut self.notes, &self.request.ids, &mut self.logits)?;
                anom(&mut self.anom, &self.request.feats, &mut self.recon)?;
                self.record = join(&self.prob, &self.logits, &self.recon, &self.request.feats);
            }
            _ => {
                let (session, ids, logits) = (&mut self.notes, &self.request.ids, &mut self.logits);
                std::thread::scope(|scope| -> Result<(), Box<dyn Error>> {
                    let beside = scope.spawn(move || notes(session, ids, logits));
                    self.mfcc.frames(&self.request.audio, &mut self.features)?;
                    kws(&mut self.kws, &self.features, &mut self.prob)?;
                    anom(&mut self.anom, &self.request.feats, &mut self.recon)?;
                    Ok(beside.join().map_err(|_| "the second thread panicked")??)
                })?;
                self.record = join(&self.prob, &self.logits, &self.recon, &self.request.feats);
            }
        }
        Ok(())
    }
}

fn best(values: &[f32]) -> usize {
    let pairs = values.iter().enumerate();
    pairs
        .max_by(|a, b| a.1.total_cmp(b.1))
        .map_or(0, |(index, _)| index)
}

/// The record of the workload's definition.
fn join(prob: &[f32], logits: &[f32], recon: &[f32], feats: &[f32]) -> [f64; 6] {
    let class = best(prob);
    let mut counts = [0usize; 9];
    let mut confidence = 0.0f64;
    for row in logits.chunks_exact(9) {
        let label = best(row);
        counts[label] += 1;
        confidence += 1.0 / f64::from(row.iter().map(|z| (z - row[label]).exp()).sum::<f32>());
    }
    confidence /= (logits.len() / 9) as f64;
    let label = (0..9).rev().max_by_key(|label| counts[*label]).unwrap_or(0);
    let squares = recon.iter().zip(feats).map(|(a, b)| (a - b) * (a - b));
    // Eight sums side by side, which the compiler turns into vectors.
    let mut sums = [0.0f32; 8];
    for (index, square) in squares.enumerate() {
        sums[index % 8] += square;
    }
    let error = f64::from(sums.iter().sum::<f32>()) / recon.len() as f64;
    let probability = f64::from(prob[class]);
    let score = (probability + confidence + (-error).exp()) / 3.0;
    [class as f64, probability, label as f64, confidence, error, score]
}
