//! Finds what in a message can be followed: web addresses and e-mail addresses, and nothing else.

use linkify::{LinkFinder, LinkKind};

/// A stretch of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    Link { text: &'a str, href: String },
}

/// Cuts a message into text and links. A link's scheme is `http`, `https` or `mailto`.
pub fn pieces(body: &str) -> impl Iterator<Item = Piece<'_>> {
    LinkFinder::new().spans(body).map(|span| {
        let text = span.as_str();
        match span.kind() {
            Some(LinkKind::Url) if is_web(text) => Piece::Link {
                text,
                href: text.to_owned(),
            },
            Some(LinkKind::Email) => Piece::Link {
                text,
                href: format!("mailto:{text}"),
            },
            _ => Piece::Text(text),
        }
    })
}

fn is_web(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(body: &str) -> Vec<String> {
        pieces(body)
            .filter_map(|piece| match piece {
                Piece::Link { href, .. } => Some(href),
                Piece::Text(_) => None,
            })
            .collect()
    }

    #[test]
    fn web_and_mail_addresses_are_links() {
        assert_eq!(
            links("see https://example.org/a?b=c. or (HTTP://EXAMPLE.org), or a@example.org!"),
            [
                "https://example.org/a?b=c",
                "HTTP://EXAMPLE.org",
                "mailto:a@example.org"
            ]
        );
    }

    #[test]
    fn no_other_scheme_is_a_link() {
        for body in [
            "javascript:alert(1)",
            "javascript://x/%0aalert(1)",
            "data:text/html,x",
            "file:///etc",
            "ftp://x.org",
        ] {
            assert_eq!(links(body), Vec::<String>::new(), "{body}");
        }
    }

    #[test]
    fn no_character_is_lost() {
        let body = "<b>\n see https://example.org/ü, a@b.org …";
        let whole: String = pieces(body)
            .map(|piece| match piece {
                Piece::Text(text) | Piece::Link { text, .. } => text,
            })
            .collect();
        assert_eq!(whole, body);
    }
}
