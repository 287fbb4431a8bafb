//! What was probably meant by a part of a type that is not one.

use super::super::Element;
use crate::quantity::QuantityFault;

/// The element that another language's name stands for.
pub(super) fn element(found: &str) -> Option<&'static str> {
    let element = match found.to_ascii_lowercase().as_str() {
        "float" | "float32" | "single" | "fp32" => Element::F32,
        "int" | "int32" => Element::I32,
        "int64" | "long" => Element::I64,
        "byte" | "bytes" | "uint8" => Element::U8,
        "string" | "str" | "text" | "utf-8" => Element::Utf8,
        _ => return None,
    };
    Some(element.name())
}

/// What is wrong with the text between the brackets of a shape.
pub(super) enum ShapeFlaw {
    /// A dimension without a size.
    Unbounded(String),
    /// The whole shape as it was probably meant.
    Mended(String),
    /// Anything else.
    Unknown,
}

pub(super) fn shape(text: &str) -> ShapeFlaw {
    let separated = if text.contains(',') {
        text.to_owned()
    } else {
        text.replace(['x', '*', '×'], ",")
    };
    let bounds: Vec<String> = separated
        .split(',')
        .map(|dim| dim.replace("<=", "<").replace(['_', ' '], ""))
        .collect();
    let is_size = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let mut mended = Vec::new();
    for dim in bounds {
        match dim.split_once('<') {
            Some((name, size)) if is_name(name) && is_size(size) => mended.push(format!("{name}<={size}")),
            None if is_size(&dim) => mended.push(dim),
            None if dim.is_empty() || dim == "?" || dim == "-1" || is_name(&dim) => {
                return ShapeFlaw::Unbounded(dim);
            }
            Some(_) | None => return ShapeFlaw::Unknown,
        }
    }
    ShapeFlaw::Mended(mended.join(", "))
}

/// A rate as it was probably meant, without a blank; with its unit if that stands behind a blank.
pub(super) fn rate(fault: &QuantityFault, found: &str, behind: &str) -> Option<(usize, String)> {
    let unit = behind.trim_start();
    let unit_length = unit
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(unit.len());
    let whole = format!("{found}{}", &unit[..unit_length]);
    if unit_length > 0 && !found.is_empty() && crate::quantity::frequency_mhz(&whole).is_ok() {
        return Some((behind.len() - unit.len() + unit_length, whole));
    }
    Some((0, fault.mended()?.replace(' ', "")))
}

/// A range whose numbers are there but written otherwise.
pub(super) fn range(found: &str) -> Option<String> {
    let found = found.trim_matches(['[', ']', '(', ')']);
    let split = |at: usize, length: usize| {
        let (low, high) = (found.get(..at)?, found.get(at + length..)?);
        let numbers: (f64, f64) = (low.parse().ok()?, high.parse().ok()?);
        let finite =
            numbers.0.is_finite() && numbers.1.is_finite() && numbers.0.total_cmp(&numbers.1).is_ne();
        finite.then(|| {
            if numbers.0 < numbers.1 {
                format!("{low}..{high}")
            } else {
                format!("{high}..{low}")
            }
        })
    };
    for separator in ["...", "..", ":", "~", "-"] {
        let at = found
            .match_indices(separator)
            .find_map(|(at, _)| split(at, separator.len()));
        if at.is_some() {
            return at;
        }
    }
    None
}
