//! What a message says, as HTML: its nodes, and no markup but theirs.
//!
//! As a string, not as views: a body is put into its row as a whole and nothing in it comes alive, so a page of
//! messages has nothing to hydrate there. All text passes [`push_text`]; an address has passed the parser, which
//! knows `http`, `https` and `mailto` only.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent};

use super::{case::lowercase, html::push_text};
use crate::{
    domain::{
        markup::{self, Block, Inline},
        mentions,
    },
    ui::{browser, session::Conversation},
};

/// A message's body. Who `is_member` can be named in it, `me` among them.
pub fn html(body: &str, me: &str, is_member: impl Fn(&str) -> bool) -> String {
    let mut html = Html {
        out: String::with_capacity(body.len() + 64),
        me,
    };
    html.blocks(&markup::parse(body, &mut |name| is_member(name)));
    html.out
}

/// Whether a message names `me`.
pub fn names(body: &str, me: &str) -> bool {
    body.contains('@') && !mentions::named(body, |name| is_same(name, me)).is_empty()
}

/// Whether a name is a member's of a room. Not tracked: who comes or goes changes nothing of what was said.
pub fn is_member_of(conversation: Conversation) -> impl Fn(&str) -> bool {
    move |name| {
        conversation
            .members
            .with_untracked(|members| members.iter().any(|member| is_same(&member.name, name)))
    }
}

/// Whether two spellings are of one name, as far as case goes.
fn is_same(one: &str, other: &str) -> bool {
    one == other || lowercase(one) == lowercase(other)
}

struct Html<'a> {
    out: String,
    me: &'a str,
}

impl Html<'_> {
    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Paragraph(inlines) => {
                    self.out.push_str("<p dir=\"auto\">");
                    self.inlines(inlines);
                    self.out.push_str("</p>");
                }
                Block::Quote(blocks) => {
                    self.out.push_str("<blockquote>");
                    self.blocks(blocks);
                    self.out.push_str("</blockquote>");
                }
                Block::List { start, items } => self.list(*start, items),
                Block::Code { text, .. } => {
                    self.out
                        .push_str("<div class=\"code\"><pre tabindex=\"0\" dir=\"ltr\"><code>");
                    self.text(text);
                    self.out.push_str(
                        "</code></pre><button type=\"button\" class=\"quiet\">Copy</button></div>",
                    );
                }
            }
        }
    }

    fn list(&mut self, start: Option<u32>, items: &[Vec<Block>]) {
        let (open, close) = match start {
            None => ("<ul>".to_owned(), "</ul>"),
            Some(1) => ("<ol>".to_owned(), "</ol>"),
            Some(start) => (format!("<ol start=\"{start}\">"), "</ol>"),
        };
        self.out.push_str(&open);
        for item in items {
            self.out.push_str("<li dir=\"auto\">");
            self.blocks(item);
            self.out.push_str("</li>");
        }
        self.out.push_str(close);
    }

    fn inlines(&mut self, inlines: &[Inline]) {
        for inline in inlines {
            match inline {
                Inline::Text(text) => self.text(text),
                Inline::Strong(inside) => self.within("strong", inside),
                Inline::Emphasis(inside) => self.within("em", inside),
                Inline::Strike(inside) => self.within("s", inside),
                Inline::Code(text) => {
                    self.out.push_str("<code dir=\"auto\">");
                    self.text(text);
                    self.out.push_str("</code>");
                }
                Inline::Link { href, children } => {
                    self.out.push_str("<a href=\"");
                    self.text(href);
                    self.out
                        .push_str("\" target=\"_blank\" rel=\"noopener noreferrer\">");
                    self.inlines(children);
                    self.out.push_str("</a>");
                }
                Inline::Mention(name) => {
                    let class = if is_same(name, self.me) {
                        "mention me"
                    } else {
                        "mention"
                    };
                    self.out.push_str("<bdi class=\"");
                    self.out.push_str(class);
                    self.out.push_str("\">@");
                    self.text(name);
                    self.out.push_str("</bdi>");
                }
                Inline::Break => self.out.push_str("<br>"),
            }
        }
    }

    fn within(&mut self, element: &str, inside: &[Inline]) {
        self.out.extend(["<", element, ">"]);
        self.inlines(inside);
        self.out.extend(["</", element, ">"]);
    }

    fn text(&mut self, text: &str) {
        push_text(&mut self.out, text);
    }
}

/// Copies a block of code, where that is what was pressed.
pub fn copy_code(event: &MouseEvent) {
    let pressed = || {
        let target = event.target()?.dyn_into::<Element>().ok()?;
        let button = target.closest(".code > button").ok()??;
        let code = button.parent_element()?.query_selector("pre").ok()??;
        Some((button, code.text_content()?))
    };
    if let Some((button, code)) = pressed() {
        leptos::task::spawn_local(async move {
            let done = browser::copy(code).await;
            button.set_text_content(Some(if done { "Copied" } else { "Not copied" }));
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(body: &str) -> String {
        html(body, "alice", |name| {
            ["alice", "bob"].iter().any(|member| is_same(member, name))
        })
    }

    #[test]
    fn marks_become_elements_and_everything_else_is_text() {
        assert_eq!(
            of("**a** _b_ ~~c~~ `d`\ne"),
            "<p dir=\"auto\"><strong>a</strong> <em>b</em> <s>c</s> <code dir=\"auto\">d</code><br>e</p>"
        );
        assert_eq!(
            of("<b>&\"</b>"),
            "<p dir=\"auto\">&lt;b&gt;&amp;&quot;&lt;/b&gt;</p>"
        );
        assert!(of("```\n<i>\n```").contains("<code>&lt;i&gt;</code>"));
        assert_eq!(
            of("3. x"),
            "<ol start=\"3\"><li dir=\"auto\"><p dir=\"auto\">x</p></li></ol>"
        );
    }

    #[test]
    fn an_address_cannot_leave_its_attribute() {
        let html = of("https://example.org/?a=\"onclick=alert(1)&b=<c>");
        assert!(html.contains("href=\"https://example.org/?a="), "{html}");
        assert!(!html.contains("a=\"onclick"), "{html}");
    }

    #[test]
    fn whoever_is_named_is_marked_and_me_more_so() {
        assert_eq!(
            of("@Alice @bob @carol"),
            "<p dir=\"auto\"><bdi class=\"mention me\">@Alice</bdi> <bdi class=\"mention\">@bob</bdi> @carol</p>"
        );
        assert!(names("hi @ALICE!", "alice") && !names("hi alice", "alice"));
    }

    /// The text of HTML, and the names of the elements in it.
    fn taken_apart(html: &str) -> (String, Vec<String>) {
        let (mut text, mut elements) = (String::new(), Vec::new());
        for piece in html.split('<').enumerate() {
            match piece {
                (0, before) => text.push_str(before),
                (_, piece) => {
                    let (tag, after) = piece.split_once('>').expect("every tag ends");
                    let name = tag.trim_start_matches('/').split(' ').next();
                    elements.push(name.unwrap_or_default().to_owned());
                    text.push_str(after);
                }
            }
        }
        let text = text.replace("&lt;", "<").replace("&gt;", ">");
        (text.replace("&quot;", "\"").replace("&amp;", "&"), elements)
    }

    proptest! {
        #[test]
        fn nothing_typed_becomes_an_element_of_its_own(body in "([<>&\"'*_~`\\[\\]() \n#@/:.-]|bob|alice|script|onerror=|https://|[a-z]){0,60}") {
            const OURS: [&str; 14] = [
                "p", "blockquote", "ul", "ol", "li", "div", "pre", "code", "button", "strong", "em", "s", "a", "bdi",
            ];
            let (text, elements) = taken_apart(&of(&body));
            for element in elements {
                prop_assert!(OURS.contains(&&*element) || element == "br", "{element}");
            }
            for word in ["script", "onerror="] {
                let typed = body.matches(word).count();
                prop_assert!(text.matches(word).count() <= typed);
            }
        }
    }
}
