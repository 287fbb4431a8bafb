//! Whether single numbers and names are within their ranges.

use super::super::{MAGNITUDE_MAX, MAGNITUDE_MIN, NAME_BYTES_MAX, Quantity, Unit};
use super::ReportError;

pub(super) fn measured(
    place: &'static str,
    quantity: Quantity,
    value: f64,
    unit: Unit,
) -> Result<(), ReportError> {
    number(place, value)?;
    if !quantity.is_sound() || !quantity.units().contains(&unit) {
        return Err(ReportError::Unit { quantity, unit });
    }
    if value < 0.0 && quantity.is_magnitude() {
        return Err(ReportError::Number { place, value });
    }
    Ok(())
}

pub(super) fn number(place: &'static str, value: f64) -> Result<(), ReportError> {
    let is_within = value == 0.0 || (MAGNITUDE_MIN..=MAGNITUDE_MAX).contains(&value.abs());
    if is_within {
        Ok(())
    } else {
        Err(ReportError::Number { place, value })
    }
}

pub(super) fn probability(place: &'static str, value: f64) -> Result<(), ReportError> {
    let is_within = value > 0.0 && value <= 1.0;
    if is_within {
        Ok(())
    } else {
        Err(ReportError::Number { place, value })
    }
}

/// Names are what a text can carry without quotes inside it: letters, digits, single spaces and a few signs.
pub(super) fn name(place: &'static str, text: &str) -> Result<(), ReportError> {
    let is_letter =
        |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '_' | '-' | '/' | '#' | '.');
    let edges = [text.chars().next(), text.chars().next_back()];
    let has_edges = edges.iter().all(|edge| edge.is_some_and(char::is_alphanumeric));
    let has_single = !text.contains("  ") && !text.contains(". ") && !text.contains(" .");
    if text.len() <= NAME_BYTES_MAX && has_edges && has_single && text.chars().all(is_letter) {
        Ok(())
    } else {
        Err(ReportError::Name { place })
    }
}
