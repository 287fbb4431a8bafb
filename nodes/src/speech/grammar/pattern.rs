//! Patterns: what may be said, in one line.
//!
//! `word`; `[maybe this]`; `(this|that)`; `(these;in;any order)`; `{slot}`, `{slot:name}`; `<rule>`.

use std::ops::Range;

/// Deepest nesting of brackets.
const DEPTH_MAX: usize = 16;
/// Most parts whose order is free: six have 720 orders.
pub(super) const FREE_MAX: usize = 6;

/// What may be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A word, in small letters.
    Word(String),
    /// One after the other.
    Sequence(Vec<Form>),
    /// One of these.
    Choice(Vec<Form>),
    /// All of these, in any order.
    Free(Vec<Form>),
    /// This or nothing.
    Optional(Box<Form>),
    /// A value of a slot, kept under a name.
    Slot {
        /// The slot.
        slot: String,
        /// The name; that of the slot where none is given.
        name: String,
        /// Where it stands in the pattern, in bytes.
        at: Range<usize>,
    },
    /// What a rule says.
    Rule {
        /// The rule.
        rule: String,
        /// Where it stands in the pattern, in bytes.
        at: Range<usize>,
    },
}

/// What is wrong with a pattern, and where, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternFault {
    /// Where.
    pub at: Range<usize>,
    /// One sentence.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Reads a pattern.
///
/// # Errors
/// The first fault.
pub fn parse(text: &str) -> Result<Form, PatternFault> {
    let mut parser = Parser { text, at: 0 };
    let form = parser.choice(0, None)?;
    match parser.peek() {
        None => Ok(form),
        Some(letter) => {
            let at = parser.at..parser.at + letter.len_utf8();
            let message = format!("`{letter}` closes what was not opened");
            Err(fault(at, message, "remove it, or open a bracket before it"))
        }
    }
}

impl Form {
    /// The words in it, in their order.
    pub fn words<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Form::Word(word) => found.push(word),
            Form::Sequence(parts) | Form::Choice(parts) | Form::Free(parts) => {
                parts.iter().for_each(|part| part.words(found));
            }
            Form::Optional(part) => part.words(found),
            Form::Slot { .. } | Form::Rule { .. } => (),
        }
    }

    /// Calls `each` with every slot and every rule in it.
    pub fn names<'a>(&'a self, each: &mut dyn FnMut(&'a Form)) {
        match self {
            Form::Word(_) => (),
            Form::Sequence(parts) | Form::Choice(parts) | Form::Free(parts) => {
                parts.iter().for_each(|part| part.names(each));
            }
            Form::Optional(part) => part.names(each),
            Form::Slot { .. } | Form::Rule { .. } => each(self),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip_blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Parts between `|` or `;`, up to a closing bracket, which is left.
    fn choice(&mut self, depth: usize, open: Option<usize>) -> Result<Form, PatternFault> {
        let start = self.at;
        let mut parts = vec![self.sequence(depth)?];
        let mut by = None;
        while let Some(mark @ ('|' | ';')) = self.peek() {
            let at = self.at..self.at + 1;
            if open.is_none() {
                let help = "put the parts in round brackets, or make each a pattern of its own";
                return Err(fault(at, format!("`{mark}` stands outside of brackets"), help));
            }
            if *by.get_or_insert(mark) != mark {
                let help = "put one of them in brackets of its own";
                return Err(fault(
                    at,
                    "`|` and `;` stand in the same brackets".to_owned(),
                    help,
                ));
            }
            self.at += 1;
            parts.push(self.sequence(depth)?);
        }
        let is_empty = |part: &Form| matches!(part, Form::Sequence(parts) if parts.is_empty());
        if parts.iter().any(is_empty) {
            let at = start..self.at.max(start + 1).min(self.text.len().max(start));
            let help = "write what is said, or put what may be left out in `[ ]`";
            return Err(fault(at, "there is nothing to say here".to_owned(), help));
        }
        if by == Some(';') && parts.len() > FREE_MAX {
            let message = format!("{} parts in any order are too many", parts.len());
            return Err(fault(
                start..self.at,
                message,
                "six parts are the most; they have 720 orders",
            ));
        }
        Ok(match (by, parts.len()) {
            (_, 1) => parts.swap_remove(0),
            (Some(';'), _) => Form::Free(parts),
            _ => Form::Choice(parts),
        })
    }

    fn sequence(&mut self, depth: usize) -> Result<Form, PatternFault> {
        let mut parts = Vec::new();
        loop {
            self.skip_blanks();
            let start = self.at;
            match self.peek() {
                None | Some('|' | ';' | ')' | ']' | '}' | '>') => break,
                Some(open @ ('(' | '[')) => {
                    if depth == DEPTH_MAX {
                        let message = "brackets are nested too deep".to_owned();
                        return Err(fault(
                            start..start + 1,
                            message,
                            "move a part into a rule of its own",
                        ));
                    }
                    let close = if open == '(' { ')' } else { ']' };
                    self.at += 1;
                    let form = self.choice(depth + 1, Some(start))?;
                    self.close(start, open, close)?;
                    parts.push(match open {
                        '(' => form,
                        _ => Form::Optional(Box::new(form)),
                    });
                }
                Some(open @ ('{' | '<')) => parts.push(self.name(open)?),
                Some(_) => parts.push(self.word()?),
            }
        }
        Ok(match parts.len() {
            1 => parts.swap_remove(0),
            _ => Form::Sequence(parts),
        })
    }

    fn close(&mut self, start: usize, open: char, close: char) -> Result<(), PatternFault> {
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(());
        }
        let message = format!("`{open}` is not closed");
        Err(fault(start..start + 1, message, &format!("add `{close}`")))
    }

    /// `{slot}`, `{slot:name}` or `<rule>`.
    fn name(&mut self, open: char) -> Result<Form, PatternFault> {
        let start = self.at;
        let close = if open == '{' { '}' } else { '>' };
        let rest = &self.text[start + 1..];
        let Some(length) = rest.find(close) else {
            let message = format!("`{open}` is not closed");
            return Err(fault(start..start + 1, message, &format!("add `{close}`")));
        };
        let inside = &rest[..length];
        self.at = start + length + 2;
        let at = start..self.at;
        let (slot, name) = inside.split_once(':').unwrap_or((inside, inside));
        let (slot, name) = (slot.trim(), name.trim());
        if !is_name(slot) || !is_name(name) || (open == '<' && inside.contains(':')) {
            let message = format!("`{inside}` is no name");
            let help = "names are small letters, digits and `_`, and begin with a letter, as in `{size}` or `{place:from}`";
            return Err(fault(at, message, help));
        }
        Ok(match open {
            '{' => Form::Slot {
                slot: slot.to_owned(),
                name: name.to_owned(),
                at,
            },
            _ => Form::Rule {
                rule: slot.to_owned(),
                at,
            },
        })
    }

    fn word(&mut self) -> Result<Form, PatternFault> {
        let start = self.at;
        let rest = &self.text[start..];
        let ends = |letter: char| letter.is_whitespace() || "()[]{}<>|;".contains(letter);
        self.at = start + rest.find(ends).unwrap_or(rest.len());
        let word = self.text[start..self.at].to_lowercase();
        let is_letter = |letter: char| letter.is_alphabetic() || letter == '\'';
        match word.chars().find(|letter| !is_letter(*letter)) {
            None if word.chars().any(char::is_alphabetic) => Ok(Form::Word(word)),
            None => {
                let help = "write words as they are spoken";
                Err(fault(start..self.at, format!("`{word}` is no word"), help))
            }
            Some(letter) => {
                let help = match letter {
                    '0'..='9' => "write numbers as they are spoken, or use a slot with `number:`",
                    _ => "write words as they are spoken, with letters and `'` alone",
                };
                let message = format!("`{letter}` in `{word}` cannot be spoken");
                Err(fault(start..self.at, message, help))
            }
        }
    }
}

/// True for small letters, digits and `_` that begin with a letter.
pub(super) fn is_name(text: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    text.starts_with(|letter: char| letter.is_ascii_lowercase())
        && text.chars().all(is_part)
        && text.len() <= 64
}

fn fault(at: Range<usize>, message: String, help: &str) -> PatternFault {
    PatternFault {
        at,
        message,
        help: help.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Form {
        Form::Word(text.to_owned())
    }

    #[test]
    fn brackets_say_what_may_be_left_out_chosen_and_reordered() {
        assert_eq!(parse("Go").unwrap(), word("go"));
        let form = parse("[please] (go|walk on) to {place:goal} <now>").unwrap();
        let expected = Form::Sequence(vec![
            Form::Optional(Box::new(word("please"))),
            Form::Choice(vec![word("go"), Form::Sequence(vec![word("walk"), word("on")])]),
            word("to"),
            Form::Slot {
                slot: "place".to_owned(),
                name: "goal".to_owned(),
                at: 25..37,
            },
            Form::Rule {
                rule: "now".to_owned(),
                at: 38..43,
            },
        ]);
        assert_eq!(form, expected);
        assert_eq!(
            parse("([a];b)").unwrap(),
            Form::Free(vec![Form::Optional(Box::new(word("a"))), word("b")])
        );
        assert_eq!(
            parse("i'm cold").unwrap(),
            Form::Sequence(vec![word("i'm"), word("cold")])
        );
    }

    #[test]
    fn faults_are_shown_where_they_are() {
        let check = |text: &str, at: Range<usize>, message: &str| {
            let fault = parse(text).unwrap_err();
            assert_eq!((fault.at, fault.message.as_str()), (at, message), "{text}");
        };
        check("go (left", 3..4, "`(` is not closed");
        check("go [left)", 3..4, "`[` is not closed");
        check("go left)", 7..8, "`)` closes what was not opened");
        check("left|right", 4..5, "`|` stands outside of brackets");
        check("(a|b;c)", 4..5, "`|` and `;` stand in the same brackets");
        check("go {place", 3..4, "`{` is not closed");
        check("go {my place}", 3..13, "`my place` is no name");
        check("go <a:b>", 3..8, "`a:b` is no name");
        check("set 21", 4..6, "`2` in `21` cannot be spoken");
        check("a, b", 0..2, "`,` in `a,` cannot be spoken");
        check("'", 0..1, "`'` is no word");
        check("", 0..0, "there is nothing to say here");
        check("go (|a)", 4..6, "there is nothing to say here");
        check("(a;b;c;d;e;f;g)", 1..14, "7 parts in any order are too many");
        check(
            &format!("{}a", "(".repeat(17)),
            16..17,
            "brackets are nested too deep",
        );
    }
}
