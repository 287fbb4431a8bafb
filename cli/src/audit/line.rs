//! An entry as a line of text, and back.
//!
//! There is exactly one line for an entry: JSON without blanks, keys in the order of the types, optional ones left out
//! where there is nothing to say, the hash last. A line that is not that one is refused, even where it means the same.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::entry::{Entry, Event, MODELS_MAX, VERSION};
use super::hash::{Chain, Hash};
use super::moment::Moment;

/// Longest line, in bytes, without its end: one of a request with the most models, and some.
pub const LINE_BYTES_MAX: usize = 16 << 10;

/// What stands before the hash of a line.
const BEFORE_HASH: &[u8] = b",\"hash\":\"";

/// Bytes of the end of a line from [`BEFORE_HASH`] on.
const HASH_BYTES: usize = BEFORE_HASH.len() + 64 + 2;

/// A line but for its hash.
#[derive(Serialize, Deserialize)]
struct Body {
    sequence: u64,
    time: Moment,
    previous: Hash,
    #[serde(flatten)]
    event: Event,
}

/// Why a line is no entry. No text of the line is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineFault {
    /// It is longer than any entry.
    #[error("the line is longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
    /// Its writing was cut short. Only the last line can be.
    #[error("the line was cut short")]
    Torn,
    /// It is no JSON object with a hash at its end.
    #[error("the line is no entry: {}", at_column(*column))]
    NoEntry {
        /// The byte, from 1, at which reading stopped; 0 where that is not known.
        column: usize,
    },
    /// It says what an entry says in another way than an entry does.
    #[error("the line is not in the one form of an entry: a blank, an order or an unknown key was changed")]
    Form,
    /// It begins a log of another version.
    #[error("the log has version {found} of the format; this program knows {VERSION}")]
    Version {
        /// The version.
        found: u64,
    },
}

fn at_column(column: usize) -> String {
    match column {
        0 => "it has not the fields of one".to_owned(),
        column => format!("expected another byte at column {column}"),
    }
}

/// A new entry with its line, which ends in a line feed.
///
/// # Errors
/// None that a caller can bring about; the writer of JSON has them.
pub(super) fn render(
    sequence: u64,
    time: Moment,
    previous: Hash,
    event: Event,
    chain: &Chain,
) -> Result<(Entry, Vec<u8>), serde_json::Error> {
    let body = Body {
        sequence,
        time,
        previous,
        event,
    };
    let mut line = serde_json::to_vec(&body)?;
    let hash = chain.hash(&line);
    line.pop();
    line.extend(BEFORE_HASH);
    line.extend(hash.to_string().bytes());
    line.extend(b"\"}\n");
    let entry = Entry {
        sequence,
        time,
        previous,
        event: body.event,
        hash,
    };
    Ok((entry, line))
}

/// Reads a line without its end. The hash is taken as it stands.
///
/// # Errors
/// [`LineFault`].
pub(super) fn parse(line: &[u8]) -> Result<Entry, LineFault> {
    if line.len() > LINE_BYTES_MAX {
        return Err(LineFault::TooLong);
    }
    let (body, hash) = split(line).ok_or(LineFault::NoEntry { column: 0 })?;
    let body = body_of(body);
    let read: Body = serde_json::from_slice(&body).map_err(|error| fault(&body, &error))?;
    if let Event::Created(created) = &read.event
        && created.version != VERSION
    {
        let found = u64::from(created.version);
        return Err(LineFault::Version { found });
    }
    let again = serde_json::to_vec(&read).map_err(|_| LineFault::Form)?;
    let models = match &read.event {
        Event::Asked(question) => question.models.len(),
        Event::Created(_) | Event::Opened | Event::Ended(_) | Event::Recovered(_) | Event::Closed => 0,
    };
    if again != body || models > MODELS_MAX {
        return Err(LineFault::Form);
    }
    Ok(Entry {
        sequence: read.sequence,
        time: read.time,
        previous: read.previous,
        event: read.event,
        hash,
    })
}

/// The hash that a line should have.
pub(super) fn hash_of(line: &[u8], chain: &Chain) -> Option<Hash> {
    let (body, _) = split(line)?;
    Some(chain.hash(&body_of(body)))
}

/// The line up to its hash, and the hash.
fn split(line: &[u8]) -> Option<(&[u8], Hash)> {
    let (body, end) = line.split_at_checked(line.len().checked_sub(HASH_BYTES)?)?;
    let digits = end.strip_prefix(BEFORE_HASH)?.strip_suffix(b"\"}")?;
    let hash = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((body, hash))
}

/// The object as it was before its hash was added.
fn body_of(body: &[u8]) -> Vec<u8> {
    [body, b"}"].concat()
}

/// A later version may have other fields, so its number is looked for where the rest cannot be read.
fn fault(body: &[u8], error: &serde_json::Error) -> LineFault {
    let json: Option<Json> = serde_json::from_slice(body).ok();
    let created = json.filter(|json| json["event"] == "created");
    match created.and_then(|json| json["version"].as_u64()) {
        Some(found) if found != u64::from(VERSION) => LineFault::Version { found },
        Some(_) | None => LineFault::NoEntry {
            column: error.column(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "{\"sequence\":0,\"time\":\"2031-05-17T08:30:00.000Z\",\"previous\":\"\
        0000000000000000000000000000000000000000000000000000000000000000\",\"event\":\"created\",\"version\":1,\
        \"log\":\"000102030405060708090a0b0c0d0e0f\",\"part\":1}";

    fn with_hash(body: &str, chain: &Chain) -> String {
        let hash = chain.hash(body.as_bytes());
        format!("{},\"hash\":\"{hash}\"}}", body.strip_suffix('}').unwrap())
    }

    #[test]
    fn a_line_reads_back_as_itself() {
        let line = with_hash(FIRST, &Chain::Plain);
        let entry = parse(line.as_bytes()).unwrap();
        assert_eq!(hash_of(line.as_bytes(), &Chain::Plain), Some(entry.hash));
        let (again, rendered) = render(
            entry.sequence,
            entry.time,
            entry.previous,
            entry.event.clone(),
            &Chain::Plain,
        )
        .unwrap();
        assert_eq!((again, rendered), (entry, format!("{line}\n").into_bytes()));
    }

    #[test]
    fn the_same_in_another_form_is_refused() {
        let check = |from: &str, to: &str| {
            let body = FIRST.replace(from, to);
            assert_ne!(body, FIRST);
            assert_eq!(
                parse(with_hash(&body, &Chain::Plain).as_bytes()),
                Err(LineFault::Form),
                "{to}"
            );
        };
        check(":0,", ": 0,");
        check("\"part\":1", "\"part\":1,\"note\":\"x\"");
        check("\"part\":1", "\"part\":1,\"key\":null");
        check("\"version\":1,\"log\"", "\"version\":1 ,\"log\"");
        check("created", "cre\\u0061ted");
        check("{\"sequence\":0,", "{\"x\":1,\"sequence\":0,");
    }

    #[test]
    fn what_is_no_entry_is_refused_without_repeating_it() {
        for body in [
            "{}",
            "{\"sequence\":0}",
            "Jane Roe}",
            "\u{feff}{}",
            "[]}",
            &FIRST.replace("created", "Jane Roe"),
        ] {
            let fault = parse(with_hash(body, &Chain::Plain).as_bytes()).unwrap_err();
            assert!(matches!(fault, LineFault::NoEntry { .. }), "{fault:?}");
            assert!(!fault.to_string().contains("Roe"), "{fault}");
        }
        for line in [&b""[..], b"{}", b"\xff", &[b'{'; LINE_BYTES_MAX]] {
            assert!(matches!(parse(line), Err(LineFault::NoEntry { .. })));
        }
        assert_eq!(parse(&[b' '; LINE_BYTES_MAX + 1]), Err(LineFault::TooLong));
    }

    #[test]
    fn deep_nesting_is_refused() {
        let body = format!("{}}}", "[".repeat(8_000));
        let fault = parse(with_hash(&body, &Chain::Plain).as_bytes());
        assert!(matches!(fault, Err(LineFault::NoEntry { .. })), "{fault:?}");
    }

    #[test]
    fn another_version_is_told_by_its_number() {
        let check = |body: &str| {
            let found = parse(with_hash(body, &Chain::Plain).as_bytes());
            assert_eq!(found, Err(LineFault::Version { found: 2 }));
        };
        check(&FIRST.replace("\"version\":1", "\"version\":2"));
        check(&FIRST.replace("\"version\":1,\"log\"", "\"version\":2,\"journal\""));
    }
}
