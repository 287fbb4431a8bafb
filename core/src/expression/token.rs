//! The words and symbols of an expression, read with `winnow`.
//!
//! Spellings from other languages (`=`, `<>`, `&`) are recognised here so that the fault can say what to write.

use std::ops::Range;

use winnow::ascii::{digit1, multispace0};
use winnow::combinator::{alt, eof, opt, preceded, repeat};
use winnow::error::{ErrMode, ParserError};
use winnow::stream::{LocatingSlice, Location};
use winnow::token::{any, literal, one_of, take_while};
use winnow::{ModalResult, Parser};

use super::ast::Path;
use super::{Fault, FaultKind};

/// One word or symbol and the bytes it stands at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) range: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    /// Finite and not negative.
    Number(f64),
    Text(String),
    Path(Path),
    Symbol(Symbol),
    /// Stands once, after the last token.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbol {
    Or,
    And,
    Not,
    In,
    True,
    False,
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Plus,
    Minus,
    Times,
    Divide,
    Remainder,
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
    DotDot,
}

/// Every symbol, and every spelling that is taken for one; of two that fit, the one that stands first is read.
static SYMBOLS: [(&str, Result<Symbol, &str>); 33] = [
    ("===", Err("==")),
    ("!==", Err("!=")),
    ("==", Ok(Symbol::Equal)),
    ("!=", Ok(Symbol::NotEqual)),
    ("=<", Err("<=")),
    ("=>", Err(">=")),
    ("<>", Err("!=")),
    ("<=", Ok(Symbol::AtMost)),
    (">=", Ok(Symbol::AtLeast)),
    ("&&", Ok(Symbol::And)),
    ("||", Ok(Symbol::Or)),
    ("..=", Err("..")),
    ("...", Err("..")),
    ("..", Ok(Symbol::DotDot)),
    ("=", Err("==")),
    ("&", Err("&&")),
    ("|", Err("||")),
    ("≤", Err("<=")),
    ("≥", Err(">=")),
    ("≠", Err("!=")),
    ("!", Ok(Symbol::Not)),
    ("<", Ok(Symbol::Less)),
    (">", Ok(Symbol::Greater)),
    ("+", Ok(Symbol::Plus)),
    ("-", Ok(Symbol::Minus)),
    ("*", Ok(Symbol::Times)),
    ("/", Ok(Symbol::Divide)),
    ("%", Ok(Symbol::Remainder)),
    ("(", Ok(Symbol::Open)),
    (")", Ok(Symbol::Close)),
    ("[", Ok(Symbol::OpenList)),
    ("]", Ok(Symbol::CloseList)),
    (",", Ok(Symbol::Comma)),
];

type Input<'t> = LocatingSlice<&'t str>;

impl ParserError<Input<'_>> for Fault {
    type Inner = Fault;

    fn from_input(input: &Input<'_>) -> Fault {
        let at = input.current_token_start();
        syntax(at..at, String::new())
    }

    fn into_inner(self) -> Result<Fault, Fault> {
        Ok(self)
    }
}

/// The tokens of a text; the last one is [`TokenKind::End`].
///
/// # Errors
/// The first character, number or text literal that cannot be read.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut input = LocatingSlice::new(text);
    let mut found = Vec::new();
    loop {
        let (kind, range) = token(&mut input).map_err(|error| match error {
            ErrMode::Backtrack(fault) | ErrMode::Cut(fault) => fault,
            ErrMode::Incomplete(_) => syntax(text.len()..text.len(), "the expression breaks off".to_owned()),
        })?;
        let last = kind == TokenKind::End;
        found.push(Token { kind, range });
        if last {
            return Ok(found);
        }
    }
}

/// A syntax fault without help.
pub(super) fn syntax(range: Range<usize>, message: String) -> Fault {
    Fault {
        range,
        message,
        help: None,
        fix: None,
        kind: FaultKind::Syntax,
    }
}

fn token(input: &mut Input<'_>) -> ModalResult<(TokenKind, Range<usize>), Fault> {
    let end = eof.value(TokenKind::End);
    preceded(
        multispace0,
        alt((end, number, text, word, symbol, unexpected)).with_span(),
    )
    .parse_next(input)
}

fn number(input: &mut Input<'_>) -> ModalResult<TokenKind, Fault> {
    let start = input.current_token_start();
    let exponent = (one_of(['e', 'E']), opt(one_of(['+', '-'])), digit1);
    let digits = (digit1, opt(('.', digit1)), opt(exponent))
        .take()
        .parse_next(input)?;
    let rest: &str = input;
    let tail_bytes = rest
        .find(|next: char| !next.is_alphanumeric() && next != '_')
        .unwrap_or(rest.len());
    let range = start..start + digits.len();
    if tail_bytes > 0 {
        let found = format!("{digits}{}", &rest[..tail_bytes]);
        let help = "write a plain decimal number, such as `0.5` or `1e-3`: numbers here carry no unit";
        let range = start..range.end + tail_bytes;
        return Err(cut(
            syntax(range, format!("`{found}` is not a number")),
            help,
            None,
        ));
    }
    if rest.starts_with('.') && !rest.starts_with("..") {
        let fix = rest[1..]
            .chars()
            .next()
            .is_none_or(|next| next.is_whitespace() || next == ')');
        let fix = fix.then(|| (range.start..range.end + 1, digits.to_owned()));
        let fault = syntax(range.start..range.end + 1, format!("`{digits}.` is not a number"));
        return Err(cut(fault, &format!("write `{digits}` or `{digits}.0`"), fix));
    }
    match digits.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(TokenKind::Number(value)),
        Ok(_) | Err(_) => {
            let fault = syntax(range, format!("`{digits}` is too large for a number"));
            Err(cut(fault, "the largest number is about `1.8e308`", None))
        }
    }
}

fn text(input: &mut Input<'_>) -> ModalResult<TokenKind, Fault> {
    let start = input.current_token_start();
    let quote = one_of(['\'', '"']).parse_next(input)?;
    let mut value = String::new();
    loop {
        let at = input.current_token_start();
        match opt(any).parse_next(input)? {
            None => {
                let fault = syntax(
                    start..at,
                    format!("the text that starts with `{quote}` never ends"),
                );
                return Err(cut(fault, &format!("close it with `{quote}`"), None));
            }
            Some('\\') => value.push(escaped(at, input)?),
            Some(character) if character == quote => return Ok(TokenKind::Text(value)),
            Some(character) => value.push(character),
        }
    }
}

/// The character that a backslash at `at` and what follows it stand for.
fn escaped(at: usize, input: &mut Input<'_>) -> ModalResult<char, Fault> {
    match opt(any).parse_next(input)? {
        Some(character @ ('\\' | '\'' | '"')) => Ok(character),
        Some('n') => Ok('\n'),
        Some('t') => Ok('\t'),
        Some('r') => Ok('\r'),
        other => {
            let found = other.map_or(String::new(), String::from);
            let fault = syntax(
                at..input.current_token_start(),
                format!("`\\{found}` is no escape"),
            );
            let fix = (at..at + 1, "\\\\".to_owned());
            Err(cut(
                fault,
                "write `\\\\` for a backslash; the escapes are `\\\\ \\' \\\" \\n \\t \\r`",
                Some(fix),
            ))
        }
    }
}

/// A keyword or a path. After a dot a keyword is an ordinary name.
fn word(input: &mut Input<'_>) -> ModalResult<TokenKind, Fault> {
    let (first, first_range) = name.with_span().parse_next(input)?;
    let more: Vec<(&str, Range<usize>)> = repeat(0.., preceded('.', name.with_span())).parse_next(input)?;
    let keyword = match first {
        "or" => Some(Symbol::Or),
        "and" => Some(Symbol::And),
        "not" => Some(Symbol::Not),
        "in" => Some(Symbol::In),
        "true" => Some(Symbol::True),
        "false" => Some(Symbol::False),
        _ => None,
    };
    let Some(keyword) = keyword else {
        let (names, ranges) = std::iter::once((first, first_range))
            .chain(more)
            .map(|(name, range)| (name.to_owned(), range))
            .unzip();
        return Ok(TokenKind::Path(Path { names, ranges }));
    };
    match more.last() {
        None => Ok(TokenKind::Symbol(keyword)),
        Some((_, last)) => {
            let fault = syntax(
                first_range.start..last.end,
                format!("a path cannot begin with `{first}`, which is a word of the language"),
            );
            Err(cut(
                fault,
                &format!("give what is called `{first}` another name where it is read, under `in:`"),
                None,
            ))
        }
    }
}

fn name<'t>(input: &mut Input<'t>) -> ModalResult<&'t str, Fault> {
    let first = one_of(|character: char| character.is_ascii_alphabetic() || character == '_');
    (
        first,
        take_while(0.., |character: char| {
            character.is_ascii_alphanumeric() || character == '_'
        }),
    )
        .take()
        .parse_next(input)
}

fn symbol(input: &mut Input<'_>) -> ModalResult<TokenKind, Fault> {
    for (spelling, meaning) in &SYMBOLS {
        let start = input.current_token_start();
        if opt(literal(*spelling)).parse_next(input)?.is_none() {
            continue;
        }
        return match meaning {
            Ok(symbol) => Ok(TokenKind::Symbol(*symbol)),
            Err(right) => {
                let range = start..start + spelling.len();
                let fault = syntax(range.clone(), format!("`{spelling}` is no operator"));
                Err(cut(
                    fault,
                    &format!("write `{right}`"),
                    Some((range, (*right).to_owned())),
                ))
            }
        };
    }
    Err(ErrMode::Backtrack(Fault::from_input(input)))
}

fn unexpected(input: &mut Input<'_>) -> ModalResult<TokenKind, Fault> {
    let (character, range) = any.with_span().parse_next(input)?;
    let fault = syntax(
        range,
        format!("`{}` means nothing here", character.escape_debug()),
    );
    let help = match character {
        '?' | ':' => "write a choice as `if(condition, a, b)`",
        '‘' | '’' | '“' | '”' | '`' => "put text in straight quotes: `'stop'`",
        '{' | '}' => "write a list as `['a', 'b']`",
        '.' => "write a path without spaces, `input.field`, and a number with a digit first, `0.5`",
        other if other.is_alphabetic() => {
            "names are made of ASCII letters, digits and `_`; put text in quotes"
        }
        _ => "operators are `|| && ! == != < <= > >= in + - * / %`",
    };
    Err(cut(fault, help, None))
}

fn cut(fault: Fault, help: &str, fix: Option<(Range<usize>, String)>) -> ErrMode<Fault> {
    ErrMode::Cut(Fault {
        help: Some(help.to_owned()),
        fix,
        ..fault
    })
}
