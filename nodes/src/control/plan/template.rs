//! What a command means, as steps with places for what was said.

/// A step of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// What is done.
    pub action: Action,
    /// What it is done with, by name; the first has the name of the action.
    pub arguments: Vec<(String, String)>,
    /// True for a step that is left out when something of it was not said.
    pub is_optional: bool,
}

/// What a step can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Goes to a place.
    Goto,
    /// Looks for a thing or a person.
    Find,
    /// Takes a thing.
    Take,
    /// Puts a thing somewhere.
    Put,
    /// Gives a thing to a person.
    Give,
    /// Walks behind a person.
    Follow,
    /// Walks before a person.
    Guide,
    /// Looks at a thing or a place.
    Look,
    /// Switches a thing on or off.
    Switch,
    /// Opens a thing.
    Open,
    /// Closes a thing.
    Close,
    /// Turns to a side.
    Turn,
    /// Says a text.
    Say,
    /// Does something of the robot's own, with all that was said.
    Do,
}

/// Every action with its name and the further arguments that it takes.
pub const ACTIONS: [(&str, Action, &[&str]); 14] = [
    ("goto", Action::Goto, &[]),
    ("find", Action::Find, &["at"]),
    ("take", Action::Take, &["from"]),
    ("put", Action::Put, &["on", "from"]),
    ("give", Action::Give, &["to", "from"]),
    ("follow", Action::Follow, &["to"]),
    ("guide", Action::Guide, &["to"]),
    ("look", Action::Look, &[]),
    ("switch", Action::Switch, &["to"]),
    ("open", Action::Open, &[]),
    ("close", Action::Close, &[]),
    ("turn", Action::Turn, &[]),
    ("say", Action::Say, &["to"]),
    ("do", Action::Do, &[]),
];

/// The names of slots in a text, as `{size}`; none where a brace has no other.
pub fn slots(text: &str) -> Option<Vec<&str>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(['{', '}']) {
        let inner = rest[start..].strip_prefix('{')?;
        let end = inner
            .find(['{', '}'])
            .filter(|end| inner[*end..].starts_with('}'))?;
        found.push(&inner[..end]);
        rest = &inner[end + 1..];
    }
    Some(found)
}

/// The text with what was said in the places of its slots; none where something was not said.
pub fn filled<'a>(text: &str, said: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let mut out = text.to_owned();
    for slot in slots(text)? {
        out = out.replace(&format!("{{{slot}}}"), said(slot)?);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_filled_with_what_was_said() {
        let said = |name: &str| (name == "size").then_some("large");
        assert_eq!(filled("a {size} cup", said).as_deref(), Some("a large cup"));
        assert_eq!(filled("a {drink}", said), None);
        assert_eq!(slots("{a} and {b}"), Some(vec!["a", "b"]));
        for broken in ["{a", "a}", "{a{b}}"] {
            assert_eq!(slots(broken), None, "{broken}");
        }
    }
}
