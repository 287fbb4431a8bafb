//! The functions of the language: names and how they are called.

/// A function, apart from its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    Min,
    Max,
    Clamp,
    Round,
    Floor,
    Ceil,
    Len,
    Contains,
    StartsWith,
    EndsWith,
    EqualsIgnoreCase,
    Present,
    If,
}

/// Every function with its name and its call as a help line shows it.
const FUNCTIONS: [(&str, Function, &str); 14] = [
    ("abs", Function::Abs, "abs(number)"),
    ("min", Function::Min, "min(number, number, ..)"),
    ("max", Function::Max, "max(number, number, ..)"),
    ("clamp", Function::Clamp, "clamp(number, low, high)"),
    ("round", Function::Round, "round(number)"),
    ("floor", Function::Floor, "floor(number)"),
    ("ceil", Function::Ceil, "ceil(number)"),
    ("len", Function::Len, "len(text)"),
    ("contains", Function::Contains, "contains(text, part)"),
    ("starts_with", Function::StartsWith, "starts_with(text, part)"),
    ("ends_with", Function::EndsWith, "ends_with(text, part)"),
    (
        "equals_ignore_case",
        Function::EqualsIgnoreCase,
        "equals_ignore_case(text, text)",
    ),
    ("present", Function::Present, "present(path)"),
    ("if", Function::If, "if(condition, then, otherwise)"),
];

/// Names that other languages use for one of ours.
const FOREIGN: [(&str, &str); 8] = [
    ("lower", "equals_ignore_case"),
    ("upper", "equals_ignore_case"),
    ("length", "len"),
    ("size", "len"),
    ("exists", "present"),
    ("defined", "present"),
    ("includes", "contains"),
    ("ceiling", "ceil"),
];

/// Least likeness, from 0 to 1, of a name that is offered in place of an unknown one.
const LIKENESS_MIN: f64 = 0.75;

impl Function {
    pub(super) fn of(name: &str) -> Option<Function> {
        FUNCTIONS
            .iter()
            .find(|(known, ..)| *known == name)
            .map(|(_, function, _)| *function)
    }

    /// How it is called, for help lines.
    pub(super) fn usage(self) -> &'static str {
        FUNCTIONS
            .iter()
            .find(|(_, function, _)| *function == self)
            .map_or("", |(.., usage)| usage)
    }
}

/// The function an unknown name was most likely meant to be, and whether the one name can stand for the other
/// with the same arguments.
pub(super) fn nearest(name: &str) -> Option<(&'static str, bool)> {
    let lower = name.to_ascii_lowercase();
    if let Some((foreign, ours)) = FOREIGN.iter().find(|(foreign, _)| *foreign == lower) {
        return Some((ours, !matches!(*foreign, "lower" | "upper")));
    }
    FUNCTIONS
        .iter()
        .map(|(known, ..)| (strsim::jaro_winkler(known, &lower), *known))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, known)| (known, true))
}

/// The names of all functions, for a help line.
pub(super) fn names() -> String {
    FUNCTIONS.map(|(name, ..)| name).join(" ")
}
