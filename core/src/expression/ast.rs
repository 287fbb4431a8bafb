//! The untyped tree of an expression, each node with its place in the text.

use std::ops::Range;

use super::{Fault, parse};

/// An expression that follows the grammar; its names are not looked up and its types are not checked.
///
/// Two trees are equal when they say the same, wherever they stand in their text. Printing gives the canonical
/// form, which reads back as an equal tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Ast {
    pub(super) root: Node,
}

impl Ast {
    /// Reads the text of an expression.
    ///
    /// # Errors
    /// The first fault of [`FaultKind::Syntax`](super::FaultKind::Syntax) or
    /// [`FaultKind::Limit`](super::FaultKind::Limit).
    pub fn parse(text: &str) -> Result<Ast, Fault> {
        parse::parse(text).map(|root| Ast { root })
    }

    /// Every path in the order of the text, with the bytes it stands at.
    pub fn paths(&self) -> impl Iterator<Item = (&[String], Range<usize>)> {
        let mut pending = vec![&self.root];
        std::iter::from_fn(move || {
            while let Some(node) = pending.pop() {
                if let Kind::Path(path) = &node.kind {
                    return Some((path.names.as_slice(), path.range()));
                }
                let first = pending.len();
                node.for_each_child(|child| pending.push(child));
                pending[first..].reverse();
            }
            None
        })
    }
}

/// One node of the tree.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Bytes of the text, with the parentheses around it.
    pub(super) range: Range<usize>,
    /// Nodes on the longest way down to a leaf, itself included: at most [`DEPTH_MAX`](super::DEPTH_MAX).
    pub(super) height: usize,
    pub(super) kind: Kind,
}

impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        self.kind == other.kind
    }
}

impl Node {
    pub(super) fn new(kind: Kind, range: Range<usize>) -> Node {
        let mut node = Node {
            range,
            height: 0,
            kind,
        };
        let mut tallest = 0;
        node.for_each_child(|child| tallest = tallest.max(child.height));
        node.height = tallest + 1;
        node
    }

    fn for_each_child<'n>(&'n self, mut visit: impl FnMut(&'n Node)) {
        match &self.kind {
            Kind::Number(_) | Kind::Text(_) | Kind::Bool(_) | Kind::Path(_) => {}
            Kind::Any(items) | Kind::All(items) => items.iter().for_each(visit),
            Kind::Not(inner) | Kind::Negate(inner) => visit(inner),
            Kind::Among(left, _) | Kind::Within(left, _) => visit(left),
            Kind::Compare(_, left, right) | Kind::Arithmetic(_, left, right) => {
                visit(left);
                visit(right);
            }
            Kind::Call(call) => call.arguments.iter().for_each(visit),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// Finite and not negative.
    Number(f64),
    Text(String),
    Bool(bool),
    Path(Path),
    /// `a || b || c`, two or more.
    Any(Vec<Node>),
    /// `a && b && c`, two or more.
    All(Vec<Node>),
    Not(Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    /// `a in [x, y]`, one or more.
    Among(Box<Node>, Vec<Literal>),
    /// `a in low..high`, both finite, `low` not above `high`.
    Within(Box<Node>, Range<f64>),
    Arithmetic(Operator, Box<Node>, Box<Node>),
    Negate(Box<Node>),
    Call(Call),
}

/// Dotted names; one range per name.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) names: Vec<String>,
    pub(super) ranges: Vec<Range<usize>>,
}

impl PartialEq for Path {
    fn eq(&self, other: &Path) -> bool {
        self.names == other.names
    }
}

impl Path {
    pub(super) fn range(&self) -> Range<usize> {
        let start = self.ranges.first().map_or(0, |range| range.start);
        let end = self.ranges.last().map_or(start, |range| range.end);
        start..end
    }
}

/// A call of a function, known or not.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) name_range: Range<usize>,
    pub(super) arguments: Vec<Node>,
}

impl PartialEq for Call {
    fn eq(&self, other: &Call) -> bool {
        self.name == other.name && self.arguments == other.arguments
    }
}

/// An element of the list after `in`.
#[derive(Debug, Clone)]
pub(super) struct Literal {
    pub(super) range: Range<usize>,
    pub(super) value: LiteralValue,
}

impl PartialEq for Literal {
    fn eq(&self, other: &Literal) -> bool {
        self.value == other.value
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum LiteralValue {
    Number(f64),
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Comparison {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Greater => ">",
            Comparison::AtLeast => ">=",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Remainder => "%",
        }
    }
}
