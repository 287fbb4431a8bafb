//! The bytes of a file and its lines, bounded.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::{DataError, FILE_BYTES_MAX, Problem};

/// Longest line that is read, in bytes.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// Reads the file `path`.
///
/// # Errors
/// [`DataError::Read`], [`DataError::TooLarge`].
pub(super) fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    let failed = |source| DataError::Read {
        path: path.to_path_buf(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(DataError::TooLarge {
            path: path.to_path_buf(),
        });
    }
    Ok(bytes)
}

/// Returns the lines of a file, numbered from 1, without their ends and without a byte order mark.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, Result<&str, Problem>)> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // What follows the last line end is a line only if it holds something.
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let split = bytes.split(|byte| *byte == b'\n').enumerate();
    split.map(|(index, line)| (index + 1, text(line)))
}

fn text(line: &[u8]) -> Result<&str, Problem> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > LINE_BYTES_MAX {
        return Err(Problem::LineTooLong { bytes: line.len() });
    }
    std::str::from_utf8(line).map_err(|error| Problem::NotUtf8 {
        offset: error.valid_up_to(),
    })
}

/// Returns `path` as the name that examples and faults share.
pub(super) fn shared(path: &Path) -> Arc<Path> {
    Arc::from(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &[(usize, Result<&str, Problem>)]) {
        assert_eq!(lines(bytes).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn lines_lose_their_ends_and_the_byte_order_mark() {
        check(b"\xEF\xBB\xBFa\r\nb\n", &[(1, Ok("a")), (2, Ok("b"))]);
        check(b"a\n\nb", &[(1, Ok("a")), (2, Ok("")), (3, Ok("b"))]);
        check(b"", &[(1, Ok(""))]);
    }

    #[test]
    fn a_line_that_is_not_utf_8_or_too_long_is_named_and_the_next_is_read() {
        check(
            b"caf\xE9\nb",
            &[(1, Err(Problem::NotUtf8 { offset: 3 })), (2, Ok("b"))],
        );
        let mut long = vec![b'x'; LINE_BYTES_MAX + 1];
        long.extend(b"\nb");
        let bytes = LINE_BYTES_MAX + 1;
        check(&long, &[(1, Err(Problem::LineTooLong { bytes })), (2, Ok("b"))]);
    }

    #[test]
    fn a_missing_file_and_a_folder_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_path_buf(), folder.path().join("none")] {
            assert!(matches!(read(&path), Err(DataError::Read { .. })));
        }
    }
}
