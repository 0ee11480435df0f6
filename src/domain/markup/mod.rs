//! What the characters of a message mean: a part of CommonMark, parsed into nodes that a view walks.
//!
//! Understood, in CommonMark's meaning: emphasis, strong emphasis, strikethrough (GitHub's), code spans, fenced code
//! blocks, quotes, lists, `[text](address)`, `<address>`, backslash escapes, and bare addresses. Everything else
//! (headings, tables, images, HTML, reference links, entities, rules, indented code) is plain text.
//!
//! There is one deviation: every line break within a paragraph is one, as chat has it, also without two spaces or a
//! backslash before it.
//!
//! No HTML comes out of this, only nodes, and an address leads to `http`, `https` or `mailto` or is no link. Text is
//! kept as it is, controls of its direction included: a view isolates each message, each code and each name
//! (`<bdi>`, `unicode-bidi: isolate`), so that none of them reaches beyond its own.
//!
//! Time and memory grow linearly with the message, whatever it says: nesting has an end ([`DEPTH`]), and nothing is
//! looked for twice where it was not found. A view may recurse.

mod blocks;
mod characters;
mod emphasis;
mod inlines;
mod lines;
mod links;
mod names;
mod nodes;
mod steps;
#[cfg(test)]
mod tests;
mod ticks;
mod tree;

pub use self::tree::{Block, DEPTH, Inline};

/// Parses a message's body.
///
/// `is_name` says whether a text that follows an `@` is the name of somebody in the room; it is asked about the
/// longest first. Lines end in `\n`, as in a [`Body`](crate::domain::Body).
pub fn parse(body: &str, is_name: &mut dyn FnMut(&str) -> bool) -> Vec<Block> {
    blocks::parse(body, &mut names::Names::new(is_name))
}
