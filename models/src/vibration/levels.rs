//! Levels of bands of a power spectral density.

use super::Band;

/// The logarithm of the root mean square within a band: half the logarithm of the density's sum over bins from the lower edge
/// to below the upper, times the distance of two bins. An empty band, or one without power, has that of the smallest number.
pub fn band_level(density: &[f64], step_hz: f64, band: Band) -> f64 {
    let inside = density.iter().enumerate().filter(|(index, _)| {
        let hz = *index as f64 * step_hz;
        band.low_hz <= hz && hz < band.high_hz
    });
    let power: f64 = inside.map(|(_, density)| density).sum::<f64>() * step_hz;
    0.5 * power.max(f64::MIN_POSITIVE).ln()
}
