//! The type that holds a value of any of several types.

use motet_core::catalog::{FaultPlace, KindFault};
use motet_core::port::{Dim, Field, PortType, Range, TensorType};

/// Returns the smallest type that takes a value of each of these ports; the first one sets the structure.
///
/// Bounds grow to the largest. A range is stated only if every port states one. Rate and unit must be the
/// same everywhere, since a value does not carry them along.
///
/// # Errors
/// One fault at the first input that differs in structure, element, dimensions, rate or unit.
pub(super) fn join<'a>(
    ports: impl Iterator<Item = (&'a str, &'a PortType)>,
) -> Result<PortType, Vec<KindFault>> {
    let mut joined: Option<(&str, PortType)> = None;
    for (name, port) in ports {
        joined = Some(match joined {
            None => (name, port.clone()),
            Some((first, so_far)) => {
                let both = join_ports(&so_far, port).map_err(|fact| differs(first, name, fact))?;
                (first, both)
            }
        });
    }
    let nothing = || {
        let message = "nothing is connected to the inputs to select from";
        vec![KindFault::new(FaultPlace::Node, message)]
    };
    joined.map(|(_, port)| port).ok_or_else(nothing)
}

fn differs(first: &str, name: &str, fact: &str) -> Vec<KindFault> {
    let place = FaultPlace::Input(name.to_owned());
    let fault = KindFault::new(place, format!("inputs `{first}` and `{name}` differ in {fact}"));
    vec![fault.help("connect values of one type, or list in `prefer` only the inputs to choose from")]
}

fn join_ports(a: &PortType, b: &PortType) -> Result<PortType, &'static str> {
    match (a, b) {
        (PortType::Tensor(a), PortType::Tensor(b)) => join_tensors(a, b).map(PortType::Tensor),
        (PortType::Record(a), PortType::Record(b)) => {
            let is_same = a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name == b.name);
            if !is_same {
                return Err("the fields of their records");
            }
            let fields = a
                .iter()
                .zip(b)
                .map(|(a, b)| Ok(Field::new(&a.name, join_tensors(&a.tensor, &b.tensor)?)));
            fields.collect::<Result<_, _>>().map(PortType::Record)
        }
        (PortType::Tensor(_), PortType::Record(_)) | (PortType::Record(_), PortType::Tensor(_)) => {
            Err("structure: one is a record")
        }
    }
}

fn join_tensors(a: &TensorType, b: &TensorType) -> Result<TensorType, &'static str> {
    if a.element != b.element {
        return Err("element");
    }
    if a.dims.len() != b.dims.len() {
        return Err("the number of dimensions");
    }
    if a.rate_mhz != b.rate_mhz {
        return Err("rate");
    }
    if a.unit != b.unit {
        return Err("unit");
    }
    let range = a.range.zip(b.range);
    Ok(TensorType {
        dims: a.dims.iter().zip(&b.dims).map(|(a, b)| join_dims(a, b)).collect(),
        range: range.map(|(a, b)| Range {
            low: a.low.min(b.low),
            high: a.high.max(b.high),
        }),
        privacy: a.privacy.max(b.privacy),
        ..a.clone()
    })
}

fn join_dims(a: &Dim, b: &Dim) -> Dim {
    let name = if a.name == b.name { a.name.clone() } else { None };
    Dim {
        max: a.max.max(b.max),
        exact: a.exact && b.exact && a.max == b.max,
        name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &str, b: &str, expected: Result<&str, &str>) {
        let ports = [a, b].map(|text| PortType::parse(text).unwrap());
        let found = join(["a", "b"].into_iter().zip(&ports));
        let found = found.map(|port| port.to_string()).map_err(|faults| {
            assert_eq!(faults[0].place, FaultPlace::Input("b".to_owned()));
            faults[0].message.clone()
        });
        let expected = expected
            .map(str::to_owned)
            .map_err(|fact| format!("inputs `a` and `b` differ in {fact}"));
        assert_eq!(found, expected, "{a} with {b}");
    }

    #[test]
    fn bounds_grow_and_facts_that_both_state_stay() {
        check("f32[3]", "f32[3]", Ok("f32[3]"));
        check("f32[3]", "f32[4]", Ok("f32[<=4]"));
        check("f32[T<=3, 2]", "f32[T<=5, 2]", Ok("f32[T<=5, 2]"));
        check("f32[T<=3]", "f32[N<=2]", Ok("f32[<=3]"));
        check(
            "f32 rate=16kHz range=-1..0",
            "f32 rate=16kHz range=0..2",
            Ok("f32 rate=16kHz range=-1..2"),
        );
        check("f32 range=-1..0", "f32", Ok("f32"));
        check(
            "utf8[T<=9]",
            "utf8[T<=8] privacy=phi",
            Ok("utf8[T<=9] privacy=phi"),
        );
        check(
            "record{a: f32[2], b: i32}",
            "record{a: f32[1], b: i32}",
            Ok("record{a: f32[<=2], b: i32}"),
        );
    }

    #[test]
    fn what_cannot_be_one_type_is_named() {
        check("f32", "i32", Err("element"));
        check("f32[2]", "f32[2, 1]", Err("the number of dimensions"));
        check("f32[2] rate=16kHz", "f32[2] rate=8kHz", Err("rate"));
        check("f32[2] unit=g", "f32[2]", Err("unit"));
        check(
            "record{a: f32}",
            "record{b: f32}",
            Err("the fields of their records"),
        );
        check("record{a: f32}", "f32", Err("structure: one is a record"));
    }
}
