//! Tags of tokens: `O`, or `B-name` where a span begins and `I-name` where it goes on.
//!
//! # Source
//! Ramshaw and Marcus, 1995, in the form IOB2 of Tjong Kim Sang and Veenstra, 1999: every span begins with `B-`.

use super::Problem;
use super::problem::{nearest, quote};

/// Says what is wrong with `tags`; `known` are the names of spans that the recipe has, if it names them.
pub fn check_tags(tags: &[String], known: Option<&[String]>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut before = "O";
    for (index, tag) in tags.iter().enumerate() {
        if let Some(problem) = check_tag(index, tag, before) {
            problems.push(problem);
        } else if let (Some(name), Some(known)) = (name(tag), known)
            && !known.iter().any(|known| known == name)
            && tag.starts_with('B')
        {
            problems.push(Problem::UnknownTag {
                index,
                name: quote(name),
                near: nearest(name, known.iter().map(String::as_str)),
            });
        }
        before = tag;
    }
    problems
}

fn check_tag(index: usize, tag: &str, before: &str) -> Option<Problem> {
    if tag == "O" {
        return None;
    }
    let Some(found) = name(tag) else {
        return Some(Problem::TagForm {
            index,
            tag: quote(tag),
        });
    };
    if tag.starts_with('I') && name(before) != Some(found) {
        return Some(Problem::TagInside {
            index,
            tag: quote(tag),
            before: quote(before),
        });
    }
    None
}

/// Returns the name of the span that a tag belongs to.
fn name(tag: &str) -> Option<&str> {
    let name = tag.strip_prefix("B-").or_else(|| tag.strip_prefix("I-"))?;
    (!name.is_empty()).then_some(name)
}

/// Returns the names of the spans that begin in `tags`.
pub(super) fn span_names(tags: &[String]) -> Vec<&str> {
    tags.iter().filter_map(|tag| tag.strip_prefix("B-")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tags: &str, expected: &[&str]) {
        let tags: Vec<String> = tags.split(' ').map(str::to_owned).collect();
        let known = ["city".to_owned(), "date".to_owned()];
        let found: Vec<String> = check_tags(&tags, Some(&known))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn spans_begin_with_b_and_go_on_with_the_same_name() {
        check("O B-city I-city I-city B-city B-date O", &[]);
        check(
            "I-city",
            &["tag 0 is `I-city`, but follows `O`: a span begins with `B-`"],
        );
        check(
            "B-city I-date",
            &["tag 1 is `I-date`, but follows `B-city`: a span begins with `B-`"],
        );
        // The second `I-` goes on with what the first should have begun: one fault, not two.
        check(
            "O I-city I-city",
            &["tag 1 is `I-city`, but follows `O`: a span begins with `B-`"],
        );
    }

    #[test]
    fn a_tag_has_one_of_three_forms() {
        for tag in ["city", "b-city", "B-", "I-", "S-city", "o", ""] {
            let expected = format!("tag 0 is `{tag}`, expected `O`, `B-name` or `I-name`");
            check(tag, &[&expected]);
        }
    }

    #[test]
    fn an_unknown_name_is_named_once_a_span() {
        check(
            "B-citi I-citi",
            &["tag 0 names `citi`, which is none of the recipe, did you mean `city`"],
        );
    }
}
