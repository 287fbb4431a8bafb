//! Names that may stand in an audit log: each has a strict pattern, so that no sentence gets in.
//!
//! No pattern allows a blank, a quote, a backslash or a control character, and none a letter outside ASCII. A name is
//! not proof against a careless caller, who can still choose a patient's name as caller id; it keeps free text out.
//! Faults do not repeat what was given, since that may be what must not be written down.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not of the pattern asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no {what}: expected {pattern}")]
pub struct NameFault {
    /// What it was to be.
    pub what: &'static str,
    /// The pattern in words.
    pub pattern: &'static str,
}

macro_rules! name {
    ($(#[$about:meta])* $name:ident, $what:literal, $pattern:literal, $is_admissible:expr) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameFault;

            fn from_str(text: &str) -> Result<Self, NameFault> {
                $name::try_from(text.to_owned())
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameFault;

            fn try_from(text: String) -> Result<Self, NameFault> {
                let is_admissible: fn(&[u8]) -> bool = $is_admissible;
                if is_admissible(text.as_bytes()) {
                    return Ok($name(text));
                }
                Err(NameFault {
                    what: $what,
                    pattern: $pattern,
                })
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

name!(
    /// Who asks: a person's account, a role or a program, as the caller's own systems name it.
    CallerId,
    "caller id",
    "1 to 64 ASCII letters, digits and `.`, `_`, `-`, `@`, `:`, beginning with a letter or digit",
    |text| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@:".contains(&byte);
        text.first().is_some_and(u8::is_ascii_alphanumeric) && is_name(text, is_letter)
    }
);

name!(
    /// The name of a pipeline, as in its file.
    PipelineName,
    "name of a pipeline",
    "1 to 64 lower-case ASCII letters, digits and `_`, `-`",
    |text| is_name(text, is_small)
);

name!(
    /// The name of a model, as on its card.
    ModelName,
    "name of a model",
    "1 to 64 ASCII letters, digits and `_`, `-`",
    |text| is_name(text, |byte| is_small(byte) || byte.is_ascii_uppercase())
);

name!(
    /// The stable code of an error, as in `MT0416`.
    Code,
    "code of an error",
    "two capital letters and four digits",
    |text| {
        let (letters, digits) = text.split_at(text.len().min(2));
        letters.iter().all(u8::is_ascii_uppercase) && digits.len() == 4 && digits.iter().all(u8::is_ascii_digit)
    }
);

name!(
    /// Which request: a count or a UUID. Anything freer could carry the number of a patient.
    RequestId,
    "id of a request",
    "a decimal number below 2^64 without leading zeros, or a UUID in lower-case letters",
    |text| is_count(text) || is_uuid(text)
);

impl From<u64> for RequestId {
    fn from(count: u64) -> RequestId {
        RequestId(count.to_string())
    }
}

fn is_small(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
}

fn is_name(text: &[u8], is_rest: fn(u8) -> bool) -> bool {
    (1..=64).contains(&text.len()) && text.iter().all(|byte| is_rest(*byte))
}

fn is_count(text: &[u8]) -> bool {
    let parsed = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse::<u64>().ok());
    parsed.is_some_and(|count| count.to_string().as_bytes() == text)
}

/// Five groups of hexadecimal digits, 8-4-4-4-12.
///
/// # Source
/// RFC 9562 (2024), section 4.
fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(byte),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<N: FromStr>(text: &str, expected: bool) {
        assert_eq!(text.parse::<N>().is_ok(), expected, "{text:?}");
    }

    #[test]
    fn names_of_people_programs_and_accounts_are_caller_ids() {
        for text in [
            "a",
            "ward-3.nurse",
            "j.doe@clinic.example",
            "urn:oid:1.2.3",
            &"x".repeat(64),
        ] {
            check::<CallerId>(text, true);
        }
    }

    #[test]
    fn what_could_be_a_sentence_is_no_caller_id() {
        let long = "x".repeat(65);
        for text in [
            "",
            "has fever",
            "a\nb",
            "a\0",
            "a\"b",
            "a\\b",
            "-a",
            "Ärztin",
            "a\u{202e}b",
            "a\u{7f}",
            &long,
        ] {
            check::<CallerId>(text, false);
        }
    }

    #[test]
    fn pipelines_and_models_are_named_as_in_their_files() {
        for text in ["house-robot", "2fa", "trio_b", "_a"] {
            check::<PipelineName>(text, true);
            check::<ModelName>(text, true);
        }
        for text in ["", "House", "a/b", "a.b", "a b", "a\n", &"x".repeat(65)] {
            check::<PipelineName>(text, false);
        }
        check::<ModelName>("../a", false);
    }

    #[test]
    fn a_code_is_two_letters_and_four_digits() {
        check::<Code>("MT0416", true);
        for text in [
            "", "M", "MT", "MT041", "MT04166", "mt0416", "MTO416", "Müller", "SMITHS",
        ] {
            check::<Code>(text, false);
        }
    }

    #[test]
    fn a_request_is_a_count_or_a_uuid() {
        for text in [
            "0",
            "18446744073709551615",
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        ] {
            check::<RequestId>(text, true);
        }
        for text in [
            "",
            "007",
            "+1",
            "18446744073709551616",
            "1970-01-01",
            "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
        ] {
            check::<RequestId>(text, false);
        }
        assert_eq!(RequestId::from(7).as_str(), "7");
    }

    #[test]
    fn a_fault_does_not_repeat_what_was_given() {
        let fault = "Jane Roe, fever".parse::<CallerId>().unwrap_err();
        assert!(!fault.to_string().contains("Roe"), "{fault}");
    }
}
