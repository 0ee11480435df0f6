mod agreement;
mod growth;

use proptest::prelude::*;

use super::*;

fn parsed(body: &str) -> Vec<Block> {
    parse(body, &mut |name| name == "bob")
}

/// Nodes in a form that is easily read: `*emphasis*`, `**strong**`, `~strike~`, `` `code` ``, `[text](href)`,
/// `{mention}`, `/` for a break; `> `, `- ` and `1. ` before blocks in brackets.
fn shown(body: &str) -> String {
    blocks(&parsed(body))
}

fn blocks(nodes: &[Block]) -> String {
    let shown: Vec<String> = nodes
        .iter()
        .map(|node| match node {
            Block::Paragraph(nodes) => inlines(nodes),
            Block::Quote(nodes) => format!("> ({})", blocks(nodes)),
            Block::List { start, items } => {
                let mark = start.map_or("-".to_owned(), |start| format!("{start}."));
                let items: Vec<String> = items
                    .iter()
                    .map(|item| format!("{mark} ({})", blocks(item)))
                    .collect();
                items.join(" ")
            }
            Block::Code { language, text } => format!("```{language}|{text}```"),
        })
        .collect();
    shown.join(" || ")
}

fn inlines(nodes: &[Inline]) -> String {
    nodes
        .iter()
        .map(|node| match node {
            Inline::Text(text) => text.clone(),
            Inline::Strong(nodes) => format!("**{}**", inlines(nodes)),
            Inline::Emphasis(nodes) => format!("*{}*", inlines(nodes)),
            Inline::Strike(nodes) => format!("~{}~", inlines(nodes)),
            Inline::Code(text) => format!("`{text}`"),
            Inline::Link { href, children } => format!("[{}]({href})", inlines(children)),
            Inline::Mention(name) => format!("{{{name}}}"),
            Inline::Break => "/".to_owned(),
        })
        .collect()
}

#[track_caller]
fn shows(body: &str, expected: &str) {
    assert_eq!(shown(body), expected, "{body:?}");
}

#[test]
fn emphasis_has_its_meaning_in_commonmark() {
    shows("*a* _b_ **c** __d__ ***e***", "*a* *b* **c** **d** ***e***");
    shows("snake_case_name 2*3*4", "snake_case_name 2*3*4");
    shows("**a *b* c**", "**a *b* c**");
    shows("* a *, _ b _, ** c", "- (a *, _ b _, ** c)");
    shows("~~gone~~ ~here~ ~5 and ~6", "~gone~ ~here~ ~5 and ~6");
    shows("“**wow**”, he said", "“**wow**”, he said");
}

#[test]
fn every_line_break_in_a_paragraph_is_one() {
    shows("a\nb  \nc\\\nd", "a/b/c/d");
    shows("a\n\n\nb", "a || b");
    shows("**a\nb**", "**a/b**");
}

#[test]
fn code_is_shown_as_it_is() {
    shows("`*a*` ``b ` c`` ` d `", "`*a*` `b ` c` `d`");
    shows("`a", "`a");
    shows(
        "```rust ignore\nfn a() {}\n\n  *b*\n```\nc",
        "```rust|fn a() {}\n\n  *b*``` || c",
    );
    shows("~~~\n```\n~~~", "```|```".replace("|", "|```").as_str());
    shows("```\nnever ends\n", "```|never ends\n```");
    shows("> ```\n> a\nb", "> (```|a```) || b");
    shows("`\u{202e}a`", "`\u{202e}a`");
}

#[test]
fn quotes_and_lists_hold_blocks() {
    shows("> a\nb\n> > c", "> (a/b || > (c))");
    shows(
        "- a\n- b\n  - c\n\n  d\n+ e",
        "- (a) - (b || - (c) || d) || - (e)",
    );
    shows("3. a\n4. b\n1) c", "3. (a) 3. (b) || 1. (c)");
    shows("a\n2. b\n1. c", "a/2. b || 1. (c)");
    shows("- ```\n  a\n  ```\n- > b", "- (```|a```) - (> (b))");
    shows("-\ta\n\n\tb", "- (a || b)");
}

#[test]
fn links_lead_to_the_web_or_to_a_mailbox_only() {
    shows(
        "[a *b*](https://x.org/c_d_e \"t\")",
        "[a *b*](https://x.org/c_d_e)",
    );
    shows("[a](<mailto:b@c.org>)", "[a](mailto:b@c.org)");
    shows(
        "<https://x.org/*a*> <b@c.org>",
        "[https://x.org/*a*](https://x.org/*a*) [b@c.org](mailto:b@c.org)",
    );
    shows(
        "see https://x.org/a_b_(c). **a@b.org**",
        "see [https://x.org/a_b_(c)](https://x.org/a_b_(c)). **[a@b.org](mailto:a@b.org)**",
    );
    shows(
        "**https://x.org/**!",
        "**[https://x.org/](https://x.org/)**!",
    );
    shows(
        "[https://x.org](https://y.org)",
        "[https://x.org](https://y.org)",
    );
    shows(
        "[a [b](https://x.org) c](https://y.org)",
        "[a [b](https://x.org) c]([https://y.org](https://y.org))",
    );
    for address in [
        "javascript:alert(1)",
        "JaVaScRiPt://x",
        "data:text/html,x",
        "//x.org",
        "/x",
        "x.org",
        "http:x",
        "",
    ] {
        let body = format!("[a]({address}) [b](<{address}>) <{address}>");
        let nodes = parsed(&body);
        let has_link = format!("{nodes:?}").contains("Link");
        assert!(!has_link, "{nodes:?}");
    }
}

#[test]
fn what_is_not_understood_is_text() {
    for body in [
        "# a",
        "a\n===",
        "---",
        "* * *",
        "<b>a</b>",
        "&amp;",
        "| a |\n|---|",
        "[a][b]",
        "[a]: https",
        "a~~~b~~~",
        "<!-- a -->",
        "<script>",
        "[a](b",
        "[a",
        "a]",
        "![",
        "\\a",
        "1.a",
        "-a",
        "1234567890. a",
    ] {
        assert_eq!(shown(body), body.replace('\n', "/"));
    }
    shows("    a", "a");
    shows(
        "\\*a\\* \\`b\\` \\[c\\](https) \\\\",
        "*a* `b` [c](https) \\",
    );
    shows("\\> a", "> a");
}

#[test]
fn names_are_mentions_outside_of_code_and_links() {
    shows(
        "@bob, **@bob** `@bob` @bobby",
        "{bob}, **{bob}** `@bob` @bobby",
    );
    shows("[@bob](https://x.org)", "[@bob](https://x.org)");
}

#[test]
fn what_is_nested_too_deep_is_text() {
    let quotes = format!("{} a", ">".repeat(1_000));
    let depth = |body: &str, node: &str| format!("{:?}", parsed(body)).matches(node).count();
    assert_eq!(depth(&quotes, "Quote"), DEPTH);
    assert!(shown(&quotes).contains(&">".repeat(1_000 - DEPTH)));
    let lists = format!("{}a", "- ".repeat(1_000));
    assert_eq!(depth(&lists, "List"), DEPTH / 2);
    let emphases = format!("{}a{}", "*a ".repeat(500), "*".repeat(500));
    assert_eq!(
        depth(&emphases, "Strong") + depth(&emphases, "Emphasis"),
        DEPTH
    );
}

/// The text of a message must not be lost, whatever it is taken for.
fn letters(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
    letters.sort_unstable();
    letters
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_or_loses_a_letter_or_makes_html(text in any::<String>()) {
        let body = text.trim();
        let nodes = parsed(body);
        let shown = blocks(&nodes);
        for c in letters(body) {
            prop_assert!(shown.contains(c), "{:?} in {:?} of {:?}", c, shown, body);
        }
    }
}
