//! Kinds of characters, as far as markup needs to tell them apart. The standard library knows letters, digits and
//! white space; Unicode's tables of the rest would weigh more than the parser.

/// Whether a character is punctuation or a symbol (Unicode's P and S), as CommonMark's flanking runs ask it.
///
/// What is no letter, digit, white space, control, mark or invisible is one. Of the marks that Unicode does not call
/// alphabetic, those of the most written scripts are known.
pub fn is_punctuation(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_punctuation();
    }
    !(c.is_alphanumeric() || c.is_whitespace() || c.is_control() || is_attached(c))
}

/// Marks that belong to the character before them, and invisible characters.
fn is_attached(c: char) -> bool {
    match c as u32 {
        0xAD
        | 0x300..=0x36F
        | 0x483..=0x489
        | 0x591..=0x5AF
        | 0x64B..=0x65F
        | 0x6D6..=0x6ED
        | 0xE38..=0xE4E
        | 0x1AB0..=0x1AFF
        | 0x1DC0..=0x1DFF
        | 0x200B..=0x200F
        | 0x202A..=0x202E
        | 0x2060..=0x206F
        | 0x20D0..=0x20F0
        | 0x302A..=0x302F
        | 0x3099..=0x309A
        | 0xFE00..=0xFE0F
        | 0xFE20..=0xFE2F
        | 0xFEFF
        | 0xE0000..=0xE0FFF => true,
        // The blocks of India's scripts are laid out alike: nukta, virama, accents.
        c @ 0x900..=0xDFF => matches!(c & 0x7F, 0x3C | 0x4D | 0x51..=0x54),
        _ => false,
    }
}
