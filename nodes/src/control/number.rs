//! `control/number`: a number worked out from other nodes' answers.

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, InputSpecs, KindFault, NodeKind, OutputSpec, ParamSpec,
    ParamType, Params, Signature,
};
use motet_core::condition::LeaseValues;
use motet_core::expression::{Expression, Type};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Element, TensorType};

use crate::condition;

const VALUE: &str = "value";

/// The kind `control/number`.
pub struct Number;

impl NodeKind for Number {
    fn name(&self) -> &str {
        "control/number"
    }

    fn about(&self) -> &str {
        "Works out one number from other nodes' answers, as `value` says: \
         `value: \"(word.score + text.confidence) / 2\"`. Inputs go under names of your own; a record's fields are read \
         as `input.field`, a single number as `input`. An input may be absent: arithmetic on it is absent, and then so \
         is the output; `if(present(input), input.score, 0)` gives it a value. So is a result that is not finite, such \
         as 1 / 0. The language is that of conditions: see docs/pipeline-format.md."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![ParamSpec {
            name: VALUE,
            param_type: ParamType::Text,
            default: None,
            about: "the expression, of a number",
        }]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        Ok(InputSpecs {
            named: Vec::new(),
            further: Some(Accepts::Any),
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        read(params, inputs)?;
        let number = OutputSpec::new("number", TensorType::scalar(Element::F32));
        Ok(vec![OutputSpec {
            may_be_absent: true,
            ..number
        }])
    }

    fn cost(&self, _params: &Params, _signature: &Signature, _: &Placement) -> Cost {
        Cost {
            flops: 16,
            ..Cost::default()
        }
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        _: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let value = read(params, &signature.inputs)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        Ok(Box::new(NumberNode { value }))
    }
}

fn read(params: &Params, inputs: &[ConnectedInput]) -> Result<Expression, Vec<KindFault>> {
    let text = params.text(VALUE).unwrap_or_default();
    condition::read_as(VALUE, text, inputs, Type::Number)
}

struct NumberNode {
    value: Expression,
}

impl Node for NumberNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let Some(number) = self.value.number(&LeaseValues(inputs.values())) else {
            return Ok(());
        };
        #[expect(clippy::cast_possible_truncation, reason = "ports hold 32-bit floats")]
        let number = number as f32;
        // A number beyond what the port can hold is as absent as one that is not finite.
        if number.is_finite() {
            outputs.tensor::<f32>(0, &[])?.fill(number);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use motet_core::catalog::FaultPlace;

    use super::*;
    use crate::trial::{Trial, Value};

    fn trial(value: &str) -> Trial<'static> {
        Trial::of(&Number)
            .text("value", value)
            .input("word", "record{label: utf8[T<=8], score: f32}")
            .input("alarm", "f32")
    }

    fn check(value: &str, alarm: Option<f32>, expected: Option<f32>) {
        let word = Value::Record(vec![Value::Text("stop"), Value::number(0.75)]);
        let outputs = trial(value).run(&[Some(word), alarm.map(Value::number)]).unwrap();
        let found = outputs[0]
            .as_ref()
            .map(|lease| lease.tensor::<f32>(0).unwrap()[0]);
        assert_eq!(found, expected, "{value}");
    }

    #[test]
    fn the_number_is_what_the_expression_comes_to() {
        check("(word.score + alarm) / 2", Some(0.25), Some(0.5));
        check("if(word.label == 'stop', -alarm, alarm)", Some(3.0), Some(-3.0));
    }

    #[test]
    fn what_cannot_be_told_is_absent() {
        check("word.score + alarm", None, None);
        check("if(present(alarm), alarm, 7)", None, Some(7.0));
        check("1 / alarm", Some(0.0), None);
        check("1e30 * 1e30 * alarm", Some(1.0), None);
    }

    #[test]
    fn an_expression_that_is_no_number_is_a_fault_in_its_place() {
        for value in ["word.score > 0.5", "word.label", "word.volume", "(alarm"] {
            let fault = &trial(value).faults()[0];
            assert!(
                matches!(&fault.place, FaultPlace::Param(name, Some(_)) if name == "value"),
                "{value}: {fault:?}"
            );
        }
    }
}
