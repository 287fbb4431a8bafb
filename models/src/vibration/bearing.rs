//! Where damage of a rolling-element bearing shows: orders of the shaft's speed, from its geometry.

use serde::{Deserialize, Serialize};

use super::VibrationError;

/// The geometry of a bearing whose inner race turns with the shaft.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bearing {
    /// Number of balls or rollers, 3 to 200.
    pub balls: u32,
    /// Diameter of a ball or roller.
    pub ball_diameter_mm: f64,
    /// Diameter of the circle that their centres run on.
    pub pitch_diameter_mm: f64,
    /// Contact angle, from 0 to below 90.
    #[serde(default)]
    pub contact_angle_deg: f64,
}

/// How often something happens in a turn of the shaft.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DefectOrders {
    /// A ball passes a place on the outer race (BPFO).
    pub outer_race: f64,
    /// A ball passes a place on the inner race (BPFI).
    pub inner_race: f64,
    /// A ball turns about itself (BSF). A damaged place of it strikes twice in a turn: once on each race.
    pub ball_spin: f64,
    /// The cage turns (FTF).
    pub cage: f64,
}

impl Bearing {
    /// Refuses what is no bearing.
    ///
    /// # Errors
    /// [`VibrationError::Setting`] says which rule is broken.
    pub fn validate(&self) -> Result<(), VibrationError> {
        let fault = |fault| Err(VibrationError::Setting { fault });
        if !(3..=200).contains(&self.balls) {
            return fault("a bearing has from 3 to 200 balls");
        }
        let sizes = [self.ball_diameter_mm, self.pitch_diameter_mm];
        if !(sizes[0] > 0.0 && sizes[0] < sizes[1] && sizes[1] <= 1e5) {
            return fault(
                "the diameter of a ball is above 0 and below that of the pitch circle, at most 100 m",
            );
        }
        if !(0.0..90.0).contains(&self.contact_angle_deg) {
            return fault("the contact angle is from 0 to below 90 degrees");
        }
        Ok(())
    }

    /// The orders, without slip; balls that slip lower them by about one in a hundred.
    ///
    /// # Source
    /// Randall and Antoni 2011, "Rolling element bearing diagnostics: a tutorial", equations 1 to 4.
    pub fn orders(&self) -> DefectOrders {
        let balls = f64::from(self.balls);
        let ratio =
            self.ball_diameter_mm / self.pitch_diameter_mm * self.contact_angle_deg.to_radians().cos();
        DefectOrders {
            outer_race: balls / 2.0 * (1.0 - ratio),
            inner_race: balls / 2.0 * (1.0 + ratio),
            ball_spin: self.pitch_diameter_mm / (2.0 * self.ball_diameter_mm) * (1.0 - ratio * ratio),
            cage: (1.0 - ratio) / 2.0,
        }
    }
}
