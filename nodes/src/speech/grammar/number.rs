//! How whole numbers are said in English.

/// Largest number that can be said.
pub(super) const NUMBER_MAX: i64 = 9_999;

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = [
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];

/// A number from 0 to [`NUMBER_MAX`] as a pattern: `twenty one`, `(a|one) hundred [and] five`.
pub(super) fn spoken(number: i64) -> String {
    let text = |index: i64, words: &[&'static str]| {
        usize::try_from(index).ok().and_then(|at| words.get(at).copied())
    };
    let below_hundred = |number: i64| match text(number, &SMALL) {
        Some(word) => word.to_owned(),
        None => {
            let tens = text(number / 10, &TENS).unwrap_or_default();
            match number % 10 {
                0 => tens.to_owned(),
                ones => format!("{tens} {}", text(ones, &SMALL).unwrap_or_default()),
            }
        }
    };
    let count = |count: i64| match count {
        1 => "(a|one)".to_owned(),
        count => below_hundred(count),
    };
    let mut parts = Vec::new();
    let (thousands, hundreds, rest) = (number / 1_000, number / 100 % 10, number % 100);
    if thousands > 0 {
        parts.push(format!("{} thousand", count(thousands)));
    }
    if hundreds > 0 {
        parts.push(format!("{} hundred", count(hundreds)));
    }
    if rest > 0 || parts.is_empty() {
        if !parts.is_empty() {
            parts.push("[and]".to_owned());
        }
        parts.push(match rest {
            0 => "(zero|oh)".to_owned(),
            rest => below_hundred(rest),
        });
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_say_them() {
        for (number, expected) in [
            (0, "(zero|oh)"),
            (7, "seven"),
            (13, "thirteen"),
            (20, "twenty"),
            (21, "twenty one"),
            (99, "ninety nine"),
            (100, "(a|one) hundred"),
            (105, "(a|one) hundred [and] five"),
            (342, "three hundred [and] forty two"),
            (1_000, "(a|one) thousand"),
            (9_999, "nine thousand nine hundred [and] ninety nine"),
        ] {
            assert_eq!(spoken(number), expected);
            super::super::pattern::parse(&spoken(number)).unwrap();
        }
    }
}
