//! The arithmetic of the stand-in kinds, shared by the kinds and by the reference that evaluates a draft without
//! the runtime.

/// What a stand-in node reads: the words of one value, or nothing.
pub(crate) type Words = Option<Vec<u32>>;

/// What a stand-in node writes to one output.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mixed {
    pub(crate) score: f32,
    pub(crate) data: Vec<f32>,
}

impl Mixed {
    /// The words a reader sees: of the whole record, or of one field.
    pub(crate) fn words(&self, part: Part) -> Vec<u32> {
        let score = [self.score.to_bits()];
        let data = self.data.iter().map(|value| value.to_bits());
        match part {
            Part::Whole => score.into_iter().chain(data).collect(),
            Part::Score => score.to_vec(),
            Part::Data => data.collect(),
        }
    }
}

/// The part of a record that an edge carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    Score,
    Data,
}

/// One number of everything a firing of a node depends on: its seed, its memory and what it reads.
pub(crate) fn digest(seed: u64, state: u64, inputs: &[Words]) -> u64 {
    let mut hash = scramble(seed ^ state.rotate_left(32));
    for input in inputs {
        match input {
            None => hash = scramble(hash ^ 0xab5e_17ed),
            Some(words) => {
                hash = scramble(hash ^ words.len() as u64);
                for word in words {
                    hash = (hash ^ u64::from(*word))
                        .wrapping_mul(0x0000_0100_0000_01b3)
                        .rotate_left(23);
                }
            }
        }
    }
    scramble(hash)
}

/// What output `index` carries: between one and `size_max` numbers from 0 to 1.
pub(crate) fn mixed(digest: u64, index: usize, size_max: u32) -> Mixed {
    let start = scramble(digest ^ (index as u64 + 1));
    let size = 1 + start % u64::from(size_max);
    let number = |at: u64| (scramble(start.wrapping_add(at)) >> 40) as f32 / (1u64 << 24) as f32;
    Mixed {
        score: number(0),
        data: (1..=size).map(number).collect(),
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
pub(crate) fn scramble(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
