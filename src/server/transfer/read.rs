//! Lines as they come in: each with its number, and the first and the last as they must be.

use std::io::BufRead;

use super::{ImportError, Line, Of, VERSION};

/// Bytes of a line at most: more than any that is written.
const LINE_BYTES: u64 = 1024 * 1024;

/// The lines of an export, numbered from 1, between its first and its last.
pub struct Lines<R> {
    input: R,
    number: u64,
    ended: bool,
}

impl<R: BufRead> Lines<R> {
    /// Reads the first line. Answers what the file is an export of.
    ///
    /// # Errors
    /// Where that is no export, or of a newer version.
    pub fn begin(input: R) -> Result<(Of, Self), ImportError> {
        let mut lines = Self {
            input,
            number: 0,
            ended: false,
        };
        match lines.read()? {
            Some(Line::Latchkey { version, of, .. }) if version <= VERSION => Ok((of, lines)),
            Some(Line::Latchkey { version, .. }) => Err(lines.wrong(format!(
                "it is of version {version}, and this program reads up to {VERSION}"
            ))),
            _ => Err(lines.wrong("it does not say that this is an export of Latchkey's")),
        }
    }

    /// What is wrong with the line that was read last.
    pub fn wrong(&self, why: impl ToString) -> ImportError {
        ImportError::Line {
            line: self.number,
            why: why.to_string(),
        }
    }

    /// The next line, up to the last, which must be where it says.
    ///
    /// # Errors
    /// Where it cannot be understood, or where the file ends before its end.
    pub fn next(&mut self) -> Result<Option<Line>, ImportError> {
        if self.ended {
            return Ok(None);
        }
        match self.read()? {
            Some(Line::End { lines }) if lines == self.number - 1 => {
                self.ended = true;
                match self.read()? {
                    None => Ok(None),
                    Some(_) => Err(self.wrong("it comes after the end")),
                }
            }
            Some(Line::End { lines }) => Err(self.wrong(format!(
                "it says that {lines} lines come before it, and there are {}",
                self.number - 1
            ))),
            Some(line) => Ok(Some(line)),
            None => Err(ImportError::Whole(format!(
                "the file ends after line {}, before its end",
                self.number - 1
            ))),
        }
    }

    fn read(&mut self) -> Result<Option<Line>, ImportError> {
        self.number += 1;
        let mut text = Vec::new();
        let read = std::io::Read::take(&mut self.input, LINE_BYTES).read_until(b'\n', &mut text);
        match read {
            Err(error) => Err(self.wrong(error)),
            Ok(0) => Ok(None),
            Ok(_) if text.len() as u64 == LINE_BYTES => Err(self.wrong("it is too long")),
            Ok(_) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|error| self.wrong(error)),
        }
    }
}
