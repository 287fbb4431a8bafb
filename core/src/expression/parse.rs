//! Tokens to tree: one function per rule of the grammar in the module above.
//!
//! Recursive descent over tokens rather than `winnow::combinator::expression`, because a fault must name both
//! sides of what is wrong (`a < b < c`) and because the depth has to be bounded before it is descended.

mod mistake;

use std::ops::Range;

use super::ast::{Call, Comparison, Kind, Literal, LiteralValue, Node, Operator, Path};
use super::print;
use super::token::{Symbol, Token, TokenKind, syntax, tokens};
use super::{DEPTH_MAX, Fault, FaultKind, TEXT_BYTES_MAX};

/// What stands where a primary is due.
const VALUE: &str = "a value";

const SUM_SIGNS: [(Symbol, Operator); 2] =
    [(Symbol::Plus, Operator::Add), (Symbol::Minus, Operator::Subtract)];

const PRODUCT_SIGNS: [(Symbol, Operator); 3] = [
    (Symbol::Times, Operator::Multiply),
    (Symbol::Divide, Operator::Divide),
    (Symbol::Remainder, Operator::Remainder),
];

const COMPARISON_SIGNS: [(Symbol, Comparison); 6] = [
    (Symbol::Equal, Comparison::Equal),
    (Symbol::NotEqual, Comparison::NotEqual),
    (Symbol::Less, Comparison::Less),
    (Symbol::AtMost, Comparison::AtMost),
    (Symbol::Greater, Comparison::Greater),
    (Symbol::AtLeast, Comparison::AtLeast),
];

/// Reads a whole text as one expression.
///
/// # Errors
/// The first fault, of kind `Syntax` or `Limit`.
pub(super) fn parse(text: &str) -> Result<Node, Fault> {
    whole(text).map(|node| *node).map_err(|fault| *fault)
}

/// What every rule gives. Both sides are boxed because the rules call each other: unboxed, each level of nesting
/// takes 17 KiB of stack in an unoptimised build.
type Parsed = Result<Box<Node>, Box<Fault>>;

fn whole(text: &str) -> Parsed {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!(
            "the expression has {} bytes, but at most {TEXT_BYTES_MAX} are read",
            text.len()
        );
        let help = "decide a part of it in a node of its own and read that node's answer";
        return Err(limit(
            text.floor_char_boundary(TEXT_BYTES_MAX)..text.len(),
            message,
            help,
        )
        .into());
    }
    let tokens = tokens(text)?;
    let end = Token {
        kind: TokenKind::End,
        range: text.len()..text.len(),
    };
    let mut parser = Parser {
        text,
        tokens: &tokens,
        end: &end,
        at: 0,
        depth: 0,
    };
    let root = parser.expression()?;
    parser.finish()?;
    Ok(root)
}

struct Parser<'t> {
    text: &'t str,
    tokens: &'t [Token],
    end: &'t Token,
    at: usize,
    /// Parentheses that are open.
    depth: usize,
}

impl<'t> Parser<'t> {
    fn expression(&mut self) -> Parsed {
        let first = self.all()?;
        self.chain(first, Symbol::Or)
    }

    fn all(&mut self) -> Parsed {
        let first = self.not()?;
        self.chain(first, Symbol::And)
    }

    /// The rest of `first || .. || ..` or `first && .. && ..`, as one flat node.
    fn chain(&mut self, first: Box<Node>, symbol: Symbol) -> Parsed {
        if self.peek().kind != TokenKind::Symbol(symbol) {
            return Ok(first);
        }
        let mut range = first.range.clone();
        let mut items = vec![*first];
        while self.eat(symbol).is_some() {
            let item = if symbol == Symbol::Or {
                self.all()?
            } else {
                self.not()?
            };
            range.end = item.range.end;
            items.push(*item);
        }
        node(
            if symbol == Symbol::Or {
                Kind::Any(items)
            } else {
                Kind::All(items)
            },
            range,
        )
    }

    fn not(&mut self) -> Parsed {
        let starts = self.run_of(Symbol::Not);
        let mut inner = self.comparison()?;
        for start in starts.into_iter().rev() {
            let range = start..inner.range.end;
            inner = node(Kind::Not(inner), range)?;
        }
        Ok(inner)
    }

    fn comparison(&mut self) -> Parsed {
        let start_at = self.at;
        let left = self.sum()?;
        if let Some(not) = self.eat(Symbol::Not) {
            return Err(self.after_not(&left, not).into());
        }
        let compared = if self.eat(Symbol::In).is_some() {
            self.set(left)?
        } else if let Some(comparison) = self.comparison_sign() {
            self.at += 1;
            let right = self.sum()?;
            let range = left.range.start..right.range.end;
            node(Kind::Compare(comparison, left, right), range)?
        } else {
            return Ok(left);
        };
        if self.comparison_sign().is_some() || self.peek().kind == TokenKind::Symbol(Symbol::In) {
            return Err(self.chained(&compared, start_at)?.into());
        }
        Ok(compared)
    }

    /// `left in ..`, from after the word `in`.
    fn set(&mut self, left: Box<Node>) -> Parsed {
        let start = left.range.start;
        if let Some(open) = self.eat(Symbol::OpenList) {
            let (literals, end) = self.list(open)?;
            return node(Kind::Among(left, literals), start..end);
        }
        let low = self.range_end()?;
        self.expect(Symbol::DotDot, "`..`")?;
        let high = self.range_end()?;
        if low.1 > high.1 {
            let (low_text, high_text) = (print::number(low.1), print::number(high.1));
            let range = low.0.start..high.0.end;
            let help = format!("write the lower end first: `{high_text}..{low_text}`");
            let fix = Some((range.clone(), format!("{high_text}..{low_text}")));
            let fault = syntax(range, format!("nothing lies in `{low_text}..{high_text}`"));
            return Err(Fault {
                help: Some(help),
                fix,
                ..fault
            }
            .into());
        }
        node(Kind::Within(left, low.1..high.1), start..high.0.end)
    }

    /// The elements after `[`, and where the list ends.
    fn list(&mut self, open: Range<usize>) -> Result<(Vec<Literal>, usize), Box<Fault>> {
        let mut literals = Vec::new();
        loop {
            literals.push(self.list_element()?);
            if let Some(close) = self.eat(Symbol::CloseList) {
                return Ok((literals, close.end));
            }
            if self.peek().kind == TokenKind::End {
                let fault = syntax(open, "the list that starts here never ends".to_owned());
                return Err(Fault {
                    help: Some("close it with `]`".to_owned()),
                    ..fault
                }
                .into());
            }
            self.expect(Symbol::Comma, "`,` or `]`")?;
        }
    }

    fn list_element(&mut self) -> Result<Literal, Box<Fault>> {
        let token = self.peek();
        match &token.kind {
            TokenKind::Text(text) => {
                self.at += 1;
                Ok(Literal {
                    range: token.range.clone(),
                    value: LiteralValue::Text(text.clone()),
                })
            }
            TokenKind::Path(path) => {
                let literal = print::quoted(&path.names.join("."));
                let fault = syntax(
                    token.range.clone(),
                    format!(
                        "a list holds numbers and texts, but `{}` is a name",
                        path.names.join(".")
                    ),
                );
                let help = Some(format!("put text in quotes: `{literal}`"));
                Err(Fault {
                    help,
                    fix: Some((token.range.clone(), literal)),
                    ..fault
                }
                .into())
            }
            TokenKind::Number(_) | TokenKind::Symbol(_) | TokenKind::End => {
                let (range, value) = self.signed("a number or a text in quotes")?;
                Ok(Literal {
                    range,
                    value: LiteralValue::Number(value),
                })
            }
        }
    }

    fn range_end(&mut self) -> Result<(Range<usize>, f64), Box<Fault>> {
        self.signed("a list `['a', 'b']` or a range of numbers `0.2..0.8`")
    }

    fn signed(&mut self, wanted: &str) -> Result<(Range<usize>, f64), Box<Fault>> {
        let first_at = self.at;
        let minus_count = self.run_of(Symbol::Minus).len();
        let token = self.peek();
        let TokenKind::Number(magnitude) = token.kind else {
            return Err(self.wanted(wanted).into());
        };
        self.at += 1;
        let start = self
            .tokens
            .get(first_at)
            .map_or(token.range.start, |first| first.range.start);
        Ok((
            start..token.range.end,
            if minus_count.is_multiple_of(2) {
                magnitude
            } else {
                -magnitude
            },
        ))
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        while let Some((operator, _)) = self.operator(&SUM_SIGNS) {
            let right = self.product()?;
            left = arithmetic(operator, left, right)?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.negated()?;
        while let Some((operator, sign)) = self.operator(&PRODUCT_SIGNS) {
            if operator == Operator::Remainder && !self.starts_value() {
                return Err(self.percent(&left, sign).into());
            }
            let right = self.negated()?;
            left = arithmetic(operator, left, right)?;
        }
        Ok(left)
    }

    /// Takes one of these signs.
    fn operator(&mut self, signs: &[(Symbol, Operator)]) -> Option<(Operator, Range<usize>)> {
        signs
            .iter()
            .find_map(|(symbol, operator)| Some((*operator, self.eat(*symbol)?)))
    }

    fn negated(&mut self) -> Parsed {
        let starts = self.run_of(Symbol::Minus);
        let mut inner = self.primary()?;
        for start in starts.into_iter().rev() {
            let range = start..inner.range.end;
            inner = node(Kind::Negate(inner), range)?;
        }
        Ok(inner)
    }

    fn primary(&mut self) -> Parsed {
        let token = self.peek();
        let kind = match &token.kind {
            TokenKind::Number(value) => Kind::Number(*value),
            TokenKind::Text(text) => Kind::Text(text.clone()),
            TokenKind::Symbol(Symbol::True) => Kind::Bool(true),
            TokenKind::Symbol(Symbol::False) => Kind::Bool(false),
            TokenKind::Path(path) => {
                self.at += 1;
                return match self.eat(Symbol::Open) {
                    Some(open) => self.call(path, open),
                    None => node(Kind::Path(path.clone()), token.range.clone()),
                };
            }
            TokenKind::Symbol(Symbol::Open) => {
                self.at += 1;
                self.descend(&token.range)?;
                let mut inner = self.expression()?;
                let end = self.close(&token.range)?;
                inner.range = token.range.start..end;
                return Ok(inner);
            }
            TokenKind::Symbol(_) | TokenKind::End => return Err(self.wanted(VALUE).into()),
        };
        self.at += 1;
        node(kind, token.range.clone())
    }

    /// `path(..)`, from after the parenthesis.
    fn call(&mut self, path: &Path, open: Range<usize>) -> Parsed {
        let range = path.range();
        let [name] = path.names.as_slice() else {
            let name = path.names.last().map_or("", String::as_str);
            let of = path.names[..path.names.len().saturating_sub(1)].join(".");
            let fault = syntax(
                range,
                format!(
                    "`{}` is no function: values have no methods",
                    path.names.join(".")
                ),
            );
            return Err(Fault {
                help: Some(format!("write `{name}({of}, ..)`")),
                ..fault
            }
            .into());
        };
        self.descend(&open)?;
        let mut arguments = Vec::new();
        if self.peek().kind != TokenKind::Symbol(Symbol::Close) {
            arguments.push(*self.expression()?);
            while self.eat(Symbol::Comma).is_some() {
                arguments.push(*self.expression()?);
            }
        }
        let end = self.close(&open)?;
        node(
            Kind::Call(Call {
                name: name.clone(),
                name_range: range.clone(),
                arguments,
            }),
            range.start..end,
        )
    }

    fn peek(&self) -> &'t Token {
        self.tokens.get(self.at).unwrap_or(self.end)
    }

    fn eat(&mut self, symbol: Symbol) -> Option<Range<usize>> {
        let token = self.peek();
        (token.kind == TokenKind::Symbol(symbol)).then(|| {
            self.at += 1;
            token.range.clone()
        })
    }

    /// Takes the same symbol as often as it stands here; where each one starts.
    fn run_of(&mut self, symbol: Symbol) -> Vec<usize> {
        std::iter::from_fn(|| self.eat(symbol).map(|range| range.start)).collect()
    }

    fn comparison_sign(&self) -> Option<Comparison> {
        let next = &self.peek().kind;
        COMPARISON_SIGNS
            .iter()
            .find(|(symbol, _)| *next == TokenKind::Symbol(*symbol))
            .map(|(_, comparison)| *comparison)
    }

    fn starts_value(&self) -> bool {
        match self.peek().kind {
            TokenKind::Number(_) | TokenKind::Text(_) | TokenKind::Path(_) => true,
            TokenKind::Symbol(symbol) => {
                matches!(
                    symbol,
                    Symbol::Open | Symbol::Minus | Symbol::True | Symbol::False
                )
            }
            TokenKind::End => false,
        }
    }

    fn descend(&mut self, open: &Range<usize>) -> Result<(), Box<Fault>> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            Err(too_deep(open.clone()).into())
        } else {
            Ok(())
        }
    }

    /// Takes the `)` that answers `open`; where it ends.
    fn close(&mut self, open: &Range<usize>) -> Result<usize, Box<Fault>> {
        self.depth -= 1;
        if let Some(close) = self.eat(Symbol::Close) {
            return Ok(close.end);
        }
        if self.peek().kind != TokenKind::End {
            return Err(self.wanted("an operator, `,` or `)`").into());
        }
        let fault = syntax(
            open.clone(),
            "the parenthesis that opens here is never closed".to_owned(),
        );
        Err(Fault {
            help: Some("close it with `)`".to_owned()),
            ..fault
        }
        .into())
    }

    fn expect(&mut self, symbol: Symbol, wanted: &str) -> Result<(), Box<Fault>> {
        match self.eat(symbol) {
            Some(_) => Ok(()),
            None => Err(self.wanted(wanted).into()),
        }
    }

    fn finish(&self) -> Result<(), Box<Fault>> {
        let token = self.peek();
        if token.kind == TokenKind::End {
            return Ok(());
        }
        if token.kind != TokenKind::Symbol(Symbol::Close) {
            return Err(self.wanted("an operator").into());
        }
        let fault = syntax(token.range.clone(), "this `)` closes nothing".to_owned());
        let fix = Some((token.range.clone(), String::new()));
        Err(Fault {
            help: Some("take it away".to_owned()),
            fix,
            ..fault
        }
        .into())
    }
}

fn arithmetic(operator: Operator, left: Box<Node>, right: Box<Node>) -> Parsed {
    let range = left.range.start..right.range.end;
    node(Kind::Arithmetic(operator, left, right), range)
}

fn node(kind: Kind, range: Range<usize>) -> Parsed {
    let node = Node::new(kind, range);
    if node.height > DEPTH_MAX {
        Err(too_deep(node.range).into())
    } else {
        Ok(Box::new(node))
    }
}

fn too_deep(range: Range<usize>) -> Fault {
    let help = "decide a part of it in a node of its own and read that node's answer";
    limit(
        range,
        format!("the expression is nested more than {DEPTH_MAX} deep"),
        help,
    )
}

fn limit(range: Range<usize>, message: String, help: &str) -> Fault {
    Fault {
        range,
        message,
        help: Some(help.to_owned()),
        fix: None,
        kind: FaultKind::Limit,
    }
}
