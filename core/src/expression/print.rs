//! The canonical text of a tree: symbols rather than words, single quotes, no parenthesis that is not needed
//! (except around what `!` negates, which readers of other languages would misread).

use std::fmt::{self, Formatter};

use super::ast::{Ast, Kind, LiteralValue, Node, Operator};

/// Longest piece of an expression that a message quotes, in characters.
const SNIPPET_CHARACTERS_MAX: usize = 48;

/// How tightly a form binds; the order of the grammar's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Any,
    All,
    Not,
    Comparison,
    Sum,
    Product,
    Negated,
    Primary,
}

impl fmt::Display for Ast {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write_node(formatter, &self.root)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write_node(formatter, self)
    }
}

/// The canonical text of a node as messages quote it, cut where it is long.
pub(super) fn snippet(node: &Node) -> String {
    let text = node.to_string();
    match text.char_indices().nth(SNIPPET_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The text as a literal in single quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for character in text.chars() {
        match character {
            '\'' => literal.push_str("\\'"),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\t' => literal.push_str("\\t"),
            '\r' => literal.push_str("\\r"),
            other => literal.push(other),
        }
    }
    literal.push('\'');
    literal
}

/// The shortest text that reads back as the same finite number.
pub(super) fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e15).contains(&magnitude) {
        return format!("{value:e}");
    }
    value.to_string()
}

fn write_node(formatter: &mut Formatter<'_>, node: &Node) -> fmt::Result {
    match &node.kind {
        Kind::Number(value) => formatter.write_str(&number(*value)),
        Kind::Text(text) => formatter.write_str(&quoted(text)),
        Kind::Bool(value) => write!(formatter, "{value}"),
        Kind::Path(path) => formatter.write_str(&path.names.join(".")),
        Kind::Any(items) => write_joined(formatter, items, (Level::All, " || ")),
        Kind::All(items) => write_joined(formatter, items, (Level::Not, " && ")),
        Kind::Not(inner) => {
            formatter.write_str("!")?;
            let bare = matches!(inner.kind, Kind::Not(_));
            write_at(formatter, inner, if bare { Level::Not } else { Level::Primary })
        }
        Kind::Compare(comparison, left, right) => {
            write_at(formatter, left, Level::Sum)?;
            write!(formatter, " {} ", comparison.symbol())?;
            write_at(formatter, right, Level::Sum)
        }
        Kind::Among(left, literals) => {
            write_at(formatter, left, Level::Sum)?;
            let items: Vec<String> = literals
                .iter()
                .map(|literal| literal_text(&literal.value))
                .collect();
            write!(formatter, " in [{}]", items.join(", "))
        }
        Kind::Within(left, range) => {
            write_at(formatter, left, Level::Sum)?;
            write!(formatter, " in {}..{}", number(range.start), number(range.end))
        }
        Kind::Arithmetic(operator, left, right) => {
            let (left_level, right_level) = match operator {
                Operator::Add | Operator::Subtract => (Level::Sum, Level::Product),
                Operator::Multiply | Operator::Divide | Operator::Remainder => {
                    (Level::Product, Level::Negated)
                }
            };
            write_at(formatter, left, left_level)?;
            write!(formatter, " {} ", operator.symbol())?;
            write_at(formatter, right, right_level)
        }
        Kind::Negate(inner) => {
            formatter.write_str("-")?;
            write_at(formatter, inner, Level::Negated)
        }
        Kind::Call(call) => {
            write!(formatter, "{}(", call.name)?;
            write_joined(formatter, &call.arguments, (Level::Any, ", "))?;
            formatter.write_str(")")
        }
    }
}

fn write_joined(
    formatter: &mut Formatter<'_>,
    items: &[Node],
    (level, between): (Level, &str),
) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            formatter.write_str(between)?;
        }
        write_at(formatter, item, level)?;
    }
    Ok(())
}

/// Writes a node where the grammar wants something that binds at least as tightly as `level`.
fn write_at(formatter: &mut Formatter<'_>, node: &Node, level: Level) -> fmt::Result {
    if level_of(node) >= level {
        return write_node(formatter, node);
    }
    formatter.write_str("(")?;
    write_node(formatter, node)?;
    formatter.write_str(")")
}

fn level_of(node: &Node) -> Level {
    match &node.kind {
        Kind::Any(_) => Level::Any,
        Kind::All(_) => Level::All,
        Kind::Not(_) => Level::Not,
        Kind::Compare(..) | Kind::Among(..) | Kind::Within(..) => Level::Comparison,
        Kind::Arithmetic(Operator::Add | Operator::Subtract, ..) => Level::Sum,
        Kind::Arithmetic(Operator::Multiply | Operator::Divide | Operator::Remainder, ..) => Level::Product,
        Kind::Negate(_) => Level::Negated,
        Kind::Number(_) | Kind::Text(_) | Kind::Bool(_) | Kind::Path(_) | Kind::Call(_) => Level::Primary,
    }
}

fn literal_text(value: &LiteralValue) -> String {
    match value {
        LiteralValue::Number(value) => number(*value),
        LiteralValue::Text(text) => quoted(text),
    }
}
