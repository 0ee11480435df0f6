//! What a message is parsed into.

/// Quotes, lists and their items within one another at most, and emphases and links within one another: the marks of
/// those deeper down are text.
pub const DEPTH: usize = 16;

/// A part of a message that begins on a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    Paragraph(Vec<Inline>),
    Quote(Vec<Block>),
    List {
        /// The number of the first item of an ordered list.
        start: Option<u32>,
        items: Vec<Vec<Block>>,
    },
    Code {
        /// The first word of the info string; may be empty.
        language: String,
        /// Without the line break of its last line.
        text: String,
    },
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Holds no line break.
    Text(String),
    Strong(Vec<Inline>),
    Emphasis(Vec<Inline>),
    Strike(Vec<Inline>),
    Code(String),
    /// Holds no other link and no mention.
    Link {
        /// Its scheme is `http`, `https` or `mailto`.
        href: String,
        children: Vec<Inline>,
    },
    /// A name, as it was typed after the `@`.
    Mention(String),
    Break,
}
