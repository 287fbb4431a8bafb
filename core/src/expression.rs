//! A small typed language for conditions and arithmetic over the values of a pipeline: `when:` of a node,
//! the rules of `control/rules`, `expect:` of a test.
//!
//! It goes one way: text -> [`Ast`] -> [`Expression`] -> answer. [`Ast::parse`] reads the text,
//! [`Expression::check`] binds every name to a value and settles every type, [`Expression::holds`],
//! [`Expression::number`] and [`Expression::text`] evaluate. It is *not* a programming language: no variables,
//! no loops, no user functions, no state. Invariant: a checked expression has no evaluation that fails, panics
//! or allocates, and the same values always give the same answer.
//!
//! ```text
//! command.label == 'stop' && command.score > 0.7 || alarm.score > 0.95
//! mel.peak in 0.2..0.8
//! label in ['stop', 'halt'] and not present(alarm)
//! abs(a - b) <= 0.1 * max(a, b)
//! ```
//!
//! # Grammar
//!
//! ```ebnf
//! expression = all , { ( "||" | "or" ) , all } ;
//! all        = not , { ( "&&" | "and" ) , not } ;
//! not        = { "!" | "not" } , comparison ;
//! comparison = sum , [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) , sum | "in" , set ] ;
//! sum        = product , { ( "+" | "-" ) , product } ;
//! product    = negated , { ( "*" | "/" | "%" ) , negated } ;
//! negated    = { "-" } , primary ;
//! primary    = number | text | "true" | "false" | path | call | "(" , expression , ")" ;
//! call       = name , "(" , [ expression , { "," , expression } ] , ")" ;
//! set        = "[" , literal , { "," , literal } , "]" | signed , ".." , signed ;
//! literal    = signed | text ;
//! signed     = { "-" } , number ;
//! path       = name , { "." , name } ;
//! name       = ( letter | "_" ) , { letter | digit | "_" } ;
//! number     = digit , { digit } , [ "." , digit , { digit } ] , [ ( "e" | "E" ) , [ "+" | "-" ] , digit , { digit } ] ;
//! text       = "'" , { character | escape } , "'" | '"' , { character | escape } , '"' ;
//! escape     = "\\" | "\'" | "\"" | "\n" | "\t" | "\r" ;
//! ```
//!
//! Letters are ASCII. `and or not in true false` cannot be the first name of a path. Comparisons do not chain,
//! and `!` binds more loosely than they do: `!a < b` is `!(a < b)`. A range holds both of its ends.
//!
//! # Functions
//!
//! | function | answer |
//! |---|---|
//! | `abs(x)`, `floor(x)`, `ceil(x)` | number |
//! | `round(x)` | number; halves go away from zero |
//! | `min(x, y, ..)`, `max(x, y, ..)` | number; two arguments or more |
//! | `clamp(x, low, high)` | number; absent when `low` is above `high` |
//! | `len(text)` | number of characters (Unicode scalar values) |
//! | `contains(text, part)`, `starts_with(text, part)`, `ends_with(text, part)` | bool |
//! | `equals_ignore_case(text, text)` | bool, by Unicode lower case |
//! | `present(path)` | bool: the input, or the value, is there |
//! | `if(condition, a, b)` | `a` where the condition holds, else `b`; both of one type |
//!
//! # Absence
//!
//! A value is absent when its input did not fire, has no such value this time, or is not a finite number.
//!
//! - Arithmetic on an absent value is absent; so is every result that is not finite (`1 / 0`, `1e308 * 10`).
//! - A comparison (also `!=` and `in`) that reads an absent value is false, and so is a text predicate such
//!   as `contains`. Hence `!(a == b)` holds where `a` is absent, and `a != b` does not.
//! - An absent bool used as a condition is false.
//! - `present(x)` asks. `&&`, `||`, `!`, comparisons and predicates are themselves never absent.
//! - `if` is absent only when the branch it takes is.

mod ast;
mod check;
mod evaluate;
mod function;
mod input_set;
mod parse;
mod print;
mod token;

use std::fmt;
use std::ops::Range;

pub use ast::Ast;
pub use input_set::InputSet;

/// Most bytes that the text of one expression may have.
pub const TEXT_BYTES_MAX: usize = 4096;
/// Deepest nesting of parentheses, and greatest height of the tree; `a || b || c` counts as one level.
pub const DEPTH_MAX: usize = 64;
/// Expressions read inputs numbered from 0 up to, but not including, this: an [`InputSet`] is one machine word.
pub const INPUT_COUNT_MAX: u16 = 64;

/// One thing that is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// Bytes of the expression's text; always on character boundaries.
    pub range: Range<usize>,
    /// One sentence, lower case, without a full stop.
    pub message: String,
    /// What the author can do about it.
    pub help: Option<String>,
    /// Bytes to replace, and what by, where a replacement that mends the fault is known.
    pub fix: Option<(Range<usize>, String)>,
    /// The family the fault belongs to.
    pub kind: FaultKind,
}

/// The families of faults, each of which becomes one diagnostic code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The text does not follow the grammar.
    Syntax,
    /// A path or a function that does not exist.
    UnknownName,
    /// Operands, arguments or the whole have the wrong type or number.
    Type,
    /// [`TEXT_BYTES_MAX`], [`DEPTH_MAX`] or [`INPUT_COUNT_MAX`] is passed.
    Limit,
}

/// The type of a value or of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// A finite 64-bit float.
    Number,
    /// Unicode text.
    Text,
    /// True or false.
    Bool,
}

impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Type::Number => "number",
            Type::Text => "text",
            Type::Bool => "bool",
        })
    }
}

/// Where a value is found when an expression is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Binding {
    /// Which input, below [`INPUT_COUNT_MAX`].
    pub input: u16,
    /// Which field of that input.
    pub field: u16,
}

/// The names an expression may use.
pub trait Scope {
    /// The value that a path names, and its type.
    ///
    /// # Errors
    /// A [`LookupError`] that says which segment of the path is unknown.
    fn lookup(&self, path: &[&str]) -> Result<(Binding, Type), LookupError>;

    /// The input that `present(name)` asks about; `None` where no input has that name.
    fn presence(&self, name: &str) -> Option<u16>;
}

/// A path that names nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LookupError {
    /// One sentence, lower case, without a full stop.
    pub message: String,
    /// What to write in place of the segment: the nearest known name.
    pub suggestion: Option<String>,
    /// What to do where there is no suggestion.
    pub help: Option<String>,
    /// Index of the first segment that is unknown.
    pub segment: usize,
}

/// The values an expression is evaluated over.
///
/// Each method answers `None` where the value is absent. A number that is not finite counts as absent.
pub trait Values {
    /// The number at a place that the [`Scope`] bound as [`Type::Number`].
    fn number(&self, at: Binding) -> Option<f64>;
    /// The text at a place that the [`Scope`] bound as [`Type::Text`].
    fn text(&self, at: Binding) -> Option<&str>;
    /// The bool at a place that the [`Scope`] bound as [`Type::Bool`].
    fn boolean(&self, at: Binding) -> Option<bool>;
    /// Whether an input fired at all.
    fn is_present(&self, input: u16) -> bool;
}

/// An expression whose names are bound and whose types are settled; it is printed in canonical form.
///
/// Two expressions are equal when their canonical text, and what its names are bound to, are equal. The
/// canonical text may be longer than what the author wrote, and so may pass [`TEXT_BYTES_MAX`].
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    canonical: String,
    root: evaluate::Typed,
    inputs: InputSet,
}

impl Expression {
    /// Binds the names of a tree and settles its types.
    ///
    /// # Errors
    /// Every unknown name, type fault and passed limit, sorted by position; never an empty list.
    pub fn check(ast: &Ast, scope: &dyn Scope, wanted: Type) -> Result<Expression, Vec<Fault>> {
        let root = check::check(&ast.root, scope, wanted)?;
        let inputs = root.inputs();
        Ok(Expression {
            canonical: ast.to_string(),
            root,
            inputs,
        })
    }

    /// The type of the answer: what was wanted of [`Expression::check`].
    pub fn kind(&self) -> Type {
        self.root.kind()
    }

    /// The inputs it reads or asks the presence of.
    pub fn inputs(&self) -> InputSet {
        self.inputs
    }

    /// Whether the condition holds. An absent bool does not hold, nor does an expression of another type.
    pub fn holds(&self, values: &dyn Values) -> bool {
        match &self.root {
            evaluate::Typed::Bool(condition) => condition.holds(values),
            evaluate::Typed::Number(_) | evaluate::Typed::Text(_) => false,
        }
    }

    /// The finite number it comes to; `None` where that is absent or the expression is of another type.
    pub fn number(&self, values: &dyn Values) -> Option<f64> {
        match &self.root {
            evaluate::Typed::Number(number) => number.value(values),
            evaluate::Typed::Bool(_) | evaluate::Typed::Text(_) => None,
        }
    }

    /// The text it comes to; `None` where that is absent or the expression is of another type.
    pub fn text<'v>(&'v self, values: &'v dyn Values) -> Option<&'v str> {
        match &self.root {
            evaluate::Typed::Text(text) => text.value(values),
            evaluate::Typed::Bool(_) | evaluate::Typed::Number(_) => None,
        }
    }

    /// Why the condition holds: the inputs whose values decided it; empty where it does not hold.
    ///
    /// Of `a || b` only the first true side counts, of `a && b` both sides, of a comparison, a predicate or
    /// `!x` every input it reads, of `if` the inputs of its condition and the reasons of the branch it takes.
    pub fn reasons(&self, values: &dyn Values) -> InputSet {
        match &self.root {
            evaluate::Typed::Bool(condition) => condition.reasons(values).unwrap_or_default(),
            evaluate::Typed::Number(_) | evaluate::Typed::Text(_) => InputSet::default(),
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.canonical)
    }
}

#[cfg(test)]
mod tests;
