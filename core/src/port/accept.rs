//! Which producer an input accepts.

use super::{Dim, PortType, Rate, TensorType};

/// Why an edge cannot be: which fact differs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// A record where a tensor is due, or the other way round, or other fields.
    #[error("structure")]
    Structure,
    /// Another element.
    #[error("element")]
    Element,
    /// Another number of dimensions, or sizes that may exceed the bound.
    #[error("shape")]
    Shape,
    /// Another rate, or none stated.
    #[error("rate")]
    Rate,
    /// Another physical unit, or none stated.
    #[error("unit")]
    Unit,
    /// Values may lie outside.
    #[error("range")]
    Range,
    /// More confidential than allowed here.
    #[error("privacy")]
    Privacy,
}

impl PortType {
    /// Whether a value of type `produced` may arrive where `self` is expected. What `self` does not state is
    /// not asked for; what it states must be stated, and met, by the producer.
    ///
    /// # Errors
    /// The first fact that differs.
    pub fn accepts(&self, produced: &PortType) -> Result<(), Mismatch> {
        match (self, produced) {
            (PortType::Tensor(wanted), PortType::Tensor(found)) => accepts_tensor(wanted, found),
            (PortType::Record(wanted), PortType::Record(found)) => {
                if wanted.len() != found.len() {
                    return Err(Mismatch::Structure);
                }
                wanted.iter().zip(found).try_for_each(|(wanted, found)| {
                    if wanted.name != found.name {
                        return Err(Mismatch::Structure);
                    }
                    accepts_tensor(&wanted.tensor, &found.tensor)
                })
            }
            (PortType::Tensor(_), PortType::Record(_)) | (PortType::Record(_), PortType::Tensor(_)) => {
                Err(Mismatch::Structure)
            }
        }
    }
}

fn accepts_tensor(wanted: &TensorType, found: &TensorType) -> Result<(), Mismatch> {
    if wanted.element != found.element {
        return Err(Mismatch::Element);
    }
    if wanted.dims.len() != found.dims.len() || !wanted.dims.iter().zip(&found.dims).all(dim_fits) {
        return Err(Mismatch::Shape);
    }
    if wanted.rate_mhz.is_some() && wanted.rate_mhz != found.rate_mhz {
        return Err(Mismatch::Rate);
    }
    if wanted.unit.is_some() && wanted.unit != found.unit {
        return Err(Mismatch::Unit);
    }
    if let Some(wanted) = wanted.range {
        let inside = found
            .range
            .is_some_and(|found| wanted.low <= found.low && found.high <= wanted.high);
        if !inside {
            return Err(Mismatch::Range);
        }
    }
    Ok(())
}

fn dim_fits((wanted, found): (&Dim, &Dim)) -> bool {
    if wanted.exact {
        found.exact && found.max == wanted.max
    } else {
        found.max <= wanted.max
    }
}

impl Mismatch {
    /// What to do about it, told to the author.
    pub fn help(&self, wanted: &PortType, found: &PortType) -> Option<String> {
        let (PortType::Tensor(wanted), PortType::Tensor(found)) = (wanted, found) else {
            return Some("read one field of the record, as in `node.field`".to_owned());
        };
        match self {
            Mismatch::Structure | Mismatch::Element | Mismatch::Shape => None,
            Mismatch::Rate => wanted.rate_mhz.map(|rate| match found.rate_mhz {
                Some(_) => format!(
                    "put a node of kind `audio/resample` with `rate: {}` between",
                    Rate(rate)
                ),
                None => format!("state `rate={}` where the value comes from", Rate(rate)),
            }),
            Mismatch::Unit => wanted
                .unit
                .as_ref()
                .map(|unit| format!("state `unit={unit}` where the value comes from")),
            Mismatch::Range => wanted
                .range
                .map(|range| format!("state `range={range}` where the value comes from")),
            Mismatch::Privacy => {
                Some("only a node that lowers the privacy class may stand between".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: &str, found: &str, expected: Result<(), Mismatch>) {
        let (wanted, found) = (PortType::parse(wanted).unwrap(), PortType::parse(found).unwrap());
        assert_eq!(wanted.accepts(&found), expected, "{wanted} <- {found}");
    }

    #[test]
    fn an_input_takes_what_meets_every_fact_it_states() {
        check("f32[T<=48000]", "f32[T<=16000]", Ok(()));
        check("f32[T<=48000]", "f32[16000] rate=16kHz", Ok(()));
        check(
            "f32[T<=48000] rate=16kHz",
            "f32[N<=48000] rate=16kHz unit=Pa",
            Ok(()),
        );
        check("f32[3] range=-1..1", "f32[3] range=0..1", Ok(()));
        check("record{a: f32, b: i32}", "record{a: f32, b: i32}", Ok(()));
    }

    #[test]
    fn the_fact_that_differs_is_named() {
        check("f32[3]", "i32[3]", Err(Mismatch::Element));
        check("f32[3]", "f32[4]", Err(Mismatch::Shape));
        check("f32[3]", "f32[T<=3]", Err(Mismatch::Shape));
        check("f32[T<=3]", "f32[T<=4]", Err(Mismatch::Shape));
        check("f32[3]", "f32[3, 1]", Err(Mismatch::Shape));
        check("f32[3] rate=16kHz", "f32[3] rate=8kHz", Err(Mismatch::Rate));
        check("f32[3] rate=16kHz", "f32[3]", Err(Mismatch::Rate));
        check("f32[3] unit=g", "f32[3] unit=mm/s", Err(Mismatch::Unit));
        check("f32[3] range=-1..1", "f32[3] range=-2..1", Err(Mismatch::Range));
        check("f32", "record{a: f32}", Err(Mismatch::Structure));
        check("record{a: f32}", "record{b: f32}", Err(Mismatch::Structure));
    }
}
