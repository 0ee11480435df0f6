//! Where a name may be meant: after an `@` that begins a word.

use super::{characters::is_punctuation, steps::step};
use crate::domain::limits;

/// Decides which `@` of a message is a mention.
pub struct Names<'a> {
    is_name: &'a mut dyn FnMut(&str) -> bool,
    /// How many more `@` are looked at.
    left: usize,
    /// How many more names are asked about, found or not: folding one costs more than parsing a line.
    asks: usize,
}

/// What all `@` of a message may ask about together, for each that may be one.
const NAMES_A_MENTION: usize = 4;

impl<'a> Names<'a> {
    pub fn new(is_name: &'a mut dyn FnMut(&str) -> bool) -> Self {
        Self {
            is_name,
            left: limits::MENTIONS,
            asks: limits::MENTIONS * NAMES_A_MENTION,
        }
    }

    /// The name that `rest`, the text after an `@`, begins with; `before` is the character before the `@`.
    ///
    /// A name may have punctuation in it, and what follows one often is punctuation: the longest name wins.
    pub fn at<'t>(&mut self, before: Option<char>, rest: &'t str) -> Option<&'t str> {
        let begins_word =
            before.is_none_or(|c| c.is_whitespace() || is_punctuation(c) && c != '/' && c != '@');
        if !begins_word || self.left == 0 || !rest.starts_with(|c: char| !c.is_whitespace()) {
            return None;
        }
        self.left -= 1;
        let mut cuts = [0; limits::USERNAME_CHARS];
        let mut count = 0;
        let mut chars = rest.char_indices();
        for _ in 0..=limits::USERNAME_CHARS {
            step();
            let next = chars.next();
            let at = next.map_or(rest.len(), |(at, _)| at);
            if at > 0 && next.is_none_or(|(_, c)| c != '@' && ends_name(c)) {
                cuts[count] = at;
                count += 1;
            }
            if next.is_none_or(|(_, c)| c.is_whitespace()) {
                break;
            }
        }
        self.asks = self.asks.checked_sub(count)?;
        let mut names = cuts[..count].iter().rev().map(|&end| &rest[..end]);
        names.find(|name| (self.is_name)(name))
    }
}

/// Whether a name can end before this character: none has it within a word, nor is it a mark on one.
fn ends_name(c: char) -> bool {
    let is_direction =
        matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}');
    c.is_whitespace() || c.is_control() || is_direction || is_punctuation(c)
}
