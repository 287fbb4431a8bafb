//! How much an order has to do with what probably is the matter.
//!
//! An order that names a part that the cause is about comes before one that only says what was done. What an order names
//! is what a net for work orders found in it. Nothing here decides whether an order is of the machine.

use std::ops::Range;

use crate::notes::spans::Entity;
use crate::report::record::Fault;

/// The kinds of mentions that are looked at, as `maintie@1` names them.
pub(super) const OBJECT: &str = "physicalobject";
pub(super) const ACTIVITY: &str = "activity";

/// What words of work on a machine begin with.
const WORK: [&str; 22] = [
    "adjust",
    "align",
    "balanc",
    "chang",
    "check",
    "clean",
    "fit",
    "grease",
    "greasing",
    "inspect",
    "install",
    "lubric",
    "overhaul",
    "rebuil",
    "refurbish",
    "remov",
    "renew",
    "repair",
    "replac",
    "servic",
    "swap",
    "tight",
];
/// Shortest word that may end in the `s` or `es` of a plural.
const PLURAL_MIN: usize = 4;

/// How much an order has to do with the cause, 2 for a part that it is about and 1 for work on the machine, and where it
/// names such a part.
pub(super) fn relevance(text: &str, found: &[Entity], parts: &[String]) -> (u8, Option<Range<usize>>) {
    let first = |kind: &str, is: &dyn Fn(&str) -> bool| {
        let mut of_kind = found
            .iter()
            .filter(|entity| entity.kind == kind)
            .map(Entity::range);
        of_kind.find(|range| words(text.get(range.clone()).unwrap_or_default()).any(|word| is(&word)))
    };
    let part = first(OBJECT, &|word| parts.iter().any(|part| is_same(part, word)));
    let work = first(ACTIVITY, &|word| WORK.iter().any(|begin| word.starts_with(begin)));
    (2 * u8::from(part.is_some()) + u8::from(work.is_some()), part)
}

/// The words of a mention in small letters.
fn words(mention: &str) -> impl Iterator<Item = String> {
    mention
        .split(|character: char| !character.is_alphanumeric())
        .map(str::to_lowercase)
}

/// True for a word and its plural.
fn is_same(part: &str, word: &str) -> bool {
    let ending = word.strip_prefix(part);
    ending
        .is_some_and(|ending| ending.is_empty() || (part.len() >= PLURAL_MIN && matches!(ending, "s" | "es")))
}

/// The parts of a machine that a fault is about, in small letters.
pub(super) fn parts_of(fault: Fault) -> &'static [&'static str] {
    match fault {
        Fault::OuterRaceDefect | Fault::InnerRaceDefect | Fault::RollingElementDefect | Fault::CageDefect => {
            &["bearing", "race", "roller", "cage", "housing"]
        }
        Fault::Unbalance => &["rotor", "impeller", "fan", "wheel", "blade"],
        Fault::Misalignment => &["coupling", "shaft", "alignment"],
        Fault::Looseness => &["bolt", "foundation", "base", "mount", "mounting", "foot"],
        Fault::PoorLubrication => &[
            "oil",
            "grease",
            "lube",
            "lubricator",
            "lubricant",
            "greaser",
            "bearing",
        ],
        Fault::Cavitation => &["impeller", "suction", "strainer", "inlet"],
        Fault::GearDamage => &["gear", "gearbox", "tooth", "teeth", "pinion"],
        Fault::ValveFault => &["valve", "actuator"],
        Fault::Leak => &["seal", "gasket", "hose", "pipe", "packing", "coolant"],
        Fault::ElectricalFault => &["motor", "winding", "cable", "starter", "contactor", "fuse"],
        Fault::SensorFault => &["sensor", "transmitter", "probe", "gauge", "cable"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, mentions: &[(&str, &str)], expected: u8) {
        let found = mentions.iter().map(|(kind, mention)| {
            let start = text.find(mention).unwrap();
            Entity {
                kind: (*kind).to_owned(),
                start: u32::try_from(start).unwrap(),
                end: u32::try_from(start + mention.len()).unwrap(),
                confidence: 1.0,
            }
        });
        let parts: Vec<String> = parts_of(Fault::InnerRaceDefect)
            .iter()
            .map(|part| (*part).to_owned())
            .collect();
        assert_eq!(
            relevance(text, &found.collect::<Vec<_>>(), &parts).0,
            expected,
            "{text}"
        );
    }

    #[test]
    fn a_part_of_the_cause_counts_more_than_work() {
        check(
            "replaced drive end bearings",
            &[(OBJECT, "drive end bearings"), (ACTIVITY, "replaced")],
            3,
        );
        check("bearing noisy", &[(OBJECT, "bearing")], 2);
        check("replaced seal", &[(OBJECT, "seal"), (ACTIVITY, "replaced")], 1);
        check("seal leaking", &[(OBJECT, "seal")], 0);
    }

    #[test]
    fn only_what_the_net_found_counts() {
        check("bearing replaced", &[], 0);
        // A word that only begins like a part is another one.
        check("racecar noisy", &[(OBJECT, "racecar")], 0);
        check("bearing up", &[("state", "bearing")], 0);
    }
}
