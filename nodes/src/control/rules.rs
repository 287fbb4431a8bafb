//! `control/rules`: the first condition that holds names the action.

use motet_core::arena::WriteLease;
use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::condition::LeaseValues;
use motet_core::expression::{Expression, InputSet};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Field, PortType, TensorType};

use crate::condition;

/// Longest name of an action, in bytes.
pub const ACTION_BYTES_MAX: u32 = 64;
/// Bytes of `why`, or more where the names of all inputs together are longer.
pub const WHY_BYTES: u32 = 256;

const RULE_ENDING: &str = "_if";
const OTHERWISE: &str = "otherwise";
const SEPARATOR: &str = ", ";

/// The kind `control/rules`.
pub struct Rules;

impl NodeKind for Rules {
    fn name(&self) -> &str {
        "control/rules"
    }

    fn about(&self) -> &str {
        "Turns other nodes' answers into one action. Every parameter `NAME_if` is a rule: a condition over the \
         inputs, as in `stop_if: \"command.label == 'stop' && command.score > 0.7\"`. The rules are tried in the \
         order of the file and the first that holds gives the action `NAME`; if none holds the action is that of \
         `otherwise`. Inputs go under names of your own; a record's fields are read as `input.field`, a single \
         number or text as `input`. An input may be absent: a comparison that reads it is then false, and \
         `present(input)` asks. The output is a record: `action`, and `why`, the names of the inputs whose values \
         made the rule hold (empty when none did)."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![
            ParamSpec {
                name: "*_if",
                param_type: ParamType::Condition,
                default: None,
                about: "a rule: where the condition holds, the action is the name before `_if`",
            },
            ParamSpec {
                name: OTHERWISE,
                param_type: ParamType::Text,
                default: Some(ParamValue::Text("none".to_owned())),
                about: "the action when no rule holds",
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
        RuleBook::read(params, inputs)?;
        let names: usize = inputs
            .iter()
            .map(|input| input.name.len() + SEPARATOR.len())
            .sum();
        let why_bytes = u32::try_from(names).unwrap_or(u32::MAX).max(WHY_BYTES);
        let decision = PortType::Record(vec![
            Field::new("action", TensorType::text(ACTION_BYTES_MAX)),
            Field::new("why", TensorType::text(why_bytes)),
        ]);
        Ok(vec![OutputSpec::new("decision", decision)])
    }

    fn cost(&self, params: &Params, _signature: &Signature, _: &Placement) -> Cost {
        let rule_count = params
            .iter()
            .filter(|(name, _)| name.ends_with(RULE_ENDING))
            .count() as u64;
        Cost {
            flops: 16 * rule_count,
            ..Cost::default()
        }
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        _: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let book = RuleBook::read(params, &signature.inputs)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        let names = signature.inputs.iter().map(|input| input.name.clone()).collect();
        Ok(Box::new(RulesNode { book, names }))
    }
}

/// The rules of one node, in order of priority.
struct RuleBook {
    rules: Vec<Rule>,
    otherwise: String,
}

struct Rule {
    action: String,
    condition: Expression,
}

impl RuleBook {
    fn read(params: &Params, inputs: &[ConnectedInput]) -> Result<RuleBook, Vec<KindFault>> {
        let (mut rules, mut faults) = (Vec::new(), Vec::new());
        for (name, value) in params.iter() {
            let (Some(action), ParamValue::Text(text)) = (name.strip_suffix(RULE_ENDING), value) else {
                continue;
            };
            match condition::read(name, text, inputs) {
                Ok(condition) => rules.push(Rule {
                    action: action.to_owned(),
                    condition,
                }),
                Err(found) => faults.extend(found),
            }
        }
        if rules.is_empty() && faults.is_empty() {
            let fault = KindFault::new(FaultPlace::Node, "the node has no rule");
            faults.push(fault.help("write a rule, as in `stop_if: \"command.label == 'stop'\"`"));
        }
        let otherwise = params.text(OTHERWISE).unwrap_or("none").to_owned();
        if otherwise.len() > ACTION_BYTES_MAX as usize {
            let message = format!(
                "an action has at most {ACTION_BYTES_MAX} bytes, this one {}",
                otherwise.len()
            );
            faults.push(KindFault::new(
                FaultPlace::Param(OTHERWISE.to_owned(), None),
                message,
            ));
        }
        if faults.is_empty() {
            Ok(RuleBook { rules, otherwise })
        } else {
            Err(faults)
        }
    }
}

struct RulesNode {
    book: RuleBook,
    names: Vec<String>,
}

impl Node for RulesNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let values = LeaseValues(inputs.values());
        let decision = outputs.record(0)?;
        match self.book.rules.iter().find(|rule| rule.condition.holds(&values)) {
            Some(rule) => {
                decision.text(0, &rule.action)?;
                self.write_names(decision, rule.condition.reasons(&values))
            }
            None => {
                decision.text(0, &self.book.otherwise)?;
                Ok(decision.text(1, "")?)
            }
        }
    }
}

impl RulesNode {
    /// Writes the names of a set of inputs as `a, b` into the field `why`, without a buffer in between.
    fn write_names(&self, decision: &mut WriteLease, set: InputSet) -> Result<(), NodeError> {
        let names = || set.iter().filter_map(|index| self.names.get(usize::from(index)));
        let separators = names().count().saturating_sub(1) * SEPARATOR.len();
        let length = names().map(String::len).sum::<usize>() + separators;
        let out = decision.tensor::<u8>(1, &[u32::try_from(length).unwrap_or(u32::MAX)])?;
        let mut at = 0;
        for name in names() {
            let gap = if at == 0 { "" } else { SEPARATOR };
            for part in [gap, name] {
                out[at..at + part.len()].copy_from_slice(part.as_bytes());
                at += part.len();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{Trial, Value};

    const COMMAND: &str = "record{label: utf8[T<=32], score: f32 range=0..1}";

    fn station() -> Trial<'static> {
        Trial::of(&Rules)
            .text(
                "stop_if",
                "command.label == 'stop' && command.score > 0.7 || alarm > 0.95",
            )
            .text("slow_down_if", "alarm > 0.5 && present(command)")
            .input("command", COMMAND)
            .input("alarm", "f32 range=0..1")
    }

    fn command(label: &'static str, score: f32) -> Option<Value> {
        Some(Value::Record(vec![Value::Text(label), Value::number(score)]))
    }

    fn check(trial: &Trial<'_>, values: &[Option<Value>], action: &str, why: &str) {
        let outputs = trial.run(values).unwrap();
        let decision = outputs[0].as_ref().unwrap();
        assert_eq!(
            (decision.text(0).unwrap(), decision.text(1).unwrap()),
            (action, why)
        );
    }

    #[test]
    fn the_first_rule_that_holds_gives_the_action_and_the_inputs_that_made_it_hold() {
        let alarm = |level| Some(Value::number(level));
        check(&station(), &[command("stop", 0.9), alarm(0.1)], "stop", "command");
        check(
            &station(),
            &[command("stop", 0.9), alarm(0.99)],
            "stop",
            "command",
        );
        check(&station(), &[command("go", 0.9), alarm(0.99)], "stop", "alarm");
        check(
            &station(),
            &[command("go", 0.9), alarm(0.6)],
            "slow_down",
            "command, alarm",
        );
        check(&station(), &[command("go", 0.9), alarm(0.1)], "none", "");
    }

    #[test]
    fn an_absent_input_makes_no_rule_hold_that_reads_it() {
        check(&station(), &[None, Some(Value::number(0.6))], "none", "");
        check(&station(), &[None, Some(Value::number(0.96))], "stop", "alarm");
        check(&station(), &[command("stop", 0.8), None], "stop", "command");
        check(&station().text("otherwise", "wait"), &[None, None], "wait", "");
    }

    #[test]
    fn every_scalar_element_counts_as_a_number() {
        let trial = |port| Trial::of(&Rules).text("yes_if", "x == 3").input("x", port);
        check(&trial("f32"), &[Some(Value::number(3.0))], "yes", "x");
        check(&trial("i32"), &[Some(Value::I32(3))], "yes", "x");
        check(&trial("i64"), &[Some(Value::I64(3))], "yes", "x");
        check(&trial("u8"), &[Some(Value::U8(4))], "none", "");
        check(&trial("f32"), &[Some(Value::number(f32::NAN))], "none", "");
    }

    #[test]
    fn the_output_is_one_record() {
        assert_eq!(
            station().types(),
            ["decision: record{action: utf8[T<=64], why: utf8[T<=256]}"]
        );
    }

    #[test]
    fn why_holds_the_names_of_all_inputs_however_many() {
        let mut trial = Trial::of(&Rules);
        let names: Vec<String> = (0..60).map(|index| format!("input_number_{index:02}")).collect();
        let condition: Vec<String> = names.iter().map(|name| format!("{name} > 0")).collect();
        for name in &names {
            trial = trial.input(name, "f32");
        }
        let trial = trial.text("all_if", &condition.join(" && "));
        check(
            &trial,
            &vec![Some(Value::number(1.0)); 60],
            "all",
            &names.join(", "),
        );
    }

    /// The one fault of a condition: the text it points at, its message, and the text once it is mended.
    fn refuse(condition: &str, at: &str, message: &str, mended: Option<&str>) {
        let trial = Trial::of(&Rules)
            .text("stop_if", condition)
            .input("command", COMMAND)
            .input("alarm", "f32")
            .input("mel", "f32[F<=9, 40]");
        let faults = trial.faults();
        assert_eq!(faults.len(), 1, "{condition}: {faults:?}");
        let FaultPlace::Param(param, Some(range)) = &faults[0].place else {
            panic!("{condition}: {:?}", faults[0].place)
        };
        assert_eq!(
            (param.as_str(), &condition[range.clone()]),
            ("stop_if", at),
            "{condition}"
        );
        assert_eq!(faults[0].message, message, "{condition}");
        let replaced = faults[0]
            .replacement
            .as_ref()
            .map(|text| format!("{}{text}{}", &condition[..range.start], &condition[range.end..]));
        assert_eq!(replaced.as_deref(), mended, "{condition}");
    }

    #[test]
    fn a_fault_points_into_the_condition() {
        refuse(
            "comand.label == 'stop'",
            "comand",
            "there is no input `comand` here",
            Some("command.label == 'stop'"),
        );
        refuse(
            "command.labl == 'stop'",
            "labl",
            "`command` has no field `labl`",
            Some("command.label == 'stop'"),
        );
        refuse(
            "alarm.level > 1",
            "level",
            "`alarm` is f32 and has no field `level`",
            None,
        );
        refuse(
            "mel > 1",
            "mel",
            "`mel` is f32[F<=9, 40], not one number or text",
            None,
        );
        refuse(
            "command > 1",
            "command",
            "`command` is a record; name one of its fields: label, score",
            None,
        );
    }

    #[test]
    fn all_faults_of_all_rules_are_found_at_once() {
        let trial = station()
            .text("a_if", "x > 1 || y > 1")
            .text("b_if", "alarm >")
            .text("otherwise", &"a".repeat(65));
        let places: Vec<_> = trial.faults().into_iter().map(|fault| fault.place).collect();
        let params: Vec<_> = places
            .iter()
            .map(|place| match place {
                FaultPlace::Param(name, _) => name.as_str(),
                FaultPlace::Node | FaultPlace::Input(_) => "",
            })
            .collect();
        assert_eq!(params, ["a_if", "a_if", "b_if", "otherwise"]);
        assert_eq!(Trial::of(&Rules).faults()[0].message, "the node has no rule");
    }
}
