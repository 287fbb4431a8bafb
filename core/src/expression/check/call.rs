//! Calls: the function is known, and its arguments are as many and of the types it takes.

use super::Checker;
use crate::expression::ast::{Call, Kind, Node};
use crate::expression::evaluate::{Bool, Number, Rounding, Text, TextPredicate, Typed};
use crate::expression::function::{self, Function};
use crate::expression::print::snippet;
use crate::expression::{Fault, FaultKind};

impl Checker<'_> {
    pub(super) fn call(&mut self, node: &Node, call: &Call) -> Option<Typed> {
        let Some(function) = Function::of(&call.name) else {
            self.faults.push(unknown_function(call));
            for argument in &call.arguments {
                self.node(argument);
            }
            return None;
        };
        let (name, arguments) = (call.name.as_str(), call.arguments.as_slice());
        let rounded = |rounding| move |number| Typed::Number(Number::Rounded(rounding, Box::new(number)));
        match (function, arguments) {
            (Function::Abs, [inner]) => self.number(inner, name).map(rounded(Rounding::Abs)),
            (Function::Round, [inner]) => self.number(inner, name).map(rounded(Rounding::Round)),
            (Function::Floor, [inner]) => self.number(inner, name).map(rounded(Rounding::Floor)),
            (Function::Ceil, [inner]) => self.number(inner, name).map(rounded(Rounding::Ceil)),
            (Function::Min, [_, _, ..]) => Some(Typed::Number(Number::Least(self.numbers(arguments, name)?))),
            (Function::Max, [_, _, ..]) => {
                Some(Typed::Number(Number::Greatest(self.numbers(arguments, name)?)))
            }
            (Function::Clamp, [_, _, _]) => {
                let arguments = <[Number; 3]>::try_from(self.numbers(arguments, name)?).ok()?;
                Some(Typed::Number(Number::Clamp(Box::new(arguments))))
            }
            (Function::Len, [text]) => Some(Typed::Number(Number::Length(self.text(text, name)?))),
            (Function::Contains, [text, part]) => self.predicate(TextPredicate::Contains, name, (text, part)),
            (Function::StartsWith, [text, part]) => {
                self.predicate(TextPredicate::StartsWith, name, (text, part))
            }
            (Function::EndsWith, [text, part]) => self.predicate(TextPredicate::EndsWith, name, (text, part)),
            (Function::EqualsIgnoreCase, [text, part]) => {
                self.predicate(TextPredicate::EqualsIgnoreCase, name, (text, part))
            }
            (Function::Present, [asked]) => self.present(asked),
            (Function::If, [condition, then, otherwise]) => self.choice(condition, then, otherwise),
            (_, arguments) => {
                let count = arguments.len();
                let message = format!(
                    "`{name}` does not take {count} argument{}",
                    if count == 1 { "" } else { "s" }
                );
                self.fault(node, message, Some(format!("write `{}`", function.usage())));
                None
            }
        }
    }

    fn numbers(&mut self, arguments: &[Node], name: &str) -> Option<Vec<Number>> {
        let typed: Vec<Option<Number>> = arguments
            .iter()
            .map(|argument| self.number(argument, name))
            .collect();
        typed.into_iter().collect()
    }

    fn predicate(
        &mut self,
        predicate: TextPredicate,
        name: &str,
        (text, part): (&Node, &Node),
    ) -> Option<Typed> {
        let (text, part) = (self.text(text, name), self.text(part, name));
        Some(Typed::Bool(Bool::Predicate(predicate, text?, part?)))
    }

    /// `present(name)` asks about an input, where one has that name, else about a value.
    fn present(&mut self, asked: &Node) -> Option<Typed> {
        let Kind::Path(path) = &asked.kind else {
            let message = format!(
                "`present` takes the name of an input or a value, but `{}` is none",
                snippet(asked)
            );
            self.fault(
                asked,
                message,
                Some(format!("write `{}`", Function::Present.usage())),
            );
            return None;
        };
        let input = match path.names.as_slice() {
            [name] => self.scope.presence(name),
            _ => None,
        };
        if let Some(input) = input {
            self.input_is_in_bounds(path, input)?;
            return Some(Typed::Bool(Bool::PresentInput(input)));
        }
        let (at, kind) = self.binding(path)?;
        Some(Typed::Bool(Bool::PresentValue(at, kind)))
    }

    fn choice(&mut self, condition: &Node, then_node: &Node, otherwise_node: &Node) -> Option<Typed> {
        let condition = self.condition(condition, "if");
        let (then, otherwise) = (self.node(then_node), self.node(otherwise_node));
        let (condition, then, otherwise) = (Box::new(condition?), then?, otherwise?);
        Some(match (then, otherwise) {
            (Typed::Number(then), Typed::Number(otherwise)) => {
                Typed::Number(Number::If(condition, Box::new(then), Box::new(otherwise)))
            }
            (Typed::Text(then), Typed::Text(otherwise)) => {
                Typed::Text(Text::If(condition, Box::new(then), Box::new(otherwise)))
            }
            (Typed::Bool(then), Typed::Bool(otherwise)) => {
                Typed::Bool(Bool::If(condition, Box::new(then), Box::new(otherwise)))
            }
            (then, otherwise) => {
                let message = format!(
                    "both branches of `if` are of one type, but `{}` is {} and `{}` is {}",
                    snippet(then_node),
                    then.kind(),
                    snippet(otherwise_node),
                    otherwise.kind()
                );
                self.fault(otherwise_node, message, None);
                return None;
            }
        })
    }
}

fn unknown_function(call: &Call) -> Fault {
    let range = call.name_range.clone();
    let (help, fix) = match function::nearest(&call.name) {
        Some((nearest, true)) => (
            format!("write `{nearest}`"),
            Some((range.clone(), nearest.to_owned())),
        ),
        Some((nearest, false)) => (
            Function::of(nearest).map_or(String::new(), |nearest| format!("write `{}`", nearest.usage())),
            None,
        ),
        None => (format!("the functions are: {}", function::names()), None),
    };
    let message = format!("there is no function `{}`", call.name);
    Fault {
        range,
        message,
        help: Some(help),
        fix,
        kind: FaultKind::UnknownName,
    }
}
