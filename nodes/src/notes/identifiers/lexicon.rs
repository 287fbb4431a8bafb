//! What is known of single words: which are names, which are words of English or of medicine.
//!
//! The lists are folded: small letters without accents. They are not complete, and need not be: a capitalised word
//! that is on no list is judged by where it stands.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A list that a word can be on, as a bit.
#[derive(Clone, Copy)]
enum List {
    GivenNames = 1,
    Surnames = 2,
    Words = 4,
    FunctionWords = 8,
    NotNames = 16,
    Eponyms = 32,
}

/// The lists of each word, as bits.
static LISTS: LazyLock<HashMap<&'static str, u8>> = LazyLock::new(|| {
    let files = [
        (List::GivenNames, include_str!("lists/given_names.txt")),
        (List::Surnames, include_str!("lists/surnames.txt")),
        (List::Words, include_str!("lists/words.txt")),
        (List::FunctionWords, include_str!("lists/function_words.txt")),
        (List::NotNames, include_str!("lists/not_names.txt")),
        (List::Eponyms, include_str!("lists/eponyms.txt")),
    ];
    let mut lists = HashMap::new();
    for (list, text) in files {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        for word in lines
            .flat_map(|line| line.split([' ', '-']))
            .filter(|word| !word.is_empty())
        {
            *lists.entry(word).or_insert(0) |= list as u8;
        }
    }
    lists
});

/// Endings of words of medicine and of English that no list can hold all of.
const ENDINGS: [&str; 77] = [
    "itis",
    "osis",
    "oses",
    "ectomy",
    "otomy",
    "ostomy",
    "plasty",
    "oscopy",
    "oscopic",
    "graphy",
    "gram",
    "grams",
    "graphic",
    "emia",
    "aemia",
    "uria",
    "pathy",
    "pathic",
    "algia",
    "plegia",
    "paresis",
    "trophy",
    "penia",
    "philia",
    "cyte",
    "cytes",
    "oma",
    "omas",
    "omata",
    "ology",
    "ologist",
    "ologic",
    "iatric",
    "iatry",
    "statin",
    "pril",
    "sartan",
    "olol",
    "dipine",
    "azole",
    "mycin",
    "micin",
    "cillin",
    "cycline",
    "floxacin",
    "oxacin",
    "mab",
    "nib",
    "vir",
    "prazole",
    "tidine",
    "setron",
    "triptan",
    "gliptin",
    "gliflozin",
    "glutide",
    "parin",
    "azepam",
    "azolam",
    "barbital",
    "caine",
    "curium",
    "curonium",
    "profen",
    "oxetine",
    "traline",
    "ipramine",
    "zepine",
    "tion",
    "tions",
    "ness",
    "ment",
    "ments",
    "ously",
    "ically",
    "ability",
    "ization",
];

/// Whether a folded word is a frequent given name.
pub(super) fn is_given_name(word: &str) -> bool {
    is_on(List::GivenNames, word)
}

/// Whether a folded word is a frequent surname.
pub(super) fn is_surname(word: &str) -> bool {
    is_on(List::Surnames, word)
}

/// Whether a folded word is a word of English or of medicine in small letters.
pub(super) fn is_common(word: &str) -> bool {
    is_on(List::Words, word)
        || is_function_word(word)
        || word.is_ascii() && stems(word).any(|stem| is_on(List::Words, &stem))
}

/// Whether a folded word can begin no name: pronouns, prepositions and the like.
pub(super) fn is_function_word(word: &str) -> bool {
    is_on(List::FunctionWords, word)
}

/// Whether a folded word is written with a capital but names no person and no place smaller than a state.
pub(super) fn is_not_a_name(word: &str) -> bool {
    is_on(List::NotNames, word)
}

/// Whether a folded word names a sign, a disease, a test or a tool, whoever it was named after.
pub(super) fn is_eponym(word: &str) -> bool {
    is_on(List::Eponyms, word)
}

/// Whether a folded word ends as words of medicine do.
pub(super) fn is_medical_form(word: &str) -> bool {
    word.len() > 5 && ENDINGS.iter().any(|ending| word.ends_with(ending))
}

fn is_on(list: List, word: &str) -> bool {
    LISTS.get(word).is_some_and(|lists| lists & list as u8 != 0)
}

/// What a word may be an inflection of.
fn stems(word: &str) -> impl Iterator<Item = String> + '_ {
    let endings = [
        ("s", ""),
        ("es", ""),
        ("ies", "y"),
        ("ed", ""),
        ("ed", "e"),
        ("ing", ""),
        ("ing", "e"),
        ("ly", ""),
        ("er", ""),
    ];
    endings.into_iter().filter_map(move |(ending, instead)| {
        let stem_min = if ending.ends_with('s') || ending == "er" {
            5
        } else {
            4
        };
        let stem = word.strip_suffix(ending).filter(|stem| stem.len() >= stem_min)?;
        Some(format!("{stem}{instead}"))
    })
}

/// A letter as the lists have it: small and without its accent, for the letters of Latin alphabets.
pub(super) fn fold(letter: char, into: &mut String) {
    for small in letter.to_lowercase() {
        match small {
            'à'..='å' | 'ā' | 'ă' | 'ą' => into.push('a'),
            'ç' | 'ć' | 'č' => into.push('c'),
            'ď' | 'đ' | 'ð' => into.push('d'),
            'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => into.push('e'),
            'ğ' => into.push('g'),
            'ì'..='ï' | 'ī' | 'ı' => into.push('i'),
            'ł' => into.push('l'),
            'ñ' | 'ń' | 'ň' => into.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => into.push('o'),
            'ř' => into.push('r'),
            'ś' | 'ş' | 'š' | 'ș' => into.push('s'),
            'ţ' | 'ť' | 'ț' => into.push('t'),
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => into.push('u'),
            'ý' | 'ÿ' => into.push('y'),
            'ź' | 'ż' | 'ž' => into.push('z'),
            '’' => into.push('\''),
            '\u{300}'..='\u{36f}' => (),
            other => into.push(other),
        }
    }
}
