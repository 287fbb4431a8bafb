//! Reads the lines of a log one after another. Never more than one line is in memory, and no longer one than is allowed.

use std::io::{self, BufRead, Read};

use super::entry::Entry;
use super::line::{LINE_BYTES_MAX, LineFault, parse};

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// With a line feed.
    Whole,
    /// With the file, or in bytes that never reached the disk: its writing was cut short.
    Torn,
    /// It went on for longer than is read.
    TooLong,
}

/// Lines from a reader.
pub(super) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Lines<R> {
        Lines {
            reader,
            line: Vec::new(),
        }
    }

    /// The next line without its end, how it ended, and its bytes in the file; none behind the last.
    pub(super) fn next(&mut self) -> io::Result<Option<(&[u8], Tail, u64)>> {
        self.line.clear();
        let most = LINE_BYTES_MAX as u64 + 1;
        let count = self
            .reader
            .by_ref()
            .take(most)
            .read_until(b'\n', &mut self.line)? as u64;
        if count == 0 {
            return Ok(None);
        }
        if self.line.last() == Some(&b'\n') {
            // A part of the file that was given to it but never written reads as zeros, and no line holds one.
            let tail = match self.line.contains(&0) && self.reader.fill_buf()?.is_empty() {
                true => Tail::Torn,
                false => Tail::Whole,
            };
            self.line.pop();
            return Ok(Some((&self.line, tail, count)));
        }
        if count < most {
            return Ok(Some((&self.line, Tail::Torn, count)));
        }
        let skipped = skip_line(&mut self.reader)?;
        Ok(Some((&self.line, Tail::TooLong, count + skipped)))
    }
}

/// Reads to the end of the line, keeps nothing, and counts.
fn skip_line(reader: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let found = reader.fill_buf()?;
        let end = found.iter().position(|byte| *byte == b'\n');
        let count = end.map_or(found.len(), |at| at + 1);
        reader.consume(count);
        skipped += count as u64;
        if end.is_some() || count == 0 {
            return Ok(skipped);
        }
    }
}

/// The entries of a part, as they stand: nothing is said of hashes and order, which [`super::verify()`] judges.
pub fn entries(reader: impl BufRead) -> impl Iterator<Item = io::Result<Result<Entry, LineFault>>> {
    let mut lines = Lines::new(reader);
    std::iter::from_fn(move || match lines.next() {
        Ok(None) => None,
        Ok(Some((line, Tail::Whole, _))) => Some(Ok(parse(line))),
        Ok(Some((_, Tail::Torn, _))) => Some(Ok(Err(LineFault::Torn))),
        Ok(Some((_, Tail::TooLong, _))) => Some(Ok(Err(LineFault::TooLong))),
        Err(error) => Some(Err(error)),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use super::*;

    fn check(bytes: &[u8], expected: &[(usize, Tail, u64)]) {
        // A small buffer, so that lines lie across its end.
        let mut lines = Lines::new(BufReader::with_capacity(7, Cursor::new(bytes)));
        let mut found = Vec::new();
        while let Some((line, tail, bytes)) = lines.next().unwrap() {
            found.push((line.len(), tail, bytes));
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn lines_end_with_a_line_feed_or_are_torn() {
        check(b"", &[]);
        check(b"ab\n", &[(2, Tail::Whole, 3)]);
        check(
            b"ab\n\ncd",
            &[(2, Tail::Whole, 3), (0, Tail::Whole, 1), (2, Tail::Torn, 2)],
        );
    }

    #[test]
    fn zeros_in_the_last_line_alone_are_a_torn_line() {
        check(b"a\0\nb\n", &[(2, Tail::Whole, 3), (1, Tail::Whole, 2)]);
        check(b"a\n\0b\n", &[(1, Tail::Whole, 2), (2, Tail::Torn, 3)]);
    }

    #[test]
    fn a_line_that_is_too_long_is_counted_and_not_kept() {
        let mut bytes = vec![b'x'; 3 * LINE_BYTES_MAX];
        let kept = LINE_BYTES_MAX + 1;
        check(&bytes, &[(kept, Tail::TooLong, bytes.len() as u64)]);
        bytes.extend(b"\nab\n");
        let long = 3 * LINE_BYTES_MAX as u64 + 1;
        check(&bytes, &[(kept, Tail::TooLong, long), (2, Tail::Whole, 3)]);
        let most = [vec![b'x'; LINE_BYTES_MAX], b"\n".to_vec()].concat();
        check(&most, &[(LINE_BYTES_MAX, Tail::Whole, LINE_BYTES_MAX as u64 + 1)]);
    }
}
