//! Vibration: spectra, levels, envelopes and orders of waveforms, in 64-bit floats.
//!
//! [`Welch`] has power densities and [`Statistics`] the moments of a waveform; [`Envelopes`] squared envelopes of bands, their
//! spectra and the fast kurtogram, of one transform of the waveform; [`Prominences`] and [`Comb`] how far lines stand out of
//! such a spectrum. [`Bearing`] tells where lines of damage are to be expected, [`orders`] counts time in turns of the shaft,
//! [`Velocity`] judges severity, [`RobustScale`] scales by what was learnt. There are no nets and no files here. Invariant:
//! the same numbers give the same result, bit for bit, and plans and buffers are made once for a length.

mod bearing;
mod comb;
mod envelope;
mod error;
mod fourier;
mod levels;
pub mod orders;
mod scale;
mod spline;
mod statistics;
#[cfg(test)]
mod tests;
mod velocity;
mod welch;

pub use bearing::{Bearing, DefectOrders};
pub use comb::{Comb, Line, Prominences};
pub use envelope::{Band, Envelopes, KURTOGRAM_PARTS, Kurtogram, Source};
pub use error::VibrationError;
pub use fourier::{Transforms, fast_length};
pub use levels::band_level;
pub use scale::{RobustScale, quantile};
pub use statistics::Statistics;
pub use velocity::{STANDARD_GRAVITY, Velocity};
pub use welch::{Welch, WelchConfig, hann};
