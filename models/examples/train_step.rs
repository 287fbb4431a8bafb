//! Steps of training on the `flex` backend, as a process that a driver asks for them: see `benches/train/run`.
//!
//!     train_step write DATA
//!     train_step run DATA THREADS
//!
//! The first writes weights to begin with and batches to DATA, for this program and for its peer. The second reads lines
//! with a number of steps, takes them, and answers each line with one of JSON: the wall time of every step, in
//! milliseconds, and its loss.
//!
//! Each thread takes its share of a batch through a net of its own on its own pool of one thread; gradients are added
//! where the optimiser reads them, and each thread steps its range of the weights.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "answers go to the driver, and tell the time"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use burn::backend::Flex;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData};
use motet_models::encoder::{EncoderConfig, EncoderNet};
use motet_models::fused::keep_memory;
use motet_models::net::NetConfig;
use motet_models::weights::Weights;
use rayon::{ThreadPool, ThreadPoolBuilder};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize_to_file};
use serde_json::json;

const BATCH: usize = 16;
const TOKENS: usize = 64;
const BATCHES: usize = 8;
const LEARNING_RATE: f32 = 3e-4;
const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;
const DECAY: f32 = 0.01;

fn config() -> EncoderConfig {
    EncoderConfig {
        vocabulary: 4000,
        tokens_max: TOKENS,
        width: 192,
        heads: 4,
        inner: 768,
        layers: 4,
        labels: 16,
        epsilon: 1e-5,
        norm_first: true,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["write", data] => write(data),
        ["run", data, threads] => run(data, threads.parse()?),
        _ => Err("usage: see the first lines of models/examples/train_step.rs".into()),
    }
}

/// Writes a net and batches: tokens at random, each with the label that its remainder says.
fn write(path: &str) -> Result<(), Box<dyn Error>> {
    let config = config();
    let values = values(&config.init(1, &Device::flex())?);
    let mut state = 1_u64;
    let mut token = || {
        // Knuth 1997, "Seminumerical algorithms", 3.3.4, line 26.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as i64 % 4000
    };
    let ids: Vec<i64> = (0..BATCHES * BATCH * TOKENS).map(|_| token()).collect();
    let labels: Vec<i64> = ids.iter().map(|id| id % 16).collect();
    let bytes = |values: &[i64]| -> Vec<u8> { values.iter().flat_map(|x| x.to_le_bytes()).collect() };
    let mut all: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> = BTreeMap::new();
    let sizes = vec![BATCHES, BATCH, TOKENS];
    all.insert("ids".into(), (Dtype::I64, sizes.clone(), bytes(&ids)));
    all.insert("labels".into(), (Dtype::I64, sizes, bytes(&labels)));
    for spec in config.tensors() {
        let values = values[&spec.name].iter().flat_map(|x| x.to_le_bytes()).collect();
        all.insert(spec.name, (Dtype::F32, spec.shape, values));
    }
    let views = all
        .iter()
        .map(|(name, (dtype, shape, bytes))| Ok((name, TensorView::new(*dtype, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    serialize_to_file(views, None, path.as_ref())?;
    Ok(())
}

fn run(path: &str, threads: usize) -> Result<(), Box<dyn Error>> {
    keep_memory();
    let mut training = Training::open(path, threads)?;
    for line in std::io::stdin().lock().lines() {
        let (mut walls, mut losses) = (Vec::new(), Vec::new());
        for _ in 0..line?.trim().parse::<usize>()? {
            let start = Instant::now();
            losses.push(training.step());
            walls.push(start.elapsed().as_secs_f64() * 1e3);
        }
        println!("{}", json!({"wall_ms": walls, "losses": losses}));
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// Weights in training and those who train them.
struct Training {
    shards: Vec<Shard>,
    weights: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    ids: Vec<i64>,
    labels: Vec<i64>,
    steps: usize,
}

impl Training {
    fn open(path: &str, threads: usize) -> Result<Self, Box<dyn Error>> {
        let file = std::fs::read(path)?;
        let file = SafeTensors::deserialize(&file)?;
        let whole = |name: &str| -> Result<Vec<i64>, Box<dyn Error>> {
            let bytes = file.tensor(name)?;
            let (bytes, _) = bytes.data().as_chunks();
            Ok(bytes.iter().map(|x| i64::from_le_bytes(*x)).collect())
        };
        let mut tensors = Vec::new();
        for spec in config().tensors() {
            let bytes = file.tensor(&spec.name)?;
            let (bytes, _) = bytes.data().as_chunks();
            tensors.push((spec.name, bytes.iter().map(|x| f32::from_le_bytes(*x)).collect()));
        }
        let device = Device::flex().autodiff();
        let net = config().build(Weights::from_values(tensors), &device)?;
        let mut weights = Vec::new();
        net.visit(&mut Reader(&mut weights));
        let shard = |_| {
            Ok(Shard {
                pool: ThreadPoolBuilder::new().num_threads(1).build()?,
                net: net.clone(),
                gradient: vec![0.0; weights.len()],
            })
        };
        Ok(Self {
            shards: (0..threads).map(shard).collect::<Result<_, Box<dyn Error>>>()?,
            first: vec![0.0; weights.len()],
            second: vec![0.0; weights.len()],
            ids: whole("ids")?,
            labels: whole("labels")?,
            weights,
            steps: 0,
        })
    }

    /// Takes one step and returns the loss before it.
    fn step(&mut self) -> f32 {
        let batch = BATCH * TOKENS;
        let range = self.steps % BATCHES * batch..(self.steps % BATCHES + 1) * batch;
        self.steps += 1;
        let (ids, labels) = (&self.ids[range.clone()], &self.labels[range]);
        let threads = self.shards.len();
        let share = BATCH.div_ceil(threads) * TOKENS;
        let weights = &self.weights;
        let loss = std::thread::scope(|scope| {
            let parts = self
                .shards
                .iter_mut()
                .zip(ids.chunks(share).zip(labels.chunks(share)));
            let work = |(shard, (ids, labels)): (&'_ mut Shard, (&'_ [i64], &'_ [i64]))| {
                let part = ids.len() as f32 / batch as f32;
                part * shard.pass(weights, (ids, labels), part)
            };
            let handles: Vec<_> = parts.map(|part| scope.spawn(move || work(part))).collect();
            handles
                .into_iter()
                .map(|handle| handle.join().expect("a shard"))
                .sum()
        });
        self.update();
        loss
    }

    /// AdamW as in `models/src/train/optimiser.rs`, each thread on its range.
    fn update(&mut self) {
        let steps = i32::try_from(self.steps).unwrap_or(i32::MAX);
        let (bias_1, bias_2) = (1.0 - BETA_1.powi(steps), 1.0 - BETA_2.powi(steps));
        let share = self.weights.len().div_ceil(self.shards.len());
        let gradients: Vec<&[f32]> = self.shards.iter().map(|shard| &shard.gradient[..]).collect();
        let gradients = &gradients;
        std::thread::scope(|scope| {
            let moments = self.first.chunks_mut(share).zip(self.second.chunks_mut(share));
            for (index, (weights, (first, second))) in self.weights.chunks_mut(share).zip(moments).enumerate()
            {
                scope.spawn(move || {
                    let range = index * share..index * share + weights.len();
                    let mut sum = gradients[0][range.clone()].to_vec();
                    for gradient in &gradients[1..] {
                        for (sum, value) in sum.iter_mut().zip(&gradient[range.clone()]) {
                            *sum += value;
                        }
                    }
                    for ((weight, gradient), (first, second)) in
                        weights.iter_mut().zip(sum).zip(first.iter_mut().zip(second))
                    {
                        *first = BETA_1 * *first + (1.0 - BETA_1) * gradient;
                        *second = BETA_2 * *second + (1.0 - BETA_2) * gradient * gradient;
                        let step = (*first / bias_1) / ((*second / bias_2).sqrt() + EPSILON);
                        *weight -= LEARNING_RATE * (step + DECAY * *weight);
                    }
                });
            }
        });
    }
}

/// One thread with its net.
struct Shard {
    pool: ThreadPool,
    net: EncoderNet,
    /// Times the share of the batch.
    gradient: Vec<f32>,
}

impl Shard {
    /// Leaves the gradient of its share of a batch, and returns the loss there.
    fn pass(&mut self, weights: &[f32], (ids, labels): (&[i64], &[i64]), part: f32) -> f32 {
        let Shard { pool, net, gradient } = self;
        pool.install(|| {
            let device = Device::flex().autodiff();
            *net = net.clone().map(&mut Writer(weights));
            let shape = [ids.len() / TOKENS, TOKENS];
            let ids = Tensor::<2, Int>::from_data(TensorData::new(ids.to_vec(), shape), &device);
            let labels = TensorData::new(labels.to_vec(), [labels.len()]);
            let labels = Tensor::<1, Int>::from_data(labels, &device);
            let scores = net.forward(ids).reshape([shape[0] * TOKENS, config().labels]);
            let loss = CrossEntropyLossConfig::new()
                .init(&device)
                .forward(scores, labels);
            let gradients = (loss.clone() * part).backward();
            net.visit(&mut GradientReader {
                gradients,
                to: gradient,
            });
            loss.into_scalar::<f32>()
        })
    }
}

/// Every weight, layer by layer.
struct Reader<'a>(&'a mut Vec<f32>);

impl ModuleVisitor for Reader<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.extend(param.val().into_data().iter::<f32>());
    }
}

/// As [`Reader`], by name.
fn values(net: &EncoderNet) -> BTreeMap<String, Vec<f32>> {
    struct Named {
        path: Vec<String>,
        all: BTreeMap<String, Vec<f32>>,
    }
    impl ModuleVisitor for Named {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let values = param.val().into_data().iter::<f32>().collect();
            self.all.insert(self.path.join("."), values);
        }
    }
    let mut named = Named {
        path: Vec::new(),
        all: BTreeMap::new(),
    };
    net.visit(&mut named);
    named.all
}

/// The gradient of every weight, layer by layer.
struct GradientReader<'a> {
    gradients: Gradients,
    to: &'a mut [f32],
}

impl ModuleVisitor for GradientReader<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let to = std::mem::take(&mut self.to);
        let (head, rest) = to.split_at_mut(value.shape().num_elements());
        self.to = rest;
        let gradient = value
            .grad_remove(&mut self.gradients)
            .expect("every weight is trained");
        let gradient = gradient.try_into_primitive::<Flex>().expect("on this device");
        match gradient.as_slice::<f32>() {
            Some(values) => head.copy_from_slice(values),
            None => head.copy_from_slice(gradient.to_contiguous().as_slice().expect("dense")),
        }
    }
}

/// Puts a vector in place of the weights.
struct Writer<'a>(&'a [f32]);

impl ModuleMapper for Writer<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (head, rest) = self.0.split_at(param.val().shape().num_elements());
        self.0 = rest;
        param.map(|value| {
            let data = TensorData::new(head.to_vec(), value.shape());
            Tensor::from_data(data, &value.device()).set_require_grad(true)
        })
    }
}
