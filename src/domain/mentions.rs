//! Who a message names. A name is typed after an `@` that begins a word, outside of code and links; whether it is
//! somebody's is for the caller to say, who knows the room's members. No name stands for everybody.

use super::markup::{self, Block, Inline};

/// What in a message may be somebody's name: all that [`named`] may ask about, each once. At most four for each of
/// [`limits::MENTIONS`](super::limits::MENTIONS).
pub fn candidates(body: &str) -> Vec<String> {
    let mut candidates: Vec<String> = Vec::new();
    if body.contains('@') {
        markup::parse(body, &mut |name| {
            candidates.push(name.to_owned());
            false
        });
        candidates.sort_unstable();
        candidates.dedup();
    }
    candidates
}

/// The names that a message mentions, as they were typed, each once.
///
/// `is_name` says whether a text is the name of a member, in whatever form of it: names are compared folded.
pub fn named(body: &str, mut is_name: impl FnMut(&str) -> bool) -> Vec<String> {
    let mut names = Vec::new();
    if body.contains('@') {
        in_blocks(markup::parse(body, &mut is_name), &mut names);
    }
    names
}

fn in_blocks(blocks: Vec<Block>, names: &mut Vec<String>) {
    for block in blocks {
        match block {
            Block::Paragraph(inlines) => in_inlines(inlines, names),
            Block::Quote(blocks) => in_blocks(blocks, names),
            Block::List { items, .. } => {
                for item in items {
                    in_blocks(item, names);
                }
            }
            Block::Code { .. } => {}
        }
    }
}

fn in_inlines(inlines: Vec<Inline>, names: &mut Vec<String>) {
    for inline in inlines {
        match inline {
            Inline::Mention(name) if !names.contains(&name) => names.push(name),
            Inline::Strong(inside) | Inline::Emphasis(inside) | Inline::Strike(inside) => {
                in_inlines(inside, names);
            }
            Inline::Text(_)
            | Inline::Code(_)
            | Inline::Link { .. }
            | Inline::Mention(_)
            | Inline::Break => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named_of(members: &[&str], body: &str) -> Vec<String> {
        named(body, |name| {
            members
                .iter()
                .any(|member| member.eq_ignore_ascii_case(name))
        })
    }

    #[test]
    fn a_member_is_named_wherever_a_word_begins() {
        for body in [
            "@bob",
            "hi @bob",
            "hi @bob, how are you?",
            "(@bob)",
            "\"@bob\"",
            "@bob's door",
            "@bob: look",
            "**@bob** and _@bob_ and ~~@bob~~",
            "> @bob",
            "- @bob",
            "line\n@bob\nline",
            "@bob\u{2069}",
            "@bob👍",
            "@bob，你好",
        ] {
            assert_eq!(named_of(&["bob"], body), ["bob"], "{body}");
        }
    }

    #[test]
    fn what_is_no_name_or_not_meant_as_one_names_nobody() {
        for body in [
            "bob",
            "@ bob",
            "@bobby",
            "@bobé",
            "@alice",
            "mail@bob.org",
            "x@bob",
            "@bob@example.org",
            "https://example.org/@bob",
            "<https://example.org/@bob>",
            "[@bob](https://example.org)",
            "`@bob`",
            "```\n@bob\n```",
            "\\@bob",
            "@@bob",
            "@everyone @all @here",
        ] {
            assert_eq!(
                named_of(&["bob", "b.c", "o"], body),
                Vec::<String>::new(),
                "{body}"
            );
        }
    }

    #[test]
    fn the_longest_name_wins_and_may_have_punctuation_in_it() {
        let members = ["bob", "bob.", "bob_the_builder", "a*b*c", "_x_", "c`d`"];
        for (body, names) in [
            ("@bob_the_builder!", vec!["bob_the_builder"]),
            ("@bob_the_baker", vec!["bob"]),
            ("@bob...", vec!["bob."]),
            ("@BOB and @bob", vec!["BOB", "bob"]),
            ("@a*b*c, @_x_ and @c`d`", vec!["a*b*c", "_x_", "c`d`"]),
            ("@bob/@bob", vec!["bob"]),
        ] {
            assert_eq!(named_of(&members, body), names, "{body}");
        }
    }

    #[test]
    fn a_name_may_be_as_long_as_a_username_and_is_looked_for_no_further() {
        let name = "é".repeat(32);
        assert_eq!(named_of(&[&name], &format!("@{name} hi")).concat(), name);
        let longer = "é".repeat(33);
        assert_eq!(
            named_of(&[&longer], &format!("@{longer} hi")),
            Vec::<String>::new()
        );
        assert_eq!(candidates("@a.b! `@c` x@d.org"), ["a", "a.b", "a.b!"]);
    }

    #[test]
    fn a_message_names_only_so_many() {
        let body: String = (0..100).map(|n| format!("@u{n} ")).collect();
        let all = named(&body, |_| true);
        assert_eq!(all.len(), crate::domain::limits::MENTIONS);
        assert_eq!(candidates(&body).len(), crate::domain::limits::MENTIONS);
        let worst: String = (0..100).map(|n| format!("@{n}!-!-!-!-!- ")).collect();
        assert!((100..=200).contains(&candidates(&worst).len()));
    }
}
