//! Addresses of mail, of the web and of machines, names of image files, and handles.

use std::net::{IpAddr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern::{after, before, compiled, ends_in_word, is_apart, lookback};
use super::{Certainty, Class, Identifier};

/// Longest part before the `@` (RFC 5321, 4.5.3.1.1).
const LOCAL_BYTES_MAX: usize = 64;
/// Longest name of a host (RFC 1035, 2.3.4).
const HOST_BYTES_MAX: usize = 255;
/// Longest web address that is taken as one.
const URL_BYTES_MAX: usize = 2_048;
/// Longest name of a file.
const FILE_BYTES_MAX: usize = 255;

static WEB: LazyLock<Regex> = LazyLock::new(|| compiled(r"(?i-u)(?:https?|ftp)://|\bwww\."));
static HOST: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?i-u)\b[a-z0-9](?:[a-z0-9-]{0,62}\.){1,4}(?:com|org|net|edu|gov|mil|io|info|biz|app|health|eu|(?:co|org|ac|nhs|gov)\.uk|co\.[a-z]{2}|com\.[a-z]{2}|de|fr|nl|ie|ca|au)\b",
    )
});
static FOUR: LazyLock<Regex> = LazyLock::new(|| compiled(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?"));
static SIX: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"[0-9A-Fa-f:]{2,39}(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3})?"));
static HARDWARE: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})"));
static IMAGE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?i-u)\.(?:jpe?g|jpe|png|gif|tiff?|bmp|heic|heif|webp|dcm|dicom|raw|dng|cr2|nef|svg|mp4|mov|avi|m4v)\b",
    )
});

/// All of them.
pub(super) fn find(text: &str) -> Vec<Identifier> {
    let mut found = mail_and_handles(text);
    found.extend(web(text));
    found.extend(machines(text));
    let images = IMAGE
        .find_iter(text)
        .filter_map(|ending| image(text, ending.range()));
    found.extend(images.map(|range| Identifier::new(Class::Photo, range, Certainty::Format)));
    found
}

fn mail_and_handles(text: &str) -> Vec<Identifier> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let local = back_while(text, at, LOCAL_BYTES_MAX, is_of_local_part);
        let host = on_while(text, at + 1, HOST_BYTES_MAX, |sign| {
            sign.is_alphanumeric() || matches!(sign, '.' | '-' | '_')
        });
        let host = at
            + 1
            + text
                .get(at + 1..host)
                .unwrap_or_default()
                .trim_end_matches(['.', '-', '_'])
                .len();
        let name = text.get(at + 1..host).unwrap_or_default();
        let local = at
            - text
                .get(local..at)
                .unwrap_or_default()
                .trim_start_matches(['.', '-', '\''])
                .len();
        if local < at && name.len() > 1 {
            found.push(Identifier::new(Class::Email, local..host, Certainty::Format));
        } else if local == at && name.len() > 2 && name.starts_with(char::is_alphabetic) {
            found.push(Identifier::new(Class::Other, at..host, Certainty::Format));
        }
    }
    found
}

fn is_of_local_part(sign: char) -> bool {
    sign.is_alphanumeric() || matches!(sign, '.' | '_' | '%' | '+' | '-' | '\'' | '&' | '!' | '#' | '$')
}

fn web(text: &str) -> Vec<Identifier> {
    let schemes = WEB.find_iter(text).map(|scheme| scheme.range());
    let hosts = HOST
        .find_iter(text)
        .map(|host| host.range())
        .filter(|host| before(text, host.start) != Some('@') && after(text, host.end) != Some('@'));
    let mut found = addresses(text, schemes);
    found.extend(addresses(text, hosts));
    let found = found.into_iter();
    found
        .map(|range| Identifier::new(Class::Url, range, Certainty::Format))
        .collect()
}

/// The whole addresses of which the beginnings are given, in order; one within another is passed over.
fn addresses(text: &str, beginnings: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for beginning in beginnings {
        if found.last().is_some_and(|last| beginning.start < last.end) {
            continue;
        }
        let is_open = text
            .get(beginning.clone())
            .is_some_and(|written| written.ends_with(['/', '.']));
        let end = match after(text, beginning.end) {
            Some('/' | '?' | ':' | '#') => address_end(text, beginning.end),
            Some(sign) if is_open && !sign.is_whitespace() => address_end(text, beginning.end),
            _ => beginning.end,
        };
        if end > beginning.start + 4 {
            found.push(beginning.start..end);
        }
    }
    found
}

/// Where an address ends: before white space, quotes and brackets, without a sentence's stop.
fn address_end(text: &str, start: usize) -> usize {
    let end = on_while(text, start, URL_BYTES_MAX, |sign| {
        !sign.is_whitespace()
            && !matches!(
                sign,
                '"' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | '“' | '”'
            )
    });
    let rest = text.get(start..end).unwrap_or_default();
    start + rest.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'']).len()
}

fn machines(text: &str) -> Vec<Identifier> {
    let mut found = Vec::new();
    let mut add =
        |class: Class, range: Range<usize>| found.push(Identifier::new(class, range, Certainty::Format));
    for four in FOUR.find_iter(text) {
        let address = four.as_str().split('/').next().unwrap_or_default();
        let is_address =
            address.parse::<IpAddr>().is_ok() || address.split('.').all(|part| part.parse::<u8>().is_ok());
        let is_version = ends_in_word(
            &lookback(text, four.start(), 12),
            &["version", "ver", "v", "release"],
        );
        let is_part = before(text, four.start()) == Some('.');
        if is_address && !is_version && !is_part && is_apart(text, four.start(), four.end()) {
            add(Class::IpAddress, four.range());
        }
    }
    for six in SIX
        .find_iter(text)
        .filter(|six| six.as_str().matches(':').count() > 1)
    {
        let address = six.as_str().trim_end_matches(':');
        let address = if six.as_str().ends_with("::") {
            six.as_str()
        } else {
            address
        };
        let end = six.start() + address.len();
        let has_digits = address.bytes().filter(u8::is_ascii_hexdigit).count() > 2;
        if has_digits && address.parse::<Ipv6Addr>().is_ok() && is_apart(text, six.start(), end) {
            add(Class::IpAddress, six.start()..end);
        }
    }
    for hardware in HARDWARE.find_iter(text) {
        if is_apart(text, hardware.start(), hardware.end()) {
            add(Class::Device, hardware.range());
        }
    }
    found
}

/// The name of an image file by its ending.
fn image(text: &str, ending: Range<usize>) -> Option<Range<usize>> {
    let start = back_while(text, ending.start, FILE_BYTES_MAX, |sign| {
        sign.is_alphanumeric() || matches!(sign, '_' | '-' | '.' | '~' | '/' | '\\' | '#' | '+' | '%')
    });
    (start < ending.start).then_some(start..ending.end)
}

fn back_while(text: &str, end: usize, bytes_max: usize, is_part: impl Fn(char) -> bool) -> usize {
    let mut start = end;
    for (at, sign) in text.get(..end).unwrap_or_default().char_indices().rev() {
        if !is_part(sign) || end - at > bytes_max {
            break;
        }
        start = at;
    }
    start
}

fn on_while(text: &str, start: usize, bytes_max: usize, is_part: impl Fn(char) -> bool) -> usize {
    let mut end = start;
    for (at, sign) in text.get(start..).unwrap_or_default().char_indices() {
        if !is_part(sign) || at + sign.len_utf8() > bytes_max {
            break;
        }
        end = start + at + sign.len_utf8();
    }
    end
}
