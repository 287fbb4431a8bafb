//! Hashes of an audit log, and the key that makes them and pseudonyms unforgeable.
//!
//! What a secret key is used for has its own key, derived from it, so that no use says anything of another. Nothing
//! here can be turned back into what was hashed; without the key, a pseudonym cannot even be guessed and compared.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Bytes of a key of HMAC-SHA-256 as it is used: one block.
const BLOCK_BYTES: usize = 64;

/// Fewest bytes of a secret key.
pub const KEY_BYTES_MIN: usize = 32;

/// Most bytes of a secret key.
pub const KEY_BYTES_MAX: usize = BLOCK_BYTES;

/// A text that is not the hexadecimal digits asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {digits} hexadecimal digits in lower case")]
pub struct HexFault {
    /// How many.
    pub digits: usize,
}

macro_rules! hash {
    ($(#[$about:meta])* $name:ident, $bytes:literal) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; $bytes]);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = HexFault;

            fn from_str(text: &str) -> Result<Self, HexFault> {
                unhex(text).map($name).ok_or(HexFault { digits: 2 * $bytes })
            }
        }

        impl TryFrom<String> for $name {
            type Error = HexFault;

            fn try_from(text: String) -> Result<Self, HexFault> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(hash: $name) -> String {
                hash.to_string()
            }
        }
    };
}

hash!(
    /// The hash of a line of a log.
    Hash,
    32
);
hash!(
    /// The SHA-256 checksum of a pipeline, of weights, or of what was moved out of a log.
    Digest,
    32
);
hash!(
    /// A patient, as only who has the key can tell.
    Pseudonym,
    32
);
hash!(
    /// What was asked, so that who has the key and the input can tell that it was this one.
    Fingerprint,
    32
);
hash!(
    /// Which log: the same in all its parts, and in no other log.
    LogId,
    16
);
hash!(
    /// Which key, without telling anything of it.
    KeyId,
    8
);

impl Hash {
    /// What the first line of a log names as the hash of the line before it.
    pub const NONE: Hash = Hash([0; 32]);
}

impl Digest {
    /// The checksum of these bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }
}

impl From<[u8; 16]> for LogId {
    /// An id from 16 random bytes, which the caller draws.
    fn from(random: [u8; 16]) -> LogId {
        LogId(random)
    }
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// It is too short to be secret, or too long.
    #[error("a key has {KEY_BYTES_MIN} to {KEY_BYTES_MAX} bytes, this one has {found}")]
    Length {
        /// Its bytes; one more than the most where there are more.
        found: usize,
    },
    /// The file cannot be read.
    #[error("the key `{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// As named.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others than its owner may use the file.
    #[error("the key `{}` has mode {mode:03o}, so others than its owner may use it; expected 600 or 400", path.display())]
    Exposed {
        /// As named.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
}

impl KeyFault {
    /// Its stable code.
    pub fn code(&self) -> &'static str {
        match self {
            KeyFault::Length { .. } | KeyFault::Unreadable { .. } | KeyFault::Exposed { .. } => "MT0809",
        }
    }
}

/// A secret key. Printing it shows its id.
#[derive(Clone)]
pub struct Key {
    secret: [u8; BLOCK_BYTES],
}

impl Key {
    /// A key from its bytes, which should be random.
    ///
    /// # Errors
    /// [`KeyFault::Length`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Key, KeyFault> {
        let found = bytes.len();
        if found < KEY_BYTES_MIN {
            return Err(KeyFault::Length { found });
        }
        let secret = block(bytes).ok_or(KeyFault::Length { found })?;
        Ok(Key { secret })
    }

    /// Reads a key from a file that is nothing but its bytes, and that only its owner may use.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn read(path: &Path) -> Result<Key, KeyFault> {
        let failed = |source| KeyFault::Unreadable {
            path: path.to_path_buf(),
            source,
        };
        let metadata = fs::metadata(path).map_err(failed)?;
        if !metadata.is_file() {
            return Err(failed(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is not a regular file",
            )));
        }
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let path = path.to_path_buf();
            return Err(KeyFault::Exposed { path, mode });
        }
        let found = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        if found > KEY_BYTES_MAX {
            return Err(KeyFault::Length { found });
        }
        Key::from_bytes(&fs::read(path).map_err(failed)?)
    }

    /// The pseudonym of a patient. The reference is taken byte for byte: `17` and `017` are two patients.
    pub fn patient(&self, reference: &str) -> Pseudonym {
        Pseudonym(mac(&self.derived("motet audit 1 patient"), reference.as_bytes()))
    }

    /// The fingerprint of what was asked.
    pub fn input(&self, bytes: &[u8]) -> Fingerprint {
        Fingerprint(mac(&self.derived("motet audit 1 input"), bytes))
    }

    /// Which key this is.
    pub fn id(&self) -> KeyId {
        let mut id = [0; 8];
        let long = mac(&self.secret, b"motet audit 1 key id");
        id.iter_mut().zip(long).for_each(|(byte, of)| *byte = of);
        KeyId(id)
    }

    /// The key for one purpose.
    fn derived(&self, purpose: &str) -> [u8; BLOCK_BYTES] {
        padded(mac(&self.secret, purpose.as_bytes()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({})", self.id())
    }
}

/// How the lines of a log are hashed.
#[derive(Clone)]
pub(super) enum Chain {
    /// By SHA-256, which everybody can compute.
    Plain,
    /// By HMAC-SHA-256 with this key.
    Keyed([u8; BLOCK_BYTES]),
}

impl Chain {
    /// A chain with a key where there is one.
    pub(super) fn of(key: Option<&Key>) -> Chain {
        key.map_or(Chain::Plain, |key| {
            Chain::Keyed(key.derived("motet audit 1 chain"))
        })
    }

    /// The hash of a line whose own hash is left out.
    pub(super) fn hash(&self, body: &[u8]) -> Hash {
        match self {
            Chain::Plain => Hash(Sha256::digest(body).into()),
            Chain::Keyed(key) => Hash(mac(key, body)),
        }
    }
}

/// HMAC-SHA-256.
///
/// # Source
/// RFC 2104 (1997); a key shorter than a block is filled up with zeros, as there in section 2.
fn mac(key: &[u8; BLOCK_BYTES], bytes: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new(key.into());
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

fn padded(key: [u8; 32]) -> [u8; BLOCK_BYTES] {
    let mut padded = [0; BLOCK_BYTES];
    padded.iter_mut().zip(key).for_each(|(to, from)| *to = from);
    padded
}

/// A key filled up to a block; none for a longer one.
fn block(key: &[u8]) -> Option<[u8; BLOCK_BYTES]> {
    let mut block = [0; BLOCK_BYTES];
    block.get_mut(..key.len())?.copy_from_slice(key);
    Some(block)
}

/// The bytes of hexadecimal digits, in lower case alone, so that a hash has one form.
fn unhex<const COUNT: usize>(text: &str) -> Option<[u8; COUNT]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != COUNT || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; COUNT];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_gives_the_published_vectors() {
        let check = |key: &[u8], bytes: &[u8], expected: &str| {
            assert_eq!(Hash(mac(&block(key).unwrap(), bytes)).to_string(), expected);
        };
        // RFC 4231, test cases 1 to 3.
        check(
            &[0x0b; 20],
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        );
        check(
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        check(
            &[0xaa; 20],
            &[0xdd; 50],
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        );
    }

    #[test]
    fn a_digest_is_the_published_one() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of(b"abc").to_string(), expected);
        assert_eq!(expected.parse(), Ok(Digest::of(b"abc")));
    }

    #[test]
    fn a_hash_has_one_form() {
        let upper = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
        for text in [
            "",
            "ba",
            upper,
            &format!("{}é", &"0".repeat(62)),
            &"0".repeat(63),
            &"0".repeat(65),
        ] {
            assert_eq!(text.parse::<Hash>(), Err(HexFault { digits: 64 }), "{text}");
        }
        assert_eq!("0".repeat(64).parse(), Ok(Hash::NONE));
    }

    #[test]
    fn one_reference_has_unlike_hashes_by_key_and_purpose() {
        let (one, other) = (
            Key::from_bytes(&[1; 32]).unwrap(),
            Key::from_bytes(&[2; 32]).unwrap(),
        );
        assert_eq!(one.patient("17"), one.patient("17"));
        assert_ne!(one.patient("17"), other.patient("17"));
        assert_ne!(one.patient("17"), one.patient("017"));
        assert_ne!(one.patient("17").0, one.input(b"17").0);
        assert_ne!(one.patient("17").0, Chain::of(Some(&one)).hash(b"17").0);
    }

    #[test]
    fn a_key_is_neither_short_nor_long_and_does_not_print_itself() {
        for count in [0, 31, 65, 4096] {
            let found = Key::from_bytes(&vec![7; count]);
            assert!(
                matches!(found, Err(KeyFault::Length { found }) if found == count),
                "{count}"
            );
        }
        let key = Key::from_bytes(&[b'k'; 64]).unwrap();
        assert_eq!(format!("{key:?}"), format!("Key({})", key.id()));
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, [7; 32]).unwrap();
        let check = |mode: u32, is_taken: bool| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let found = Key::read(&path);
            let is_exposed = matches!(&found, Err(KeyFault::Exposed { mode: of, .. }) if *of == mode);
            assert_eq!((found.is_ok(), is_exposed), (is_taken, !is_taken), "{mode:o}");
        };
        check(0o600, true);
        check(0o400, true);
        check(0o640, false);
        check(0o604, false);
        assert!(matches!(
            Key::read(folder.path()),
            Err(KeyFault::Unreadable { .. })
        ));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, [7; 65]).unwrap();
        assert!(matches!(Key::read(&path), Err(KeyFault::Length { found: 65 })));
    }
}
