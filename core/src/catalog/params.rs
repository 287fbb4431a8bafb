//! Parameters of a node: what a kind declares and what an author wrote.

use std::time::Duration;

use serde::Serialize;

use crate::quantity;
use crate::yaml::Yaml;

/// What a parameter may be.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamType {
    /// A whole number between two bounds.
    Integer {
        /// Least.
        min: i64,
        /// Greatest.
        max: i64,
    },
    /// A number between two bounds.
    Number {
        /// Least.
        min: f64,
        /// Greatest.
        max: f64,
    },
    /// `true` or `false`.
    Flag,
    /// Any text.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A list of whole numbers between two bounds.
    Integers {
        /// Least.
        min: i64,
        /// Greatest.
        max: i64,
    },
    /// A time span with its unit.
    Duration,
    /// A frequency with its unit.
    Frequency,
    /// An amount of memory with its unit.
    Memory,
    /// A percentage.
    Share,
    /// An expression over the node's inputs that is true or false.
    Condition,
}

impl ParamType {
    /// For people: `a whole number from 1 to 256`.
    pub fn describe(&self) -> String {
        match self {
            ParamType::Integer { min, max } => format!("a whole number from {min} to {max}"),
            ParamType::Number { min, max } => format!("a number from {min} to {max}"),
            ParamType::Flag => "`true` or `false`".to_owned(),
            ParamType::Text => "text".to_owned(),
            ParamType::Choice(words) => format!("one of {}", words.join(", ")),
            ParamType::Texts => "a list of texts".to_owned(),
            ParamType::Integers { min, max } => format!("a list of whole numbers from {min} to {max}"),
            ParamType::Duration => "a time span such as `25 ms`".to_owned(),
            ParamType::Frequency => "a frequency such as `16 kHz`".to_owned(),
            ParamType::Memory => "an amount of memory such as `96 MiB`".to_owned(),
            ParamType::Share => "a percentage such as `20 %`".to_owned(),
            ParamType::Condition => "a condition such as `a.score > 0.7`".to_owned(),
        }
    }
}

/// A parameter a kind declares.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    /// Its name in `with:`. A name that begins with `*` stands for any name with the rest as its ending, so
    /// that `*_if` takes `stop_if` and `slow_down_if`.
    pub name: &'static str,
    /// What it may be.
    pub param_type: ParamType,
    /// What it is when the author does not say, or `None` when the author must (or, for `*` names, may).
    pub default: Option<ParamValue>,
    /// One sentence for people.
    pub about: &'static str,
}

impl ParamSpec {
    /// Whether the parameter may be left out.
    pub fn is_optional(&self) -> bool {
        self.default.is_some() || self.name.starts_with('*')
    }

    /// Whether a name in `with:` means this parameter.
    pub fn matches(&self, name: &str) -> bool {
        match self.name.strip_prefix('*') {
            Some(ending) => name.len() > ending.len() && name.ends_with(ending),
            None => self.name == name,
        }
    }
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamValue {
    /// A whole number.
    Integer(i64),
    /// A number or a share.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// Text, a choice, or the text of a condition.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// Several whole numbers.
    Integers(Vec<i64>),
    /// A time span.
    Duration(Duration),
    /// A frequency in thousandths of a hertz.
    Frequency(u64),
    /// Bytes.
    Memory(u64),
}

/// Why the value of a parameter was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParamFault {
    /// One sentence.
    pub message: String,
    /// The word of a choice, or the quantity with a unit, that was probably meant.
    pub nearest: Option<String>,
}

impl ParamType {
    /// Reads what the author wrote.
    ///
    /// # Errors
    /// What was expected and what was found.
    pub(crate) fn read(&self, value: &Yaml) -> Result<ParamValue, ParamFault> {
        let expected = || ParamFault {
            message: format!("expected {}, found {}", self.describe(), value.describe()),
            nearest: None,
        };
        let quantity = |fault: quantity::QuantityFault| ParamFault {
            message: format!("expected {}: {fault}", self.describe()),
            nearest: fault.mended().map(str::to_owned),
        };
        let text = || value.scalar_text().ok_or_else(expected);
        match self {
            ParamType::Integer { min, max } => match value {
                Yaml::Integer(number) if (min..=max).contains(&number) => Ok(ParamValue::Integer(*number)),
                _ => Err(expected()),
            },
            ParamType::Number { min, max } => match value.number() {
                Some(number) if (*min..=*max).contains(&number) => Ok(ParamValue::Number(number)),
                _ => Err(expected()),
            },
            ParamType::Flag => match value {
                Yaml::Bool(flag) => Ok(ParamValue::Flag(*flag)),
                _ => Err(expected()),
            },
            ParamType::Text | ParamType::Condition => match value {
                Yaml::Text(text) => Ok(ParamValue::Text(text.clone())),
                _ => Err(expected()),
            },
            ParamType::Choice(words) => match value {
                Yaml::Text(text) if words.contains(&text.as_str()) => Ok(ParamValue::Text(text.clone())),
                Yaml::Text(text) => {
                    let nearest = crate::diagnostic::nearest(text, words.iter().copied());
                    Err(ParamFault {
                        nearest: nearest.map(str::to_owned),
                        ..expected()
                    })
                }
                _ => Err(expected()),
            },
            ParamType::Texts => match value {
                Yaml::List(items) => {
                    let texts = items.iter().map(|item| match item {
                        Yaml::Text(text) => Ok(text.clone()),
                        _ => Err(expected()),
                    });
                    texts.collect::<Result<_, _>>().map(ParamValue::Texts)
                }
                _ => Err(expected()),
            },
            ParamType::Integers { min, max } => match value {
                Yaml::List(items) => {
                    let numbers = items.iter().map(|item| match item {
                        Yaml::Integer(number) if (min..=max).contains(&number) => Ok(*number),
                        _ => Err(expected()),
                    });
                    numbers.collect::<Result<_, _>>().map(ParamValue::Integers)
                }
                _ => Err(expected()),
            },
            ParamType::Duration => quantity::duration(&text()?)
                .map(ParamValue::Duration)
                .map_err(quantity),
            ParamType::Frequency => quantity::frequency_mhz(&text()?)
                .map(ParamValue::Frequency)
                .map_err(quantity),
            ParamType::Memory => quantity::bytes(&text()?)
                .map(ParamValue::Memory)
                .map_err(quantity),
            ParamType::Share => quantity::share(&text()?)
                .map(ParamValue::Number)
                .map_err(quantity),
        }
    }
}

/// The parameters of one node: what the author wrote, in that order, then the defaults.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Params {
    entries: Vec<(String, ParamValue)>,
}

impl Params {
    /// Parameters in the order given.
    pub fn new(entries: Vec<(String, ParamValue)>) -> Params {
        Params { entries }
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ParamValue)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&ParamValue> {
        self.entries
            .iter()
            .find(|(entry, _)| entry == name)
            .map(|(_, value)| value)
    }

    /// A whole number that the kind declared with bounds or a default.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(ParamValue::Integer(value)) => Some(*value),
            _ => None,
        }
    }

    /// A number or share.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.get(name) {
            Some(ParamValue::Number(value)) => Some(*value),
            _ => None,
        }
    }

    /// A flag.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name) {
            Some(ParamValue::Flag(value)) => Some(*value),
            _ => None,
        }
    }

    /// A text, choice or condition.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(ParamValue::Text(value)) => Some(value),
            _ => None,
        }
    }

    /// A time span.
    pub fn duration(&self, name: &str) -> Option<Duration> {
        match self.get(name) {
            Some(ParamValue::Duration(value)) => Some(*value),
            _ => None,
        }
    }

    /// A frequency in thousandths of a hertz.
    pub fn frequency_mhz(&self, name: &str) -> Option<u64> {
        match self.get(name) {
            Some(ParamValue::Frequency(value)) => Some(*value),
            _ => None,
        }
    }
}
