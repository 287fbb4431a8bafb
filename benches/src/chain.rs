//! The chain: a value goes through nodes that pass it on.

/// Bytes of the value.
pub const SIZES: [usize; 3] = [1 << 10, 1 << 20, 4 << 20];

/// Nodes of a chain.
pub const LENGTHS: [usize; 3] = [1, 4, 16];

/// What the driver calls a chain.
pub fn part(bytes: usize, length: usize) -> String {
    format!("{bytes}x{length}")
}
