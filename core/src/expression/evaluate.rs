//! The typed tree and what it comes to. One enum per type, so that no evaluation meets a value of a wrong type.
//!
//! `None` is absence, as the module above defines it. Nothing here allocates, and recursion is as deep as the
//! tree, which the parser bounds.

use std::ops::Range;

use super::ast::{Comparison, Operator};
use super::{Binding, InputSet, Type, Values};

/// An expression of any type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Typed {
    Number(Number),
    Text(Text),
    Bool(Bool),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Number {
    Literal(f64),
    Value(Binding),
    Negate(Box<Number>),
    Arithmetic(Operator, Box<Number>, Box<Number>),
    Rounded(Rounding, Box<Number>),
    /// One argument or more.
    Least(Vec<Number>),
    /// One argument or more.
    Greatest(Vec<Number>),
    /// Value, low, high.
    Clamp(Box<[Number; 3]>),
    Length(Text),
    If(Box<Bool>, Box<Number>, Box<Number>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rounding {
    Abs,
    Round,
    Floor,
    Ceil,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Text {
    Literal(String),
    Value(Binding),
    If(Box<Bool>, Box<Text>, Box<Text>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Bool {
    Literal(bool),
    Value(Binding),
    Not(Box<Bool>),
    All(Vec<Bool>),
    Any(Vec<Bool>),
    CompareNumbers(Comparison, Number, Number),
    /// `wanted` is whether the two are to be equal.
    CompareTexts {
        wanted: bool,
        left: Text,
        right: Text,
    },
    CompareBools {
        wanted: bool,
        left: Box<Bool>,
        right: Box<Bool>,
    },
    Within(Number, Range<f64>),
    AmongNumbers(Number, Vec<f64>),
    AmongTexts(Text, Vec<String>),
    Predicate(TextPredicate, Text, Text),
    /// Whether an input fired.
    PresentInput(u16),
    /// Whether one value is there.
    PresentValue(Binding, Type),
    If(Box<Bool>, Box<Bool>, Box<Bool>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextPredicate {
    Contains,
    StartsWith,
    EndsWith,
    EqualsIgnoreCase,
}

impl Typed {
    pub(super) fn kind(&self) -> Type {
        match self {
            Typed::Number(_) => Type::Number,
            Typed::Text(_) => Type::Text,
            Typed::Bool(_) => Type::Bool,
        }
    }

    pub(super) fn inputs(&self) -> InputSet {
        match self {
            Typed::Number(number) => number.inputs(),
            Typed::Text(text) => text.inputs(),
            Typed::Bool(condition) => condition.inputs(),
        }
    }
}

impl Number {
    pub(super) fn value(&self, values: &dyn Values) -> Option<f64> {
        let result = match self {
            Number::Literal(value) => *value,
            Number::Value(at) => values.number(*at)?,
            Number::Negate(inner) => -inner.value(values)?,
            Number::Arithmetic(operator, left, right) => {
                let (left, right) = (left.value(values)?, right.value(values)?);
                match operator {
                    Operator::Add => left + right,
                    Operator::Subtract => left - right,
                    Operator::Multiply => left * right,
                    Operator::Divide => left / right,
                    Operator::Remainder => left % right,
                }
            }
            Number::Rounded(rounding, inner) => {
                let value = inner.value(values)?;
                match rounding {
                    Rounding::Abs => value.abs(),
                    Rounding::Round => value.round(),
                    Rounding::Floor => value.floor(),
                    Rounding::Ceil => value.ceil(),
                }
            }
            Number::Least(items) => extreme(items, values, |new, best| new.total_cmp(&best).is_lt())?,
            Number::Greatest(items) => extreme(items, values, |new, best| new.total_cmp(&best).is_gt())?,
            Number::Clamp(arguments) => {
                let [value, low, high] = arguments.as_ref();
                let (value, low, high) = (value.value(values)?, low.value(values)?, high.value(values)?);
                if low > high {
                    return None;
                }
                value.clamp(low, high)
            }
            Number::Length(text) => text.value(values)?.chars().count() as f64,
            Number::If(condition, then, otherwise) => {
                if condition.holds(values) {
                    then.value(values)?
                } else {
                    otherwise.value(values)?
                }
            }
        };
        result.is_finite().then_some(result)
    }

    fn inputs(&self) -> InputSet {
        match self {
            Number::Literal(_) => InputSet::default(),
            Number::Value(at) => InputSet::of(at.input),
            Number::Negate(inner) | Number::Rounded(_, inner) => inner.inputs(),
            Number::Arithmetic(_, left, right) => left.inputs().union(right.inputs()),
            Number::Least(items) | Number::Greatest(items) => items.iter().map(Number::inputs).collect(),
            Number::Clamp(arguments) => arguments.iter().map(Number::inputs).collect(),
            Number::Length(text) => text.inputs(),
            Number::If(condition, then, otherwise) => {
                condition.inputs().union(then.inputs()).union(otherwise.inputs())
            }
        }
    }
}

impl Text {
    pub(super) fn value<'v>(&'v self, values: &'v dyn Values) -> Option<&'v str> {
        match self {
            Text::Literal(text) => Some(text),
            Text::Value(at) => values.text(*at),
            Text::If(condition, then, otherwise) => {
                if condition.holds(values) {
                    then.value(values)
                } else {
                    otherwise.value(values)
                }
            }
        }
    }

    fn inputs(&self) -> InputSet {
        match self {
            Text::Literal(_) => InputSet::default(),
            Text::Value(at) => InputSet::of(at.input),
            Text::If(condition, then, otherwise) => {
                condition.inputs().union(then.inputs()).union(otherwise.inputs())
            }
        }
    }
}

impl Bool {
    /// The value as a condition: absent is false.
    pub(super) fn holds(&self, values: &dyn Values) -> bool {
        self.value(values).unwrap_or(false)
    }

    /// Absent only where it is a value that is absent, or an `if` that takes such a branch.
    fn value(&self, values: &dyn Values) -> Option<bool> {
        match self {
            Bool::Literal(value) => Some(*value),
            Bool::Value(at) => values.boolean(*at),
            Bool::Not(inner) => Some(!inner.holds(values)),
            Bool::All(items) => Some(items.iter().all(|item| item.holds(values))),
            Bool::Any(items) => Some(items.iter().any(|item| item.holds(values))),
            Bool::If(condition, then, otherwise) => {
                if condition.holds(values) {
                    then.value(values)
                } else {
                    otherwise.value(values)
                }
            }
            Bool::PresentInput(input) => Some(values.is_present(*input)),
            Bool::PresentValue(at, Type::Number) => Some(values.number(*at).is_some_and(f64::is_finite)),
            Bool::PresentValue(at, Type::Text) => Some(values.text(*at).is_some()),
            Bool::PresentValue(at, Type::Bool) => Some(values.boolean(*at).is_some()),
            Bool::CompareNumbers(..)
            | Bool::CompareTexts { .. }
            | Bool::CompareBools { .. }
            | Bool::Within(..)
            | Bool::AmongNumbers(..)
            | Bool::AmongTexts(..)
            | Bool::Predicate(..) => Some(self.compared(values).unwrap_or(false)),
        }
    }

    /// The answer of a comparison or a predicate; `None` where it reads an absent value.
    fn compared(&self, values: &dyn Values) -> Option<bool> {
        match self {
            Bool::CompareNumbers(comparison, left, right) => {
                Some(compare(*comparison, left.value(values)?, right.value(values)?))
            }
            Bool::CompareTexts { wanted, left, right } => {
                Some((left.value(values)? == right.value(values)?) == *wanted)
            }
            Bool::CompareBools { wanted, left, right } => {
                Some((left.value(values)? == right.value(values)?) == *wanted)
            }
            Bool::Within(number, range) => {
                let value = number.value(values)?;
                Some(range.start <= value && value <= range.end)
            }
            Bool::AmongNumbers(number, list) => {
                let value = number.value(values)?;
                Some(list.iter().any(|item| compare(Comparison::Equal, value, *item)))
            }
            Bool::AmongTexts(text, list) => {
                let value = text.value(values)?;
                Some(list.iter().any(|item| item == value))
            }
            Bool::Predicate(predicate, text, part) => {
                let (text, part) = (text.value(values)?, part.value(values)?);
                Some(match predicate {
                    TextPredicate::Contains => text.contains(part),
                    TextPredicate::StartsWith => text.starts_with(part),
                    TextPredicate::EndsWith => text.ends_with(part),
                    TextPredicate::EqualsIgnoreCase => lower_case(text).eq(lower_case(part)),
                })
            }
            Bool::Literal(_)
            | Bool::Value(_)
            | Bool::Not(_)
            | Bool::All(_)
            | Bool::Any(_)
            | Bool::PresentInput(_)
            | Bool::PresentValue(..)
            | Bool::If(..) => self.value(values),
        }
    }

    /// The inputs that made it hold; `None` where it does not.
    pub(super) fn reasons(&self, values: &dyn Values) -> Option<InputSet> {
        match self {
            Bool::Any(items) => items.iter().find_map(|item| item.reasons(values)),
            Bool::All(items) => items.iter().map(|item| item.reasons(values)).collect(),
            Bool::If(condition, then, otherwise) => {
                let branch = if condition.holds(values) { then } else { otherwise };
                Some(condition.inputs().union(branch.reasons(values)?))
            }
            Bool::Literal(_)
            | Bool::Value(_)
            | Bool::Not(_)
            | Bool::CompareNumbers(..)
            | Bool::CompareTexts { .. }
            | Bool::CompareBools { .. }
            | Bool::Within(..)
            | Bool::AmongNumbers(..)
            | Bool::AmongTexts(..)
            | Bool::Predicate(..)
            | Bool::PresentInput(_)
            | Bool::PresentValue(..) => self.holds(values).then(|| self.inputs()),
        }
    }

    fn inputs(&self) -> InputSet {
        match self {
            Bool::Literal(_) => InputSet::default(),
            Bool::Value(at) | Bool::PresentValue(at, _) => InputSet::of(at.input),
            Bool::PresentInput(input) => InputSet::of(*input),
            Bool::Not(inner) => inner.inputs(),
            Bool::All(items) | Bool::Any(items) => items.iter().map(Bool::inputs).collect(),
            Bool::CompareNumbers(_, left, right) => left.inputs().union(right.inputs()),
            Bool::CompareTexts { left, right, .. } | Bool::Predicate(_, left, right) => {
                left.inputs().union(right.inputs())
            }
            Bool::CompareBools { left, right, .. } => left.inputs().union(right.inputs()),
            Bool::Within(number, _) | Bool::AmongNumbers(number, _) => number.inputs(),
            Bool::AmongTexts(text, _) => text.inputs(),
            Bool::If(condition, then, otherwise) => {
                condition.inputs().union(then.inputs()).union(otherwise.inputs())
            }
        }
    }
}

/// The item no other is better than; absent where any item is.
fn extreme(items: &[Number], values: &dyn Values, better: fn(f64, f64) -> bool) -> Option<f64> {
    let mut best = items.first()?.value(values)?;
    for item in items.iter().skip(1) {
        let value = item.value(values)?;
        if better(value, best) {
            best = value;
        }
    }
    Some(best)
}

#[allow(
    clippy::float_cmp,
    reason = "`==` of the language is exact equality, as its author wrote"
)]
fn compare(comparison: Comparison, left: f64, right: f64) -> bool {
    match comparison {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Less => left < right,
        Comparison::AtMost => left <= right,
        Comparison::Greater => left > right,
        Comparison::AtLeast => left >= right,
    }
}

fn lower_case(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}
