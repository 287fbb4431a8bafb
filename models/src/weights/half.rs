//! Floats of 16 bits, widened to 32.

/// Widens a number of 1 sign bit, 5 bits of exponent and 10 of fraction.
///
/// # Source
/// IEEE 754-2008, binary16.
pub(super) fn f16(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let exponent = u32::from(bits >> 10 & 0x1f);
    let fraction = u32::from(bits & 0x3ff);
    match exponent {
        // Multiples of 2^-24, which a 32-bit float holds exactly.
        0 => f32::from_bits(sign | (fraction as f32 / 16_777_216.0).to_bits()),
        31 => f32::from_bits(sign | 0xff << 23 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13),
    }
}

/// Widens the upper half of a 32-bit float.
pub(super) fn bf16(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_equals_the_formula_of_the_standard() {
        for bits in 0..=u16::MAX {
            let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
            let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023) / 1024.0);
            let expected = match exponent {
                0 => sign * 2f64.powi(-14) * fraction,
                31 if fraction == 0.0 => sign * f64::INFINITY,
                31 => f64::NAN,
                _ => sign * 2f64.powi(exponent - 15) * (1.0 + fraction),
            };
            let found = f64::from(f16(bits));
            assert!(
                found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan(),
                "{bits:#x}: {found} is not {expected}"
            );
        }
    }

    #[test]
    fn a_brain_float_is_the_upper_half() {
        assert_eq!(bf16(0x3f80).to_bits(), 1.0_f32.to_bits());
        assert_eq!(bf16(0xc049).to_bits(), (-3.140625_f32).to_bits());
        assert!(bf16(0x7fc0).is_nan());
    }
}
