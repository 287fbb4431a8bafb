//! Numbers and codes that a word before them announces: "MRN", "account", "serial no.", "licence plate".

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern::{compiled, lookback};
use super::{Certainty, Class, Identifier};
use announced::{Form, read_code};

mod announced;

/// What announces a code of a class.
struct Announcement {
    class: Class,
    form: Form,
    words: Regex,
}

static ANNOUNCEMENTS: LazyLock<Vec<Announcement>> = LazyLock::new(|| {
    WORDS
        .iter()
        .map(|(class, form, words)| Announcement {
            class: *class,
            form: *form,
            words: compiled(&format!(r"(?i-u)(?:\b(?:{words})(?:\b|#))")),
        })
        .collect()
});

/// Classes with the words that announce their codes, those first whose class wins over a later one.
const WORDS: [(Class, Form, &str); 17] = [
    (
        Class::SocialSecurity,
        Form::Short,
        r"ssns?|ss ?(?:no|num|#)|soc(?:ial)?\.? ?sec(?:urity)?\.?(?: (?:number|no|num|#))?|social(?: security)?(?: (?:number|no))?|last (?:four|4)(?: digits)?(?: of (?:(?:his|her|the|your|my|their|patient's) )?(?:social(?: security)?|ssn)(?: number)?)?",
    ),
    (
        Class::MedicalRecord,
        Form::Code,
        r"mrns?|mr|m\.r\.n?|med(?:ical)? ?rec(?:ord)?s?|record (?:number|no|num|#|id)|health record|chart|unit (?:no|number)|hosp(?:ital)?\.? ?(?:no|num|number|id|#)|nhs(?: ?(?:no|number|num|#))?|chi(?: (?:no|number))|patient(?:'s)? (?:id|identifier|ident|no|number|num|#)|pt (?:id|no|#)|our ref(?:erence)?|your ref|hospital record|ehr (?:id|no)|encounter (?:id|no|number)|visit (?:id|no|number|#)",
    ),
    (
        Class::HealthPlan,
        Form::Code,
        r"(?:health ?)?plan(?: beneficiary)?(?: ?(?:id|no|number|#))|member(?:ship)?(?: ?(?:id|no|number|#))?|subscriber(?: ?(?:id|no|number|#))?|beneficiary(?: ?(?:id|no|number|identifier|#))?|polic(?:y|ies)(?: holder)?(?: ?(?:id|no|number|#))?|group(?: ?(?:id|no|number|#))|insurance(?: (?:id|no|number|group|policy|card))?|medicare(?: ?(?:id|no|number|#|beneficiary identifier))?|medicaid(?: ?(?:id|no|number|#))?|mbi|hicn|grp|payer id|claim(?: ?(?:id|no|number|#))|humana|aetna|cigna|prior auth(?:orization)?(?: (?:no|number|#))?",
    ),
    (
        Class::Account,
        Form::Code,
        r"acc(?:oun)?ts?|acct|a/c|guarantor|invoice|bill(?:ing)?(?: (?:no|number|#|account|id))|statement (?:no|number)|sort code|routing|iban|swift|card(?: (?:no|number|ending(?: in)?))|(?:visa|mastercard|amex)(?: ending(?: in)?)?|financial (?:no|number)|fin|receipt(?: (?:no|number|#))?",
    ),
    (
        Class::Certificate,
        Form::Code,
        r"(?:driver'?s?'? |driving |medical |nursing |state |pilot'?s? )?licen[cs]es?(?: (?:id|no|number|#))?",
    ),
    (
        Class::Certificate,
        Form::Code,
        r"dea|npi|gmc|nmc(?: pin)?|gphc|upin|certificates?|certificate (?:no|number)|cert(?: no)?|driving licen[cs]e|dl ?(?:no|number|#)|registration (?:id)|permit|diploma",
    ),
    (
        Class::Vehicle,
        Form::Plate,
        r"(?:licen[cs]e |number |car |vehicle )?plates?(?: (?:no|number|#))?|(?:vehicle |car )?reg(?:istration)?(?: (?:no|number|mark))?|tag|vin|(?:rental )?(?:vehicle|car|van|truck|lorry)|vehicle id(?:entification)?(?: (?:no|number))?|chassis(?: (?:no|number))?|vrm",
    ),
    (
        Class::Device,
        Form::Code,
        r"serial(?: (?:no|num|number|#))?|s/n|sn|lot(?: (?:no|number|#))?|batch(?: (?:no|number|#))?|udi|imei|mac(?: address)?|device (?:id|identifier|no|number|serial)|asset(?: (?:tag|no|number|id))?|implant (?:id|no|number)|imsi|iccid|barcode",
    ),
    (
        Class::Biometric,
        Form::Loose,
        r"finger ?prints?|thumb ?prints?|palm ?(?:print|vein)s?|hand geometry|voice ?prints?|speaker (?:model|template)|retina(?:l)?(?: scans?| images?)?|iris(?: scans?| codes?| templates?)|facial (?:template|recognition|geometry)|face (?:recognition|template|id|print)|biometrics?|gait (?:template|signature)|dna profile",
    ),
    (
        Class::Photo,
        Form::Loose,
        r"photo(?:graph)?s?|pictures?|pics?|images?|selfie|headshot|mugshot|snapshot",
    ),
    (
        Class::Other,
        Form::Code,
        r"study (?:id|subject|participant|no|number)|subject(?: (?:id|no|number|#))|participants?(?: (?:id|no|number|#))?|trial (?:id|subject|participant|no|number)(?: (?:id|no|number|#))?|subject|randomi[sz]ation (?:no|number|id)|screening (?:no|number|id)",
    ),
    (
        Class::Other,
        Form::Long,
        r"specimen|accession|sample (?:id|no|number|#)|specimen (?:id|no|number|#)|order (?:id|no|number|#)|requisition|req (?:no|#)|case (?:id|no|number|#)|reference(?: (?:id|no|number|#))?|ref (?:no|number|#)|tracking|confirmation|ticket|incident",
    ),
    (
        Class::Other,
        Form::Code,
        r"passport|employee(?: (?:id|no|number|#))|staff (?:id|no|number|#)|badge|inmate|prisoner|booking (?:no|number)|student (?:id|no|number)|service (?:no|number)|military id|id(?:entification)? ?(?:no|num|number|card|code|#)|identifier|visa (?:no|number)|national (?:id|insurance)(?: (?:no|number))?|ni (?:no|number)|tax (?:id|no|number)|tin|ein|uuid|guid|user ?(?:id|name)|login|password|pin (?:no|number|code)|prescription (?:no|number|#)|rx (?:no|number)|donor (?:id|no|number)|registry (?:id|no|number)|tattoo",
    ),
    (
        Class::Phone,
        Form::Short,
        r"pagers?|beepers?|bleeps?|page|ext|extension|pgr|dect",
    ),
    (
        Class::Phone,
        Form::Phone,
        r"tel(?:ephone)?|phone|cell(?:ular)?|mobile|call ?back(?: number)?",
    ),
    (Class::Fax, Form::Phone, r"fax(?:ed)?|facsimile"),
    (Class::Other, Form::Code, r"id"),
];

/// All of them.
pub(super) fn find(text: &str) -> Vec<Identifier> {
    let mut found: Vec<Identifier> = Vec::new();
    for announcement in ANNOUNCEMENTS.iter() {
        for words in announcement.words.find_iter(text) {
            if announcement.class == Class::Certificate && is_plate(text, words.end()) {
                continue;
            }
            let Some(code) = read_code(text, words.end(), announcement.form) else {
                continue;
            };
            let class = class(text, announcement.class, words.start());
            found.extend(alike(text, &code).map(|range| Identifier::new(class, range, Certainty::Context)));
            found.push(Identifier::new(class, code, Certainty::Context));
        }
    }
    found
}

/// Whether "licence" is the first word of "licence plate".
fn is_plate(text: &str, end: usize) -> bool {
    text.get(end..)
        .unwrap_or_default()
        .trim_start()
        .get(..5)
        .is_some_and(|word| word.eq_ignore_ascii_case("plate"))
}

/// A passport photograph is no passport, and a registration number may be a physician's.
fn class(text: &str, class: Class, start: usize) -> Class {
    let back = lookback(text, start, 24);
    match class {
        Class::Vehicle if back.trim_end().ends_with("gmc") || back.trim_end().ends_with("professional") => {
            Class::Certificate
        }
        other => other,
    }
}

/// Codes of the same form soon after one, as in "charts 12-345 and 67-890".
fn alike<'a>(text: &'a str, code: &Range<usize>) -> impl Iterator<Item = Range<usize>> + 'a {
    const NEAR_BYTES: usize = 64;
    let form = |code: &str| -> String {
        code.chars()
            .map(|sign| match sign {
                sign if sign.is_ascii_digit() => '0',
                sign if sign.is_alphabetic() => 'a',
                sign => sign,
            })
            .collect()
    };
    let wanted = form(text.get(code.clone()).unwrap_or_default());
    let end = code.end;
    let near = text.get(end..).unwrap_or_default();
    let line = near.split('\n').next().unwrap_or_default();
    let pieces = line
        .char_indices()
        .take_while(|(at, _)| *at < NEAR_BYTES)
        .filter(|(_, sign)| matches!(sign, ' ' | '('))
        .filter_map(move |(at, _)| announced::token(text, end + at + 1));
    pieces
        .filter(move |piece| wanted.len() > 5 && form(text.get(piece.clone()).unwrap_or_default()) == wanted)
}
