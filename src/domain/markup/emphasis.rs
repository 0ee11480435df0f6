//! Emphasis, strong emphasis and strikes: which run of marks opens what another closes.

use super::{characters::is_punctuation, nodes::Kind, steps::step, ticks::run_length};

/// A run of `*`, `_` or `~`, of which those from `start` to `end` are still free.
pub struct Run {
    start: usize,
    pub end: usize,
    character: u8,
    /// How long it was.
    length: usize,
    pub opens: bool,
    pub closes: bool,
}

impl Run {
    /// The run that begins here, and by its neighbours whether it may open or close: CommonMark's flanking runs.
    pub fn at(text: &str, at: usize) -> Self {
        let bytes = text.as_bytes();
        let character = bytes[at];
        let length = run_length(bytes, at);
        let end = at + length;
        let before = text[..at].chars().next_back();
        let after = text[end..].chars().next();
        let is_space = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let is_mark = |c: Option<char>| c.is_some_and(is_punctuation);
        let after_word = !is_space(before) && !is_mark(before);
        let before_word = !is_space(after) && !is_mark(after);
        let left = !is_space(after) && (before_word || !after_word);
        let right = !is_space(before) && (after_word || !before_word);
        let (opens, closes) = match (character, length) {
            (b'*', _) => (left, right),
            (b'_', _) => (
                left && (!right || is_mark(before)),
                right && (!left || is_mark(after)),
            ),
            // GitHub's strikes: one tilde strikes whole words only, so that "~5" is a number.
            (_, 1) => (
                !is_space(after) && !after_word,
                !is_space(before) && !before_word,
            ),
            (_, 2) => (!is_space(after), right),
            _ => (false, false),
        };
        Self {
            start: at,
            end,
            character,
            length,
            opens,
            closes,
        }
    }

    /// CommonMark's rule of three, and for a strike the same length.
    fn fits(&self, closer: &Run) -> bool {
        if self.character != closer.character {
            false
        } else if self.character == b'~' {
            self.length == closer.length
        } else {
            !(self.closes || closer.opens)
                || !(self.length + closer.length).is_multiple_of(3)
                || self.length.is_multiple_of(3)
        }
    }

    /// A number for all that the answer of [`Self::fits`] depends on in the closing run.
    fn asks(&self) -> usize {
        match self.character {
            b'~' => 12 + self.length % 2,
            b'_' => 6 + self.length % 3 + 3 * usize::from(self.opens),
            _ => self.length % 3 + 3 * usize::from(self.opens),
        }
    }
}

/// CommonMark's "process emphasis": tells of each pair what it makes, and where its marks begin.
pub fn pairs(runs: impl Iterator<Item = Run>, mut found: impl FnMut(Kind, usize, usize)) {
    let mut openers: Vec<Run> = Vec::new();
    // By what a closing run asks of an opening one: before where there is none.
    let mut bottoms = [0; 14];
    for mut closer in runs {
        while closer.closes && closer.start < closer.end {
            let bottom = &mut bottoms[closer.asks()];
            let opener = openers
                .iter()
                .enumerate()
                .rev()
                .take_while(|(_, opener)| opener.start >= *bottom)
                .find(|(_, opener)| {
                    step();
                    opener.fits(&closer)
                });
            let Some((index, _)) = opener else {
                *bottom = closer.start;
                break;
            };
            openers.truncate(index + 1);
            let Some(opener) = openers.last_mut() else {
                break;
            };
            let both = (opener.end - opener.start).min(closer.end - closer.start);
            let (kind, length) = match closer.character {
                b'~' => (Kind::Strike, both),
                _ if both >= 2 => (Kind::Strong, 2),
                _ => (Kind::Emphasis, 1),
            };
            opener.end -= length;
            found(kind, opener.end, closer.start);
            closer.start += length;
            if opener.start == opener.end {
                openers.pop();
            }
        }
        if closer.opens && closer.start < closer.end {
            openers.push(closer);
        }
    }
}
