//! Text that becomes messages: of a length that they may have, and without marks that nobody meant.

use crate::domain::{
    limits,
    markup::{self, Block, Inline},
};

/// The text in as many parts as it takes for each to be a message; none where there is nothing in it.
pub fn pieces(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\0', "");
    let mut rest = text.trim();
    let mut pieces = Vec::new();
    while let Some((end, _)) = rest.char_indices().nth(limits::BODY_CHARS) {
        // At the end of a line, else of a word, where that is not too far back.
        let whole = &rest[..end];
        let far = whole.len() / 2;
        let at = [whole.rfind('\n'), whole.rfind(char::is_whitespace)];
        let at = at.into_iter().flatten().find(|at| *at > far);
        let (piece, more) = rest.split_at(at.unwrap_or(end));
        pieces.push(piece.trim_end().to_owned());
        rest = more.trim_start();
    }
    if !rest.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

/// Plain text as markup that shows it as it is.
pub fn escaped(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (n, line) in text.split('\n').enumerate() {
        if n > 0 {
            out.push('\n');
        }
        let begins = line.trim_start();
        let number = begins.trim_start_matches(|c: char| c.is_ascii_digit());
        let mut at_start = line.len() - begins.len();
        if number.len() < begins.len() && number.starts_with(['.', ')']) {
            at_start = line.len() - number.len();
        }
        // Whether the word that is gone through is an address, looked at once a word.
        let mut is_address = line
            .split(char::is_whitespace)
            .next()
            .is_some_and(|word| word.contains("://"));
        for (at, c) in line.char_indices() {
            if c.is_whitespace() {
                let next = line[at + c.len_utf8()..].split(char::is_whitespace).next();
                is_address = next.is_some_and(|word| word.contains("://"));
            }
            let marks = match c {
                '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '<' => !is_address,
                '>' | '-' | '+' | '.' | ')' => at == at_start,
                _ => false,
            };
            if marks {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}

/// Whether text means the same with marks as without.
fn is_plain(text: &str) -> bool {
    let marks = ['\\', '`', '*', '_', '~', '[', '<', '>', '-', '+', '.', ')'];
    if !text.contains(marks) {
        return true;
    }
    let plain = |inline: &Inline| match inline {
        Inline::Text(_) | Inline::Break => true,
        Inline::Link { children, .. } => {
            matches!(&children[..], [Inline::Text(shown)] if text.contains(&**shown) && !text.contains(&format!("<{shown}>")))
                && !text.contains("](")
        }
        _ => false,
    };
    let no_marks = |blocks: Vec<Block>| {
        blocks.iter().all(|block| match block {
            Block::Paragraph(inlines) => inlines.iter().all(plain),
            _ => false,
        })
    };
    !text.contains('\\') && no_marks(markup::parse(text, &mut |_| false))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(blocks: &[Block]) -> String {
        fn inlines(all: &[Inline], out: &mut String) {
            for inline in all {
                match inline {
                    Inline::Text(text) => out.push_str(text),
                    Inline::Break => out.push('\n'),
                    Inline::Link { children, .. } => inlines(children, out),
                    other => out.push_str(&format!("{other:?}")),
                }
            }
        }
        let mut out = String::new();
        for block in blocks {
            match block {
                Block::Paragraph(all) => inlines(all, &mut out),
                other => out.push_str(&format!("{other:?}")),
            }
            out.push('\n');
        }
        out.trim().to_owned()
    }

    proptest! {
        #[test]
        fn escaped_text_shows_as_it_was(text in "[a-c *_~`<>\\\\\\[\\]().+0-9-]{1,40}") {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(shown(&markup::parse(&escaped(&text), &mut |_| false)), text);
        }

        #[test]
        fn long_text_becomes_messages_and_none_of_its_words_is_lost(
            words in prop::collection::vec("[a-zé🔑]{1,900}", 0..60),
        ) {
            let text = words.join(" ");
            let pieces = pieces(&text);
            for piece in &pieces {
                prop_assert!(crate::domain::Body::parse(piece).is_ok());
            }
            let together = |parts: &[String]| parts.concat().replace(' ', "");
            prop_assert_eq!(together(&pieces), together(&words));
        }
    }

    #[test]
    fn text_that_means_nothing_else_stays_as_it_is() {
        for text in [
            "hello - you.",
            "https://example.org/a_b_c*d",
            "snake_case_name",
            "a * b",
            "1.5 - 2",
        ] {
            assert_eq!(escaped(text), text);
        }
        assert_eq!(escaped("*not* bold"), "\\*not\\* bold");
        assert_eq!(escaped("1. no list"), "1\\. no list");
    }
}
