//! Untyped tree to typed tree: names are bound, types are settled, and every fault is collected.

mod call;

use std::ops::Range;

use super::ast::{Comparison, Kind, Literal, LiteralValue, Node, Operator, Path};
use super::evaluate::{Bool, Number, Text, Typed};
use super::print::{quoted, snippet};
use super::{Ast, Binding, Fault, FaultKind, INPUT_COUNT_MAX, LookupError, Scope, Type};

/// Binds and types a whole expression.
///
/// # Errors
/// All faults, sorted by position.
pub(super) fn check(root: &Node, scope: &dyn Scope, wanted: Type) -> Result<Typed, Vec<Fault>> {
    let mut checker = Checker {
        scope,
        faults: Vec::new(),
    };
    let typed = checker.node(root);
    if let Some(typed) = &typed
        && typed.kind() != wanted
    {
        let found = typed.kind();
        let message = format!("{wanted} is wanted here, but `{}` is {found}", snippet(root));
        checker.fault(root, message, conversion(found, wanted));
    }
    match typed {
        Some(typed) if checker.faults.is_empty() => Ok(typed),
        Some(_) | None => {
            checker
                .faults
                .sort_by_key(|fault| (fault.range.start, fault.range.end));
            Err(checker.faults)
        }
    }
}

struct Checker<'s> {
    scope: &'s dyn Scope,
    faults: Vec<Fault>,
}

/// `None` always means that a fault was recorded.
impl Checker<'_> {
    fn node(&mut self, node: &Node) -> Option<Typed> {
        Some(match &node.kind {
            Kind::Number(value) => Typed::Number(Number::Literal(*value)),
            Kind::Text(text) => Typed::Text(Text::Literal(text.clone())),
            Kind::Bool(value) => Typed::Bool(Bool::Literal(*value)),
            Kind::Path(path) => self.path(path)?,
            Kind::Any(items) => Typed::Bool(Bool::Any(self.conditions(items, "||")?)),
            Kind::All(items) => Typed::Bool(Bool::All(self.conditions(items, "&&")?)),
            Kind::Not(inner) => Typed::Bool(Bool::Not(Box::new(self.condition(inner, "!")?))),
            Kind::Compare(comparison, left, right) => self.compare(*comparison, left, right)?,
            Kind::Among(left, literals) => self.among(left, literals)?,
            Kind::Within(left, range) => Typed::Bool(Bool::Within(self.number(left, "..")?, range.clone())),
            Kind::Arithmetic(operator, left, right) => self.arithmetic(*operator, left, right)?,
            Kind::Negate(inner) => Typed::Number(Number::Negate(Box::new(self.number(inner, "-")?))),
            Kind::Call(call) => self.call(node, call)?,
        })
    }

    fn path(&mut self, path: &Path) -> Option<Typed> {
        let (at, kind) = self.binding(path)?;
        Some(match kind {
            Type::Number => Typed::Number(Number::Value(at)),
            Type::Text => Typed::Text(Text::Value(at)),
            Type::Bool => Typed::Bool(Bool::Value(at)),
        })
    }

    fn binding(&mut self, path: &Path) -> Option<(Binding, Type)> {
        match self.lookup(path) {
            Ok((at, kind)) => {
                self.input_is_in_bounds(path, at.input)?;
                Some((at, kind))
            }
            Err(error) => {
                self.faults.push(unknown_path(path, error));
                None
            }
        }
    }

    fn lookup(&self, path: &Path) -> Result<(Binding, Type), LookupError> {
        let names: Vec<&str> = path.names.iter().map(String::as_str).collect();
        self.scope.lookup(&names)
    }

    fn input_is_in_bounds(&mut self, path: &Path, input: u16) -> Option<()> {
        if input < INPUT_COUNT_MAX {
            return Some(());
        }
        let message = format!(
            "`{}` is input {input}, but only {INPUT_COUNT_MAX} can be read",
            path.names.join(".")
        );
        let help = Some("name fewer inputs, those that are read first".to_owned());
        self.faults.push(Fault {
            range: path.range(),
            message,
            help,
            fix: None,
            kind: FaultKind::Limit,
        });
        None
    }

    fn conditions(&mut self, items: &[Node], symbol: &str) -> Option<Vec<Bool>> {
        let typed: Vec<Option<Bool>> = items.iter().map(|item| self.condition(item, symbol)).collect();
        typed.into_iter().collect()
    }

    fn condition(&mut self, node: &Node, taker: &str) -> Option<Bool> {
        match self.node(node)? {
            Typed::Bool(condition) => Some(condition),
            other @ (Typed::Number(_) | Typed::Text(_)) => {
                self.wrong(node, taker, (Type::Bool, other.kind()))
            }
        }
    }

    fn number(&mut self, node: &Node, taker: &str) -> Option<Number> {
        match self.node(node)? {
            Typed::Number(number) => Some(number),
            other @ (Typed::Bool(_) | Typed::Text(_)) => {
                self.wrong(node, taker, (Type::Number, other.kind()))
            }
        }
    }

    fn text(&mut self, node: &Node, taker: &str) -> Option<Text> {
        match self.node(node)? {
            Typed::Text(text) => Some(text),
            other @ (Typed::Bool(_) | Typed::Number(_)) => {
                self.wrong(node, taker, (Type::Text, other.kind()))
            }
        }
    }

    /// Records that `taker` takes one type but was given another.
    fn wrong<T>(&mut self, node: &Node, taker: &str, (wanted, found): (Type, Type)) -> Option<T> {
        let message = format!("`{taker}` takes {wanted}, but `{}` is {found}", snippet(node));
        self.fault(node, message, conversion(found, wanted));
        None
    }

    fn fault(&mut self, node: &Node, message: String, help: Option<String>) {
        self.faults.push(Fault {
            range: node.range.clone(),
            message,
            help,
            fix: None,
            kind: FaultKind::Type,
        });
    }

    fn arithmetic(&mut self, operator: Operator, left: &Node, right: &Node) -> Option<Typed> {
        let (left, right) = (
            self.number(left, operator.symbol()),
            self.number(right, operator.symbol()),
        );
        Some(Typed::Number(Number::Arithmetic(
            operator,
            Box::new(left?),
            Box::new(right?),
        )))
    }

    fn compare(&mut self, comparison: Comparison, left_node: &Node, right_node: &Node) -> Option<Typed> {
        let left = self.operand(left_node);
        let right = self.operand(right_node);
        let (left, right) = match (left, right) {
            (Ok(left), Ok(right)) => (left?, right?),
            (Ok(known), Err((path, error))) | (Err((path, error)), Ok(known)) => {
                let against_text = matches!(known, Some(Typed::Text(_)));
                self.faults.push(if against_text {
                    bare_word(path, error)
                } else {
                    unknown_path(path, error)
                });
                return None;
            }
            (Err(left), Err(right)) => {
                self.faults
                    .extend([left, right].map(|(path, error)| unknown_path(path, error)));
                return None;
            }
        };
        let wanted = match comparison {
            Comparison::Equal => Some(true),
            Comparison::NotEqual => Some(false),
            Comparison::Less | Comparison::AtMost | Comparison::Greater | Comparison::AtLeast => None,
        };
        Some(Typed::Bool(match (left, right, wanted) {
            (Typed::Number(left), Typed::Number(right), _) => Bool::CompareNumbers(comparison, left, right),
            (Typed::Text(left), Typed::Text(right), Some(wanted)) => {
                Bool::CompareTexts { wanted, left, right }
            }
            (Typed::Bool(left), Typed::Bool(right), Some(wanted)) => Bool::CompareBools {
                wanted,
                left: Box::new(left),
                right: Box::new(right),
            },
            (left, right, _) => {
                self.incomparable(comparison, (left_node, left.kind()), (right_node, right.kind()));
                return None;
            }
        }))
    }

    /// A side of a comparison; a name alone that is unknown is handed back, since it may be text without quotes.
    fn operand<'n>(&mut self, node: &'n Node) -> Result<Option<Typed>, (&'n Path, LookupError)> {
        if let Kind::Path(path) = &node.kind
            && path.names.len() == 1
            && let Err(error) = self.lookup(path)
        {
            return Err((path, error));
        }
        Ok(self.node(node))
    }

    /// Records that a comparison cannot be made between two sides of these types.
    fn incomparable(&mut self, comparison: Comparison, left: (&Node, Type), right: (&Node, Type)) {
        let symbol = comparison.symbol();
        let range = left.0.range.start..right.0.range.end;
        let (left_text, right_text) = (snippet(left.0), snippet(right.0));
        if left.1 == right.1 {
            let message = format!(
                "`{symbol}` orders numbers, but `{left_text}` and `{right_text}` are {}",
                left.1
            );
            let help = Some("compare with `==`, `!=` or `in`".to_owned());
            self.faults.push(Fault {
                range,
                message,
                help,
                fix: None,
                kind: FaultKind::Type,
            });
            return;
        }
        let message = format!(
            "`{symbol}` compares two values of one type, but `{left_text}` is {} and `{right_text}` is {}",
            left.1, right.1
        );
        let orders = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let fix = requoted(left.0, right.1, orders).or_else(|| requoted(right.0, left.1, orders));
        let help = match &fix {
            Some((_, mended)) => format!("write `{mended}`"),
            None => "compare numbers with numbers, text with text, conditions with conditions".to_owned(),
        };
        let help = Some(help);
        self.faults.push(Fault {
            range,
            message,
            help,
            fix,
            kind: FaultKind::Type,
        });
    }

    fn among(&mut self, left: &Node, literals: &[Literal]) -> Option<Typed> {
        match self.node(left)? {
            Typed::Number(number) => {
                let numbers = self.literals(literals, (left, Type::Number), |value| match value {
                    LiteralValue::Number(number) => Some(*number),
                    LiteralValue::Text(_) => None,
                });
                Some(Typed::Bool(Bool::AmongNumbers(number, numbers?)))
            }
            Typed::Text(text) => {
                let texts = self.literals(literals, (left, Type::Text), |value| match value {
                    LiteralValue::Text(text) => Some(text.clone()),
                    LiteralValue::Number(_) => None,
                });
                Some(Typed::Bool(Bool::AmongTexts(text, texts?)))
            }
            Typed::Bool(_) => {
                let message = format!("`in` takes number or text, but `{}` is bool", snippet(left));
                self.fault(left, message, Some("a bool is a condition already".to_owned()));
                None
            }
        }
    }

    /// The list's elements as one type; every element of another type is a fault.
    fn literals<T>(
        &mut self,
        literals: &[Literal],
        (left, kind): (&Node, Type),
        as_type: impl Fn(&LiteralValue) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut typed = Vec::with_capacity(literals.len());
        for literal in literals {
            if let Some(value) = as_type(&literal.value) {
                typed.push(value);
                continue;
            }
            let found = match literal.value {
                LiteralValue::Number(_) => Type::Number,
                LiteralValue::Text(_) => Type::Text,
            };
            let message = format!(
                "`{}` is {kind}, but this element of the list is {found}",
                snippet(left)
            );
            let range = literal.range.clone();
            self.faults.push(Fault {
                range,
                message,
                help: None,
                fix: None,
                kind: FaultKind::Type,
            });
        }
        (typed.len() == literals.len()).then_some(typed)
    }
}

/// A literal without its quotes, or with quotes, where that gives it the type of the other side.
fn requoted(literal: &Node, other: Type, orders: bool) -> Option<(Range<usize>, String)> {
    let mended = if let Kind::Text(text) = &literal.kind
        && other == Type::Number
    {
        let ast = Ast::parse(text).ok()?;
        matches!(ast.root.kind, Kind::Number(_)).then(|| ast.to_string())?
    } else if let Kind::Number(_) = &literal.kind
        && other == Type::Text
        && !orders
    {
        quoted(&literal.to_string())
    } else {
        return None;
    };
    Some((literal.range.clone(), mended))
}

/// How an author most likely gets from the type that was found to the type that is wanted.
fn conversion(found: Type, wanted: Type) -> Option<String> {
    let help = match (found, wanted) {
        (Type::Number, Type::Bool) => "compare it with a number, as in `.. > 0.5`",
        (Type::Text, Type::Bool) => "compare it with a text, as in `.. == 'stop'`",
        (Type::Bool, Type::Number) => "choose a number by it: `if(condition, 1, 0)`",
        (Type::Bool, Type::Text) => "choose a text by it: `if(condition, 'yes', 'no')`",
        (Type::Text, Type::Number) => "`len(text)` gives its length; a number stands without quotes",
        (Type::Number, Type::Text) => "put text in quotes: `'stop'`",
        (Type::Number, Type::Number) | (Type::Text, Type::Text) | (Type::Bool, Type::Bool) => return None,
    };
    Some(help.to_owned())
}

fn unknown_path(path: &Path, error: LookupError) -> Fault {
    let range = path
        .ranges
        .get(error.segment)
        .cloned()
        .unwrap_or_else(|| path.range());
    let lower = path.names.join(".").to_lowercase();
    let suggestion = match lower.as_str() {
        "true" | "false" if error.suggestion.is_none() => Some(lower),
        _ => error.suggestion,
    };
    let fault = Fault {
        range,
        message: error.message,
        help: error.help,
        fix: None,
        kind: FaultKind::UnknownName,
    };
    let Some(suggestion) = suggestion else {
        return fault;
    };
    if Ast::parse(&suggestion).is_ok_and(|ast| matches!(ast.root.kind, Kind::Path(_) | Kind::Bool(_))) {
        let fix = Some((fault.range.clone(), suggestion.clone()));
        return Fault {
            help: Some(format!("write `{suggestion}`")),
            fix,
            ..fault
        };
    }
    let help = format!("`{suggestion}` cannot be written in an expression: give it another name under `in:`");
    Fault {
        help: Some(help),
        ..fault
    }
}

/// An unknown name that stands where text is compared.
fn bare_word(path: &Path, error: LookupError) -> Fault {
    if error.suggestion.is_some() {
        return unknown_path(path, error);
    }
    let literal = quoted(&path.names.join("."));
    let fault = unknown_path(path, error);
    Fault {
        help: Some(format!("if the text is meant, put it in quotes: `{literal}`")),
        fix: Some((path.range(), literal)),
        ..fault
    }
}
