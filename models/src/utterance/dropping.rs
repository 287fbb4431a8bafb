//! What is dropped between layers in training.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::batch::Drawn;
use super::net::Dropping;

/// Factors that drop a share of the numbers and scale up the others.
pub(super) struct Drop<'a> {
    share: f32,
    random: ChaCha8Rng,
    device: &'a Device,
}

impl<'a> Drop<'a> {
    pub(super) fn new(share: f32, examples: &[Drawn], device: &'a Device) -> Self {
        let seed = examples.first().map_or(0, |example| example.seed);
        Self {
            share,
            random: ChaCha8Rng::seed_from_u64(seed),
            device,
        }
    }
}

impl Dropping for Drop<'_> {
    fn factors(&mut self, shape: [usize; 3]) -> Option<Tensor<3>> {
        if self.share <= 0.0 {
            return None;
        }
        let mut bytes = vec![0_u8; shape.iter().product()];
        self.random.fill_bytes(&mut bytes);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of 256 is a byte"
        )]
        let dropped = (self.share * 256.0) as u8;
        let kept = 256.0 / (256.0 - f32::from(dropped));
        let factors: Vec<f32> = bytes
            .iter()
            .map(|byte| if *byte < dropped { 0.0 } else { kept })
            .collect();
        Some(Tensor::from_data(TensorData::new(factors, shape), self.device))
    }
}
