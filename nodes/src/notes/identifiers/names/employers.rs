//! Those who employ somebody: "works for Hollis & Reed", and companies by their form.

use super::Words;
use crate::notes::identifiers::lexicon::{is_common, is_function_word, is_not_a_name, is_surname};
use crate::notes::identifiers::reading::{Reading, Shape};

/// Forms of companies after their names.
const FORMS: [&str; 10] = [
    "inc",
    "ltd",
    "llc",
    "llp",
    "corp",
    "plc",
    "gmbh",
    "limited",
    "incorporated",
    "corporation",
];
/// Words before the name of an employer, with the preposition.
const PAIRS: [(&str, &str); 25] = [
    ("works", "at"),
    ("works", "for"),
    ("work", "at"),
    ("work", "for"),
    ("worked", "at"),
    ("worked", "for"),
    ("working", "at"),
    ("working", "for"),
    ("employed", "by"),
    ("employed", "at"),
    ("retired", "from"),
    ("go", "by"),
    ("off", "by"),
    ("fired", "by"),
    ("driver", "with"),
    ("job", "at"),
    ("job", "with"),
    ("employee", "of"),
    ("dismissed", "by"),
    ("redundant", "by"),
    ("drives", "for"),
    ("lorry", "for"),
    ("truck", "for"),
    ("bus", "for"),
    ("taxi", "for"),
];
/// Trades after "as a" and before the preposition: "works as a welder at".
const TRADE_PREPOSITIONS: [&str; 3] = ["at", "for", "with"];
const WORDS_MAX: usize = 6;

/// All of them.
pub(super) fn find(reading: &Reading<'_>) -> Vec<Words> {
    let mut found = Vec::new();
    for index in 0..reading.words.len() {
        if FORMS.contains(&reading.folded(index)) {
            found.extend(before_form(reading, index));
        }
        if is_partnership(reading, index) {
            found.extend(
                capitalised(reading, index)
                    .filter(|end| *end > index + 1)
                    .map(|end| index..end),
            );
        }
        if is_announced(reading, index) {
            let end = capitalised(reading, index).or_else(|| dictated(reading, index));
            found.extend(end.map(|end| index..end));
        }
    }
    found
}

/// "Hollis & Reed".
fn is_partnership(reading: &Reading<'_>, first: usize) -> bool {
    let is_written = |index: usize| {
        reading
            .words
            .get(index)
            .is_some_and(|word| word.shape == Shape::Capital && !is_function_word(reading.folded(index)))
    };
    let is_house = |index: usize| {
        !is_common(reading.folded(index))
            || is_surname(reading.folded(index))
            || matches!(
                reading.folded(index),
                "sons" | "daughters" | "brothers" | "partners"
            )
    };
    reading.gap(first) == " & "
        && is_written(first)
        && is_written(first + 1)
        && is_house(first)
        && is_house(first + 1)
}

fn is_announced(reading: &Reading<'_>, first: usize) -> bool {
    let Some(before) = first.checked_sub(1) else {
        return false;
    };
    if reading.folded(before) == "employer" && reading.gap(before).trim() == ":" {
        return true;
    }
    let Some(second) = first.checked_sub(2) else {
        return false;
    };
    let pair = (reading.folded(second), reading.folded(before));
    let is_pair = PAIRS.contains(&pair);
    let is_trade = TRADE_PREPOSITIONS.contains(&pair.1)
        && (3..=6).filter_map(|back| first.checked_sub(back)).any(|place| {
            matches!(
                reading.folded(place),
                "works" | "worked" | "working" | "employed" | "retired"
            ) && reading.folded(place + 1) == "as"
        });
    reading.gap(before) == " " && (is_pair || is_trade)
}

/// The capitalised words of a company.
fn capitalised(reading: &Reading<'_>, first: usize) -> Option<usize> {
    let mut end = None;
    for index in first..first + WORDS_MAX {
        let word = reading.words.get(index)?;
        let is_written = matches!(word.shape, Shape::Capital | Shape::Capitals | Shape::Initial);
        if is_written && !(is_function_word(reading.folded(index))) {
            end = Some(index + 1);
        } else if !matches!(reading.folded(index), "and" | "of" | "the") || end.is_none() {
            break;
        }
        if !matches!(reading.gap(index), " " | " & " | "-" | "&" | ", " if is_form_next(reading, index) || reading.gap(index) != ", ")
        {
            break;
        }
    }
    end
}

/// In small letters: up to the next function word or stop.
fn dictated(reading: &Reading<'_>, first: usize) -> Option<usize> {
    const NO_EMPLOYERS: [&str; 20] = [
        "home", "night", "nights", "least", "times", "years", "months", "weeks", "hours", "days", "school",
        "hospital", "life", "money", "pleasure", "work", "present", "least", "most", "himself",
    ];
    if !reading.words.get(first)?.is_in_small
        || is_function_word(reading.folded(first))
        || NO_EMPLOYERS.contains(&reading.folded(first))
    {
        return None;
    }
    let mut end = first;
    while end < first + 4 && end < reading.words.len() && !is_function_word(reading.folded(end)) {
        end += 1;
        if !matches!(reading.gap(end - 1), " " | " & " | "-") {
            break;
        }
    }
    Some(end)
}

fn is_form_next(reading: &Reading<'_>, index: usize) -> bool {
    FORMS.contains(&reading.folded(index + 1))
}

/// Back from "Inc." over capitalised words.
fn before_form(reading: &Reading<'_>, form: usize) -> Option<Words> {
    if reading.words.get(form)?.shape == Shape::Small {
        return None;
    }
    let mut first = form;
    while first > 0 && form - first < WORDS_MAX && matches!(reading.gap(first - 1), " " | " & " | "-" | ", ")
    {
        let word = reading.words.get(first - 1)?;
        let is_written = matches!(word.shape, Shape::Capital | Shape::Capitals);
        let folded = reading.folded(first - 1);
        if !is_written || is_function_word(folded) || is_not_a_name(folded) && is_common(folded) {
            break;
        }
        first -= 1;
    }
    (first < form).then_some(first..form + 1)
}
