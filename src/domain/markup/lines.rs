//! A line and its white space, counted in columns.

use super::steps::step;

/// As wide as a tab stop, and as an indentation that begins nothing.
pub const TAB: usize = 4;

/// What is left of a line.
#[derive(Clone, Copy)]
pub struct Line<'t> {
    rest: &'t str,
    /// Where `rest` begins, for its tabs.
    column: usize,
    /// Columns of a tab before `rest` that were not skipped with it.
    spaces: usize,
}

impl<'t> Line<'t> {
    pub fn new(rest: &'t str) -> Self {
        Self {
            rest,
            column: 0,
            spaces: 0,
        }
    }

    /// Columns of white space before the text.
    pub fn indent(&self) -> usize {
        let mut column = self.column;
        for c in self.rest.bytes() {
            step();
            match c {
                b' ' => column += 1,
                b'\t' => column += TAB - column % TAB,
                _ => break,
            }
        }
        self.spaces + column - self.column
    }

    pub fn text(&self) -> &'t str {
        self.rest.trim_start_matches([' ', '\t'])
    }

    pub fn is_blank(&self) -> bool {
        self.text().is_empty()
    }

    /// Skips so many columns of white space or, one a character, of ASCII.
    pub fn skip(&mut self, mut columns: usize) {
        while columns > 0 {
            step();
            if self.spaces == 0 {
                let Some(first) = self.rest.bytes().next() else {
                    return;
                };
                self.rest = &self.rest[1..];
                self.spaces = if first == b'\t' {
                    TAB - self.column % TAB
                } else {
                    1
                };
                self.column += self.spaces;
            }
            let skipped = columns.min(self.spaces);
            self.spaces -= skipped;
            columns -= skipped;
        }
    }

    pub fn append_to(&self, text: &mut String) {
        text.extend(std::iter::repeat_n(' ', self.spaces));
        text.push_str(self.rest);
    }

    /// Skips a quote's mark and the space after it, if there is one here.
    pub fn take_quote(&mut self) -> bool {
        let is_quote = self.text().starts_with('>');
        if is_quote {
            self.skip(self.indent() + 1);
            self.skip(self.indent().min(1));
        }
        is_quote
    }

    /// Whether it is CommonMark's thematic break: here that is text, and no list.
    pub fn is_rule(&self) -> bool {
        let text = self.text();
        let mut count = 0;
        for c in text.bytes() {
            step();
            match c {
                b' ' | b'\t' => {}
                b'*' | b'-' | b'_' if c == text.as_bytes()[0] => count += 1,
                _ => return false,
            }
        }
        count >= 3
    }
}
