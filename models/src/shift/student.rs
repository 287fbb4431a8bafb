//! Tails of Student's t distribution, in logarithms.

use crate::beta::{Logarithms, border, ln_beta, ln_incomplete_beta};

/// Student's t distribution with some degrees of freedom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Student {
    freedom: f64,
    ln_beta: f64,
}

impl Student {
    /// The distribution with `freedom` degrees of freedom, 1 or more.
    pub fn new(freedom: f64) -> Self {
        let freedom = freedom.max(1.0);
        Self {
            freedom,
            ln_beta: ln_beta(freedom / 2.0, 0.5),
        }
    }

    /// Its degrees of freedom.
    pub fn freedom(&self) -> f64 {
        self.freedom
    }

    /// How rare a value as far from 0 as `z` is, to either side: -log10 P(|t| > |z|), 0 or more.
    ///
    /// # Source
    /// Abramowitz and Stegun (1964), 26.7.1 and 26.5.27: P(|t| > z) = I_x(nu/2, 1/2) with x = nu / (nu + z^2).
    pub fn rarity(&self, z: f64) -> f64 {
        let ratio = z * z / self.freedom;
        if ratio == 0.0 {
            return 0.0;
        }
        let at = Logarithms {
            x: 1.0 / (1.0 + ratio),
            ln_x: -ratio.ln_1p(),
            ln_rest: ratio.ln() - ratio.ln_1p(),
        };
        let tail = ln_incomplete_beta(at, (self.freedom / 2.0, 0.5), self.ln_beta);
        (-tail / std::f64::consts::LN_10).max(0.0)
    }

    /// The distance from 0 at which values are as rare as this.
    pub fn distance(&self, rarity: f64) -> f64 {
        border(|z| self.rarity(z) < rarity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_the_reference() {
        let text = include_str!("../../reference/anomaly/skab_vectors.json");
        let vectors: serde_json::Value = serde_json::from_str(text).unwrap();
        let tails = vectors["student_t_minus_log10_two_sided"].as_array().unwrap();
        assert_eq!(tails.len(), 7);
        for tail in tails {
            let number = |name: &str| tail[name].as_f64().unwrap();
            let found = Student::new(number("nu")).rarity(number("z"));
            // Both are worked out in doubles; their gamma functions differ in the last digits.
            assert!((found / number("value") - 1.0).abs() < 1e-11, "{tail}: {found}");
        }
    }

    #[test]
    fn one_and_two_degrees_have_closed_forms() {
        for z in [0.01_f64, 0.5, 1.0, 7.0, 1e6] {
            // Cauchy, and P(|t| > z) = 1 - z / sqrt(2 + z^2).
            let cauchy = 2.0 / std::f64::consts::PI * (1.0 / z).atan();
            assert!(
                (Student::new(1.0).rarity(z) + cauchy.log10()).abs() < 1e-10,
                "{z}"
            );
            let root = (2.0 + z * z).sqrt();
            let two = 2.0 / (root * (root + z));
            assert!((Student::new(2.0).rarity(z) + two.log10()).abs() < 1e-10, "{z}");
        }
    }

    #[test]
    fn a_distance_is_as_rare_as_was_asked_for() {
        // 2.5 % to either side of ten degrees of freedom: 2.228 in every table.
        let found = Student::new(10.0).distance(-(0.05_f64.log10()));
        assert!((found - 2.228_138_85).abs() < 1e-7, "{found}");
    }
}
