//! `control/select`: passes on the first of several values that is there and may be taken.

use motet_core::arena::{ReadLease, ValueError, WriteLease};
use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::condition::LeaseValues;
use motet_core::diagnostic::nearest;
use motet_core::expression::Expression;
use motet_core::limits::NAME_BYTES_MAX;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Element, TensorType};

use crate::condition;

mod join;

const CONDITION_ENDING: &str = "_if";
const PREFER: &str = "prefer";

/// The kind `control/select`.
pub struct Select;

impl NodeKind for Select {
    fn name(&self) -> &str {
        "control/select"
    }

    fn about(&self) -> &str {
        "Passes on one of several values of the same type: the first that is present and, where the parameter \
         `INPUT_if` states a condition for it, whose condition holds. Candidates are tried in the order of \
         `prefer`; without `prefer` every input is a candidate, in the order of the file. With `prefer`, inputs \
         it does not name are no candidates: they may have any type and serve the conditions, as in \
         `{in: {new: a, old: b, trust: c}, with: {prefer: [new, old], new_if: \"trust > 0.9\"}}`. Outputs: \
         `value`, which takes the largest bounds of the candidates, and `from`, the name of the input it came \
         from. Both are absent when there is nothing to pass on."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![
            ParamSpec {
                name: PREFER,
                param_type: ParamType::Texts,
                default: Some(ParamValue::Texts(Vec::new())),
                about: "the inputs to choose from, best first; all inputs when empty",
            },
            ParamSpec {
                name: "*_if",
                param_type: ParamType::Condition,
                default: None,
                about: "when the input named before `_if` may be taken",
            },
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        Ok(InputSpecs {
            named: Vec::new(),
            further: Some(Accepts::Any),
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let candidates = read_candidates(params, inputs)?;
        let ports = candidates.iter().filter_map(|candidate| {
            let input = inputs.get(candidate.input)?;
            Some((input.name.as_str(), input.port.as_ref()?))
        });
        let port = join::join(ports)?;
        let name_bytes = u32::try_from(NAME_BYTES_MAX).unwrap_or(u32::MAX);
        let value = OutputSpec {
            may_be_absent: true,
            ..OutputSpec::new("value", port)
        };
        let from = OutputSpec::new("from", TensorType::text(name_bytes));
        Ok(vec![
            value,
            OutputSpec {
                may_be_absent: true,
                ..from
            },
        ])
    }

    fn cost(&self, _params: &Params, signature: &Signature, _: &Placement) -> Cost {
        // Copying counts as one operation per four bytes.
        let value = signature
            .outputs
            .first()
            .map(|output| output.port.tensors().map(TensorType::bytes_max).sum());
        Cost {
            flops: value.unwrap_or(0u64) / 4,
            ..Cost::default()
        }
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        _: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let candidates = read_candidates(params, &signature.inputs)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        Ok(Box::new(SelectNode { candidates }))
    }
}

/// An input that may be passed on.
struct Candidate {
    input: usize,
    name: String,
    condition: Option<Expression>,
}

fn read_candidates(params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<Candidate>, Vec<KindFault>> {
    let mut faults = Vec::new();
    let mut candidates: Vec<Candidate> = Vec::new();
    let prefer = if let Some(ParamValue::Texts(names)) = params.get(PREFER) {
        names.as_slice()
    } else {
        &[]
    };
    let add = |input: usize| Candidate {
        input,
        name: inputs[input].name.clone(),
        condition: None,
    };
    for name in prefer {
        match inputs.iter().position(|input| input.name == *name) {
            Some(input) if candidates.iter().all(|other| other.input != input) => candidates.push(add(input)),
            Some(_) => {
                let place = FaultPlace::Param(PREFER.to_owned(), None);
                faults.push(KindFault::new(place, format!("`{name}` is listed twice")).help("name it once"));
            }
            None => faults.push(no_input(PREFER, name, inputs)),
        }
    }
    if prefer.is_empty() {
        candidates.extend((0..inputs.len()).map(add));
    }
    for (param, value) in params.iter() {
        let (Some(name), ParamValue::Text(text)) = (param.strip_suffix(CONDITION_ENDING), value) else {
            continue;
        };
        let candidate = candidates.iter_mut().find(|candidate| candidate.name == name);
        match (candidate, condition::read(param, text, inputs)) {
            (Some(candidate), Ok(condition)) => candidate.condition = Some(condition),
            (_, Err(found)) => faults.extend(found),
            (None, Ok(_)) => faults.push(no_candidate(param, name, inputs)),
        }
    }
    if candidates.is_empty() && faults.is_empty() {
        let fault = KindFault::new(FaultPlace::Node, "there is nothing to select from");
        faults.push(fault.help("connect inputs, as in `in: {first: a, second: b}`"));
    }
    if faults.is_empty() {
        Ok(candidates)
    } else {
        Err(faults)
    }
}

fn no_input(param: &str, name: &str, inputs: &[ConnectedInput]) -> KindFault {
    let known = inputs.iter().map(|input| input.name.as_str());
    let place = FaultPlace::Param(param.to_owned(), None);
    let fault = KindFault::new(place, format!("the node has no input `{name}`"));
    match nearest(name, known.clone()) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault.help(format!(
            "its inputs are: {}",
            known.collect::<Vec<_>>().join(", ")
        )),
    }
}

fn no_candidate(param: &str, name: &str, inputs: &[ConnectedInput]) -> KindFault {
    if inputs.iter().all(|input| input.name != name) {
        return no_input(param, name, inputs);
    }
    let place = FaultPlace::Param(param.to_owned(), None);
    let fault = KindFault::new(
        place,
        format!("input `{name}` is no candidate, so its condition has no effect"),
    );
    fault.help(format!("add `{name}` to `{PREFER}`, or remove `{param}`"))
}

struct SelectNode {
    candidates: Vec<Candidate>,
}

impl Node for SelectNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let values = LeaseValues(inputs.values());
        for candidate in &self.candidates {
            let Some(lease) = inputs.get(candidate.input) else {
                continue;
            };
            let may_be_taken = candidate
                .condition
                .as_ref()
                .is_none_or(|condition| condition.holds(&values));
            if may_be_taken {
                copy(lease, outputs.record(0)?)?;
                return outputs.text(1, &candidate.name);
            }
        }
        Ok(())
    }
}

fn copy(from: &ReadLease, to: &mut WriteLease) -> Result<(), ValueError> {
    for field in 0..from.field_count() {
        let dims = from.dims(field)?;
        match from.element(field)? {
            Element::F32 => to
                .tensor::<f32>(field, dims)?
                .copy_from_slice(from.tensor(field)?),
            Element::I32 => to
                .tensor::<i32>(field, dims)?
                .copy_from_slice(from.tensor(field)?),
            Element::I64 => to
                .tensor::<i64>(field, dims)?
                .copy_from_slice(from.tensor(field)?),
            Element::U8 | Element::Utf8 => to.tensor::<u8>(field, dims)?.copy_from_slice(from.tensor(field)?),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{Trial, Value};

    fn two() -> Trial<'static> {
        Trial::of(&Select)
            .input("new", "f32[T<=3]")
            .input("old", "f32[T<=4]")
    }

    fn prefer(names: &[&str]) -> ParamValue {
        ParamValue::Texts(names.iter().map(|name| (*name).to_owned()).collect())
    }

    fn samples(values: &[f32]) -> Option<Value> {
        Some(Value::samples(values))
    }

    fn check(trial: &Trial<'_>, values: &[Option<Value>], expected: Option<(&[f32], &str)>) {
        let outputs = trial.run(values).unwrap();
        let value = outputs[0].as_ref().map(|lease| lease.tensor::<f32>(0).unwrap());
        let from = outputs[1].as_ref().map(|lease| lease.text(0).unwrap());
        assert_eq!(
            (value, from),
            (expected.map(|(value, _)| value), expected.map(|(_, from)| from))
        );
    }

    #[test]
    fn the_first_value_that_is_present_is_passed_on() {
        check(
            &two(),
            &[samples(&[1.0]), samples(&[2.0, 3.0])],
            Some((&[1.0], "new")),
        );
        check(&two(), &[None, samples(&[2.0, 3.0])], Some((&[2.0, 3.0], "old")));
        check(&two(), &[None, None], None);
    }

    #[test]
    fn prefer_sets_the_order() {
        let trial = two().with("prefer", prefer(&["old", "new"]));
        check(&trial, &[samples(&[1.0]), samples(&[2.0])], Some((&[2.0], "old")));
        check(&trial, &[samples(&[1.0]), None], Some((&[1.0], "new")));
    }

    #[test]
    fn a_candidate_whose_condition_does_not_hold_is_passed_over() {
        let trial = two()
            .input("trust", "record{level: f32, by: utf8[T<=8]}")
            .with("prefer", prefer(&["new", "old"]))
            .text("new_if", "trust.level > 0.9");
        let trust = |level| Some(Value::Record(vec![Value::number(level), Value::Text("me")]));
        check(
            &trial,
            &[samples(&[1.0]), samples(&[2.0]), trust(0.95)],
            Some((&[1.0], "new")),
        );
        check(
            &trial,
            &[samples(&[1.0]), samples(&[2.0]), trust(0.5)],
            Some((&[2.0], "old")),
        );
        check(&trial, &[samples(&[1.0]), None, None], None);
    }

    #[test]
    fn records_are_passed_on_whole() {
        let port = "record{label: utf8[T<=8], count: i64, all: f32[2]}";
        let trial = Trial::of(&Select).input("a", port).input("b", port);
        let all = Value::F32(vec![2], vec![0.5, 0.25]);
        let record = Value::Record(vec![Value::Text("stop"), Value::I64(-7), all]);
        let outputs = trial.run(&[None, Some(record)]).unwrap();
        let value = outputs[0].as_ref().unwrap();
        assert_eq!(value.text(0).unwrap(), "stop");
        assert_eq!(value.tensor::<i64>(1).unwrap(), [-7]);
        assert_eq!(value.tensor::<f32>(2).unwrap(), [0.5, 0.25]);
    }

    #[test]
    fn the_output_takes_the_largest_bounds() {
        assert_eq!(two().types(), ["value: f32[T<=4]", "from: utf8[T<=64]"]);
        assert!(
            two()
                .signature()
                .unwrap()
                .outputs
                .iter()
                .all(|output| output.may_be_absent)
        );
    }

    fn refuse(trial: &Trial<'_>, place: &FaultPlace, message: &str) {
        let faults = trial.faults();
        let found: Vec<_> = faults
            .iter()
            .map(|fault| (&fault.place, fault.message.as_str()))
            .collect();
        assert_eq!(found, [(place, message)]);
    }

    #[test]
    fn faults_name_their_place() {
        let param = |name: &str| FaultPlace::Param(name.to_owned(), None);
        refuse(
            &Trial::of(&Select),
            &FaultPlace::Node,
            "there is nothing to select from",
        );
        refuse(
            &two().with("prefer", prefer(&["nwe"])),
            &param("prefer"),
            "the node has no input `nwe`",
        );
        refuse(
            &two().with("prefer", prefer(&["new", "new"])),
            &param("prefer"),
            "`new` is listed twice",
        );
        refuse(
            &two().text("odl_if", "true"),
            &param("odl_if"),
            "the node has no input `odl`",
        );
        refuse(
            &two().with("prefer", prefer(&["new"])).text("old_if", "true"),
            &param("old_if"),
            "input `old` is no candidate, so its condition has no effect",
        );
        let place = FaultPlace::Param("new_if".to_owned(), Some(0..1));
        refuse(
            &two().text("new_if", "x > 1"),
            &place,
            "there is no input `x` here",
        );
    }
}
