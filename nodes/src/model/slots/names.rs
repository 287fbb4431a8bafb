//! The kinds of slots that a model knows, and the fields of a record that they get.

use motet_core::catalog::{FaultPlace, KindFault, ParamValue, Params};
use motet_core::diagnostic::nearest;
use motet_core::limits::{FIELDS_MAX, NAME_BYTES_MAX};

/// The parameter that names the slots that are wanted.
pub(super) const KEEP: &str = "keep";
/// Fields behind those of slots.
pub(super) const OTHERS: [&str; 7] = [
    "count",
    "confidence",
    "kinds",
    "ranges",
    "confidences",
    "tags",
    "logits",
];

/// What a tag says of its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Part {
    /// It is in no slot, or in one that is not wanted.
    Outside,
    /// It begins the slot of a field.
    Begin(usize),
    /// It goes on with the slot of a field.
    Inside(usize),
}

/// The kinds that tags are of, in the order of the tags, and what each tag says.
pub(in crate::model) fn kinds(tags: &[String]) -> (Vec<String>, Vec<Part>) {
    let mut kinds: Vec<String> = Vec::new();
    let part = |tag: &String| {
        let Some((begin, name)) = tag.split_once('-') else {
            return Part::Outside;
        };
        let place = kinds.iter().position(|known| known == name);
        let place = place.unwrap_or_else(|| {
            kinds.push(name.to_owned());
            kinds.len() - 1
        });
        match begin {
            "B" => Part::Begin(place),
            _ => Part::Inside(place),
        }
    };
    let parts = tags.iter().map(part).collect();
    (kinds, parts)
}

/// The slots of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// The name of each slot's field, in the order of the card.
    pub(super) fields: Vec<String>,
    /// What each tag says.
    pub(super) parts: Vec<Part>,
}

impl Names {
    /// Reads the tags of a model's card, and which slots are wanted.
    ///
    /// # Errors
    /// Slots that are not known, have no name for a field, or are too many.
    pub(super) fn of(model: &str, tags: &[String], params: &Params) -> Result<Names, Vec<KindFault>> {
        let mut kinds: Vec<&str> = Vec::new();
        for kind in tags.iter().filter_map(|tag| tag.get(2..)) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let wanted = match params.get(KEEP) {
            Some(ParamValue::Texts(names)) => names.as_slice(),
            Some(_) | None => &[],
        };
        let mut faults: Vec<KindFault> = wanted
            .iter()
            .filter(|name| !kinds.iter().any(|kind| is_called(kind, name)))
            .map(|name| unknown(model, name, &kinds))
            .collect();
        kinds.retain(|kind| wanted.is_empty() || wanted.iter().any(|name| is_called(kind, name)));
        let fields: Vec<String> = kinds.iter().map(|kind| field_name(kind)).collect();
        for (index, (kind, field)) in kinds.iter().zip(&fields).enumerate() {
            let is_taken = OTHERS.contains(&field.as_str()) || fields[..index].contains(field);
            let is_name = field.starts_with(|first: char| first.is_ascii_lowercase());
            if is_taken || !is_name || field.len() > NAME_BYTES_MAX {
                faults.push(nameless(model, kind, field, is_taken));
            }
        }
        if fields.len() + OTHERS.len() > FIELDS_MAX {
            faults.push(too_many(model, fields.len()));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let part = |tag: &String| {
            let kind = tag.get(2..).unwrap_or_default();
            match kinds.iter().position(|other| *other == kind) {
                Some(field) if tag.starts_with('B') => Part::Begin(field),
                Some(field) => Part::Inside(field),
                None => Part::Outside,
            }
        };
        let parts = tags.iter().map(part).collect();
        Ok(Names { fields, parts })
    }
}

/// True for a slot under its own name or that of its field.
fn is_called(kind: &str, name: &str) -> bool {
    kind == name || field_name(kind) == name
}

/// A name in the letters of fields: `timeRange` is `time_range`, `date-of-birth` is `date_of_birth`.
pub(in crate::model) fn field_name(kind: &str) -> String {
    let mut name = String::new();
    for letter in kind.chars() {
        match letter {
            'a'..='z' | '0'..='9' => name.push(letter),
            'A'..='Z' => {
                if name.ends_with(|last: char| last.is_ascii_lowercase() || last.is_ascii_digit()) {
                    name.push('_');
                }
                name.push(letter.to_ascii_lowercase());
            }
            _ => name.push('_'),
        }
    }
    name
}

fn unknown(model: &str, name: &str, kinds: &[&str]) -> KindFault {
    let place = FaultPlace::Param(KEEP.to_owned(), None);
    let fault = KindFault::new(place, format!("model `{model}` has no slot `{name}`"));
    let fields: Vec<String> = kinds.iter().map(|kind| field_name(kind)).collect();
    match nearest(name, fields.iter().map(String::as_str)) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault.help(format!("its slots are: {}", fields.join(", "))),
    }
}

fn nameless(model: &str, kind: &str, field: &str, is_taken: bool) -> KindFault {
    let why = match is_taken {
        true => "which there is already",
        false => "which is no name of a field",
    };
    let place = FaultPlace::Param(KEEP.to_owned(), None);
    let message = format!("slot `{kind}` of model `{model}` would be the field `{field}`, {why}");
    KindFault::new(place, message).help(format!(
        "name the slots that you want in `{KEEP}`, without this one"
    ))
}

fn too_many(model: &str, count: usize) -> KindFault {
    let room = FIELDS_MAX - OTHERS.len();
    let place = FaultPlace::Param(KEEP.to_owned(), None);
    let message = format!("model `{model}` has {count} slots, a record has room for {room}");
    KindFault::new(place, message).help(format!("name those that you want in `{KEEP}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tags: &[&str], keep: &[&str]) -> Result<Names, Vec<String>> {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let keep = keep.iter().map(|name| (*name).to_owned()).collect();
        let params = Params::new(vec![(KEEP.to_owned(), ParamValue::Texts(keep))]);
        let messages = |faults: Vec<KindFault>| faults.into_iter().map(|fault| fault.message).collect();
        Names::of("x@1", &tags, &params).map_err(messages)
    }

    #[test]
    fn slots_have_fields_in_the_order_of_the_card() {
        use Part::{Begin, Inside, Outside};
        let tags = ["O", "B-timeRange", "B-a2B", "I-timeRange", "I-x.y-z"];
        let all = names(&tags, &[]).unwrap();
        assert_eq!(all.fields, ["time_range", "a2_b", "x_y_z"]);
        assert_eq!(all.parts, [Outside, Begin(0), Begin(1), Inside(0), Inside(2)]);
        for name in ["a2B", "a2_b"] {
            let kept = names(&tags, &[name]).unwrap();
            assert_eq!(kept.fields, ["a2_b"]);
            assert_eq!(kept.parts, [Outside, Outside, Begin(0), Outside, Outside]);
        }
    }

    #[test]
    fn slots_without_a_field_are_refused_unless_they_are_not_wanted() {
        let check = |tags: &[&str], keep: &[&str], expected: &str| {
            assert_eq!(names(tags, keep).unwrap_err(), [expected]);
        };
        let taken = "slot `count` of model `x@1` would be the field `count`, which there is already";
        check(&["O", "B-count", "B-b"], &[], taken);
        assert!(names(&["O", "B-count", "B-b"], &["b"]).is_ok());
        let taken = "slot `a-b` of model `x@1` would be the field `a_b`, which there is already";
        check(&["O", "B-a_b", "B-a-b"], &[], taken);
        let no_name = "slot `2nd` of model `x@1` would be the field `2nd`, which is no name of a field";
        check(&["O", "B-2nd"], &[], no_name);
        check(&["O", "B-b"], &["c"], "model `x@1` has no slot `c`");
        let many: Vec<String> = (0..58).map(|index| format!("B-s{index}")).collect();
        let many: Vec<&str> = std::iter::once("O")
            .chain(many.iter().map(String::as_str))
            .collect();
        check(&many, &[], "model `x@1` has 58 slots, a record has room for 57");
        assert!(names(&many[..58], &[]).is_ok());
    }
}
