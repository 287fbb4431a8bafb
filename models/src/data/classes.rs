//! The classes that a classifier learns from a set.

use std::collections::BTreeMap;

use super::{DataError, Example};

/// Classes and their numbers of examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classes {
    /// Names: those of the recipe in its order, then others by name.
    pub names: Vec<String>,
    /// Number of examples of each.
    pub counts: Vec<usize>,
}

impl Classes {
    /// Returns the classes without an example: a warning, for the net will hardly ever say them.
    pub fn without_examples(&self) -> impl Iterator<Item = &str> {
        let counted = self.names.iter().zip(&self.counts);
        counted
            .filter(|(_, count)| **count == 0)
            .map(|(name, _)| name.as_str())
    }
}

/// Returns the classes of `examples`; `known` are those of the recipe, if it names them.
///
/// # Errors
/// [`DataError::NoLabel`], [`DataError::OneClass`].
pub fn classes<E: Example>(examples: &[E], known: Option<&[String]>) -> Result<Classes, DataError> {
    let counts = counts(examples.iter().filter_map(Example::label));
    let mut found = counts.keys();
    match (found.next(), found.next()) {
        (None, _) => {
            return Err(DataError::NoLabel { rows: examples.len() });
        }
        (Some(only), None) => {
            return Err(DataError::OneClass {
                label: (*only).to_owned(),
            });
        }
        (Some(_), Some(_)) => {}
    }
    let mut names = known.map(<[String]>::to_vec).unwrap_or_default();
    let others = counts
        .keys()
        .filter(|name| !names.iter().any(|known| known == **name))
        .map(|name| (*name).to_owned());
    let others: Vec<String> = others.collect();
    names.extend(others);
    let count = |name: &String| counts.get(name.as_str()).copied().unwrap_or_default();
    Ok(Classes {
        counts: names.iter().map(count).collect(),
        names,
    })
}

/// Returns how often each name is there, by name.
pub(super) fn counts<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::text::tests::example;

    #[test]
    fn classes_stand_in_the_order_of_the_recipe_and_others_follow() {
        let examples = ["b", "a", "b", "c"].map(|label| example("x", label, ""));
        let known = ["b", "z", "a"].map(str::to_owned);
        let found = classes(&examples, Some(&known)).unwrap();
        assert_eq!(found.names, ["b", "z", "a", "c"]);
        assert_eq!(found.counts, [2, 0, 1, 1]);
        assert_eq!(found.without_examples().collect::<Vec<_>>(), ["z"]);
        assert_eq!(classes(&examples, None).unwrap().names, ["a", "b", "c"]);
    }

    #[test]
    fn one_class_or_none_is_refused() {
        let one = ["a", "a"].map(|label| example("x", label, ""));
        let error = classes(&one, None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "all labels are `a`, expected two classes or more"
        );
        let none = [example("x", "", "")];
        let error = classes(&none, None).unwrap_err();
        assert_eq!(error.to_string(), "none of the 1 examples has a label");
    }
}
