//! Words for relatives, and their codes.

use crate::notes::fhir::element::{CodeableConcept, Coding};
use crate::notes::fhir::narrative::plain;

const ROLES: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";

/// Words, codes and what the code system calls them.
///
/// # Source
/// HL7, RoleCode of Version 3, as published with FHIR R4 (4.0.1).
const RELATIVES: [(&str, &str, &str); 31] = [
    ("mother", "MTH", "mother"),
    ("mom", "MTH", "mother"),
    ("mum", "MTH", "mother"),
    ("father", "FTH", "father"),
    ("dad", "FTH", "father"),
    ("parent", "PRN", "parent"),
    ("sister", "SIS", "sister"),
    ("brother", "BRO", "brother"),
    ("sibling", "SIB", "sibling"),
    ("half-sister", "HSIS", "half-sister"),
    ("half-brother", "HBRO", "half-brother"),
    ("daughter", "DAUC", "daughter"),
    ("son", "SONC", "son"),
    ("child", "CHILD", "child"),
    ("grandmother", "GRMTH", "grandmother"),
    ("maternal grandmother", "MGRMTH", "maternal grandmother"),
    ("paternal grandmother", "PGRMTH", "paternal grandmother"),
    ("grandfather", "GRFTH", "grandfather"),
    ("maternal grandfather", "MGRFTH", "maternal grandfather"),
    ("paternal grandfather", "PGRFTH", "paternal grandfather"),
    ("grandparent", "GRPRN", "grandparent"),
    ("granddaughter", "GRNDDAU", "granddaughter"),
    ("grandson", "GRNDSON", "grandson"),
    ("grandchild", "GRNDCHILD", "grandchild"),
    ("aunt", "AUNT", "aunt"),
    ("maternal aunt", "MAUNT", "maternal aunt"),
    ("paternal aunt", "PAUNT", "paternal aunt"),
    ("uncle", "UNCLE", "uncle"),
    ("maternal uncle", "MUNCLE", "maternal uncle"),
    ("paternal uncle", "PUNCLE", "paternal uncle"),
    ("cousin", "COUSN", "cousin"),
];

/// True for a word for a relative.
pub(in crate::notes) fn is_relative(word: &str) -> bool {
    let known = word.to_lowercase();
    RELATIVES.iter().any(|(relative, ..)| *relative == known)
}

/// The relation in its own words, with a code where they have one; any family member where there are no words.
pub(super) fn relationship(relation: Option<&str>) -> CodeableConcept {
    let Some(words) = relation.map(plain) else {
        return concept("family member", Some(("FAMMEMB", "family member")));
    };
    let known = words.to_lowercase();
    let row = RELATIVES.iter().find(|(word, ..)| *word == known);
    concept(&words, row.map(|(_, code, display)| (*code, *display)))
}

fn concept(words: &str, code: Option<(&str, &str)>) -> CodeableConcept {
    CodeableConcept {
        coding: code
            .map(|(code, display)| Coding::new(ROLES, code).named(display))
            .into_iter()
            .collect(),
        text: Some(words.to_owned()),
    }
}
