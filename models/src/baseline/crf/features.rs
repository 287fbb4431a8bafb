//! What a tagger sees of a token: its letters, and the tokens beside it.

/// Most letters of a prefix or suffix.
const AFFIX_MAX: usize = 4;

/// Calls `each` with the names of the features of the token at `place`:
///
/// - `bias`, at every token;
/// - `word`, as it is written, and `lower`, in lower case where that differs;
/// - `prefix` and `suffix`, the first and last one to four letters, in lower case;
/// - `shape`, with `X` for capitals, `x` for other letters, `d` for digits, runs of more than two cut to two;
/// - `digit`, if it is digits only;
/// - `-2`, `-1`, `+1`, `+2`, the tokens around it in lower case, or `<` and `>` beyond the ends, with the shape and
///   the last three letters of the two nearest;
/// - `-1,0` and `0,+1`, it and a neighbour, and `-2,-1` and `+1,+2`, both neighbours of one side.
///
/// # Source
/// The templates are those of the tutorial of sklearn-crfsuite (CoNLL-2002), without parts of speech, and with the
/// affixes of Ratnaparkhi 1996, "A maximum entropy model for part-of-speech tagging".
///
/// # Panics
/// There is no such token.
pub fn features(tokens: &[&str], place: usize, each: &mut dyn FnMut(&str)) {
    let token = tokens[place];
    let around = |offset: isize| -> String {
        match place.checked_add_signed(offset) {
            None => "<".to_owned(),
            Some(place) => tokens
                .get(place)
                .map_or_else(|| ">".to_owned(), |token| token.to_lowercase()),
        }
    };
    let window = [around(-2), around(-1), token.to_lowercase(), around(1), around(2)];
    let [second_before, before, lower, after, second_after] = &window;
    let mut named = String::new();
    let mut say = |parts: &[&str]| {
        named.clear();
        named.extend(parts.iter().copied());
        each(&named);
    };
    say(&["bias"]);
    say(&["word=", token]);
    if lower != token {
        say(&["lower=", lower]);
    }
    for (length, (end, _)) in lower
        .char_indices()
        .skip(1)
        .chain([(lower.len(), ' ')])
        .take(AFFIX_MAX)
        .enumerate()
    {
        say(&["prefix=", &lower[..end]]);
        let start = lower
            .char_indices()
            .rev()
            .nth(length)
            .map_or(0, |(start, _)| start);
        say(&["suffix=", &lower[start..]]);
    }
    say(&["shape=", &shape(token)]);
    if token.chars().all(char::is_numeric) {
        say(&["digit"]);
    }
    say(&["-2=", second_before]);
    say(&["-1=", before]);
    say(&["+1=", after]);
    say(&["+2=", second_after]);
    say(&["-1,0=", before, " ", lower]);
    say(&["0,+1=", lower, " ", after]);
    say(&["-2,-1=", second_before, " ", before]);
    say(&["+1,+2=", after, " ", second_after]);
    say(&["-1 suffix=", last_three(before)]);
    say(&["+1 suffix=", last_three(after)]);
    say(&["-1 shape=", &shape(before)]);
    say(&["+1 shape=", &shape(after)]);
}

/// The last three letters.
fn last_three(word: &str) -> &str {
    word.char_indices()
        .rev()
        .nth(2)
        .map_or(word, |(start, _)| &word[start..])
}

/// Kinds of letters instead of letters.
fn shape(word: &str) -> String {
    let kind = |letter: char| match letter {
        letter if letter.is_uppercase() => 'X',
        letter if letter.is_alphabetic() => 'x',
        letter if letter.is_numeric() => 'd',
        letter => letter,
    };
    let mut shape = String::new();
    let mut run = 0;
    for kind in word.chars().map(kind) {
        run = if shape.ends_with(kind) { run + 1 } else { 1 };
        if run <= 2 {
            shape.push(kind);
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tokens: &[&str], place: usize) -> Vec<String> {
        let mut seen = Vec::new();
        features(tokens, place, &mut |feature| seen.push(feature.to_owned()));
        seen
    }

    #[test]
    fn a_token_is_seen_as_its_letters_and_its_neighbours() {
        let expected = "bias|word=Ärzte|lower=ärzte|prefix=ä|suffix=e|prefix=är|suffix=te|prefix=ärz|suffix=zte\
            |prefix=ärzt|suffix=rzte|shape=Xxx|-2=<|-1=die|+1=60|+2=>|-1,0=die ärzte|0,+1=ärzte 60|-2,-1=< die\
            |+1,+2=60 >|-1 suffix=die|+1 suffix=60|-1 shape=xx|+1 shape=dd";
        assert_eq!(of(&["Die", "Ärzte", "60"], 1).join("|"), expected);
    }

    #[test]
    fn short_tokens_have_short_affixes_and_numbers_are_digits() {
        let seen = of(&["7"], 0);
        let affixes = seen
            .iter()
            .filter(|feature| feature.contains("fix=") && !feature.contains('1'));
        assert_eq!(affixes.collect::<Vec<_>>(), ["prefix=7", "suffix=7"]);
        assert!(
            seen.contains(&"digit".to_owned()) && !seen.iter().any(|feature| feature.starts_with("lower"))
        );
    }

    #[test]
    fn shapes_keep_two_of_each_run() {
        let check = |word: &str, expected: &str| assert_eq!(shape(word), expected);
        check("iPhone", "xXxx");
        check("1,234.56", "d,dd.dd");
        check("USA-Reise", "XX-Xxx");
    }
}
