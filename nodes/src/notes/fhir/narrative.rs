//! Text as FHIR's strings and XHTML narratives can hold it.
//!
//! Invariant: a text of [`plain`] has no character that JSON, XML 1.0 or FHIR's `string` forbid, and [`paragraphs`]
//! are well-formed whatever the text.

use super::element::{Narrative, NarrativeStatus};

/// A text without what strings and XML may not hold: control characters, byte order marks and the two last
/// characters of the basic plane are left out; white space other than tabs and line feeds becomes a space; the ends
/// are trimmed. Empty where nothing is left.
pub(super) fn plain(text: &str) -> String {
    let cleaned: String = text.chars().filter_map(kept).collect();
    cleaned.trim().to_owned()
}

/// True where [`plain`] would leave nothing.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().filter_map(kept).all(char::is_whitespace)
}

fn kept(letter: char) -> Option<char> {
    match letter {
        '\t' | '\n' => Some(letter),
        '\u{feff}' | '\u{fffe}' | '\u{ffff}' => None,
        // Carriage returns too, which XML would turn into line ends.
        other if other.is_whitespace() => Some(' '),
        other if other.is_control() => None,
        other => Some(other),
    }
}

/// Paragraphs in a `div`; `language` is a checked language tag.
pub(super) fn paragraphs<'a>(
    status: NarrativeStatus,
    language: Option<&str>,
    texts: impl Iterator<Item = &'a str>,
) -> Narrative {
    let mut div = "<div xmlns=\"http://www.w3.org/1999/xhtml\"".to_owned();
    if let Some(language) = language {
        div.push_str(&format!(" lang=\"{language}\" xml:lang=\"{language}\""));
    }
    div.push('>');
    for text in texts {
        div.push_str("<p>");
        escape(&mut div, &plain(text));
        div.push_str("</p>");
    }
    div.push_str("</div>");
    Narrative { status, div }
}

fn escape(div: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => div.push_str("&amp;"),
            '<' => div.push_str("&lt;"),
            '>' => div.push_str("&gt;"),
            other => div.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(is_blank(text), expected.is_empty(), "{text:?}");
        assert_eq!(plain(text), expected, "{text:?}");
    }

    #[test]
    fn what_strings_may_not_hold_is_left_out() {
        check("as it is", "as it is");
        check("a\tb\nc", "a\tb\nc");
        check("a\u{0}b\u{1b}c\u{7f}d\u{85}e\u{b}f\u{c}g", "abcd e f g");
        check("a\u{a0}b\u{2028}c\u{3000}d\re", "a b c d e");
        check("\u{feff} fièvre \u{ffff}", "fièvre");
        check("حرارة 🤒 e\u{301}", "حرارة 🤒 e\u{301}");
        check(" \u{0}\u{2003}\r\n", "");
    }

    #[test]
    fn markup_in_a_text_is_text() {
        let narrative = paragraphs(
            NarrativeStatus::Additional,
            Some("en"),
            ["5 < 6 & \"x\" ]]> <script>", "b"].into_iter(),
        );
        let document = roxmltree::Document::parse(&narrative.div).unwrap();
        let texts: Vec<_> = document
            .root_element()
            .children()
            .map(|p| p.text().unwrap())
            .collect();
        assert_eq!(texts, ["5 < 6 & \"x\" ]]> <script>", "b"]);
        let namespace = "http://www.w3.org/1999/xhtml";
        assert!(document.root_element().has_tag_name((namespace, "div")));
    }
}
