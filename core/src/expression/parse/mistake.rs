//! The faults of syntax that need a longer explanation, most of them with what mends them.

use std::ops::Range;

use super::{Parser, VALUE};
use crate::expression::Fault;
use crate::expression::ast::{Kind, Node};
use crate::expression::print;
use crate::expression::token::{Symbol, TokenKind, syntax};

impl Parser<'_> {
    /// "expected ..., found ..." at the next token.
    pub(super) fn wanted(&self, wanted: &str) -> Fault {
        let token = self.peek();
        let found = &self.text[token.range.clone()];
        if token.kind == TokenKind::End {
            let message = if self.at == 0 {
                "the expression is empty".to_owned()
            } else {
                format!("expected {wanted}, but the expression ends")
            };
            return syntax(token.range.clone(), message);
        }
        let fault = syntax(token.range.clone(), format!("expected {wanted}, found `{found}`"));
        let lower = found.to_lowercase();
        if matches!(token.kind, TokenKind::Path(_)) && ["and", "or", "not", "in"].contains(&lower.as_str()) {
            let help = Some(format!("write `{lower}` in small letters"));
            return Fault {
                help,
                fix: Some((token.range.clone(), lower)),
                ..fault
            };
        }
        if token.kind == TokenKind::Symbol(Symbol::Not) && wanted == VALUE {
            let help = format!("put what `{found}` negates, and the sign itself, in parentheses");
            return Fault {
                help: Some(help),
                ..fault
            };
        }
        fault
    }

    /// `left not ..`: mended when it is `left not in set`.
    pub(super) fn after_not(&mut self, left: &Node, not: Range<usize>) -> Fault {
        let range = left.range.start..not.end;
        if self.eat(Symbol::In).is_none() {
            self.at -= 1;
            return self.wanted("an operator");
        }
        let set_start = self.peek().range.start;
        let Ok(compared) = self.set(Box::new(left.clone())) else {
            return syntax(range, "`not` stands before the whole comparison".to_owned());
        };
        let set = &self.text[set_start..compared.range.end];
        let mended = format!("!({} in {set})", &self.text[left.range.clone()]);
        let fault = syntax(
            compared.range.clone(),
            "`not` stands before the whole comparison".to_owned(),
        );
        Fault {
            help: Some(format!("write `{mended}`")),
            fix: Some((compared.range, mended)),
            ..fault
        }
    }

    /// `a < b < c`, from before the second sign.
    pub(super) fn chained(&mut self, first: &Node, start_at: usize) -> Result<Fault, Box<Fault>> {
        let message = "comparisons do not chain".to_owned();
        let apart = "compare two at a time, with `&&` between or parentheses around one";
        let mut operands = Vec::new();
        if let Kind::Compare(_, left, right) = &first.kind {
            operands.extend([left.range.clone(), right.range.clone()]);
        }
        while !operands.is_empty() && self.comparison_sign().is_some() {
            self.at += 1;
            operands.push(self.sum()?.range);
        }
        if operands.is_empty() || self.peek().kind == TokenKind::Symbol(Symbol::In) {
            return Ok(Fault {
                help: Some(apart.to_owned()),
                ..syntax(first.range.clone(), message)
            });
        }
        let range = operands[0].start..operands[operands.len() - 1].end;
        let pairs: Vec<&str> = operands
            .windows(2)
            .map(|pair| &self.text[pair[0].start..pair[1].end])
            .collect();
        let mended = pairs.join(" && ");
        let before = start_at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let negated = before.is_some_and(|token| token.kind == TokenKind::Symbol(Symbol::Not));
        let fix = if negated {
            format!("({mended})")
        } else {
            mended.clone()
        };
        let fault = syntax(range.clone(), message);
        Ok(Fault {
            help: Some(format!("write `{mended}`")),
            fix: Some((range, fix)),
            ..fault
        })
    }

    /// `20 %` with no value after the sign.
    pub(super) fn percent(&self, left: &Node, sign: Range<usize>) -> Fault {
        let fault = self.wanted("a value after `%`, which is the remainder,");
        let Kind::Number(value) = left.kind else {
            return fault;
        };
        let range = left.range.start..sign.end;
        let fraction = print::number(value / 100.0);
        let help = Some(format!("write a share of one as `{fraction}`"));
        Fault {
            range: range.clone(),
            help,
            fix: Some((range, fraction)),
            ..fault
        }
    }
}
