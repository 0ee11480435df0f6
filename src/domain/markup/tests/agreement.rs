//! Holds the parser against another on what both understand.

use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::{super::*, blocks, parsed};

/// What both parsers understand, from a parser's events; or nothing, where there is something else.
fn understood(body: &str) -> Option<Vec<Block>> {
    /// What is open, and the nodes in it.
    enum Open {
        Blocks(Vec<Block>),
        Items(Option<u32>, Vec<Vec<Block>>),
        Inlines(Vec<Inline>),
        Code(String, String),
    }
    /// A tight item's text is a paragraph here.
    fn paragraphs(open: &mut Vec<Open>) {
        if let Some(Open::Inlines(_)) = open.last()
            && let Some(Open::Inlines(nodes)) = open.pop()
        {
            block(open, Block::Paragraph(nodes));
        }
    }
    fn block(open: &mut [Open], block: Block) {
        match open.last_mut() {
            Some(Open::Blocks(blocks)) => blocks.push(block),
            _ => panic!("a block outside of blocks"),
        }
    }
    fn inline(open: &mut Vec<Open>, node: Inline) {
        if let Some(Open::Blocks(_)) = open.last() {
            open.push(Open::Inlines(Vec::new()));
        }
        if let Some(Open::Inlines(nodes)) = open.last_mut() {
            nodes.push(node);
        }
    }
    // A definition of a reference leaves no event. And where one tilde found none to match, the other parser does not
    // look for two any more.
    let tildes = |length| {
        let mut runs = body.split(|c| c != '~');
        runs.any(|run| run.len() == length)
    };
    if body.contains("]:") || tildes(2) && (tildes(1) || body.contains("\\~")) {
        return None;
    }
    let mut open = vec![Open::Blocks(Vec::new())];
    let mut hrefs = Vec::new();
    for event in Parser::new_ext(body, Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::Paragraph) => open.push(Open::Inlines(Vec::new())),
            Event::End(TagEnd::Paragraph) => paragraphs(&mut open),
            Event::Start(Tag::BlockQuote(_) | Tag::Item) => {
                paragraphs(&mut open);
                open.push(Open::Blocks(Vec::new()));
            }
            Event::Start(Tag::List(start)) => {
                paragraphs(&mut open);
                open.push(Open::Items(start.map(|start| start as u32), Vec::new()));
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                paragraphs(&mut open);
                let language = info.split([' ', '\t']).next().unwrap_or_default();
                open.push(Open::Code(language.to_owned(), String::new()));
            }
            Event::End(TagEnd::BlockQuote(_)) => {
                paragraphs(&mut open);
                if let Some(Open::Blocks(blocks)) = open.pop() {
                    block(&mut open, Block::Quote(blocks));
                }
            }
            Event::End(TagEnd::Item) => {
                paragraphs(&mut open);
                if let Some(Open::Blocks(blocks)) = open.pop()
                    && let Some(Open::Items(_, items)) = open.last_mut()
                {
                    items.push(blocks);
                }
            }
            Event::End(TagEnd::List(_)) => {
                if let Some(Open::Items(start, items)) = open.pop() {
                    block(&mut open, Block::List { start, items });
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some(Open::Code(language, text)) = open.pop() {
                    let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
                    block(&mut open, Block::Code { language, text });
                }
            }
            Event::Start(Tag::Strong | Tag::Emphasis | Tag::Strikethrough) => {
                inline(&mut open, Inline::Break);
                if let Some(Open::Inlines(nodes)) = open.last_mut() {
                    nodes.pop();
                }
                open.push(Open::Inlines(Vec::new()));
            }
            Event::Start(Tag::Link {
                dest_url,
                link_type,
                ..
            }) => {
                let href = match link_type {
                    LinkType::Email => links::mail(&dest_url),
                    _ => dest_url.into_string(),
                };
                if !links::is_allowed(&href) {
                    return None;
                }
                hrefs.push(href);
                inline(&mut open, Inline::Break);
                if let Some(Open::Inlines(nodes)) = open.last_mut() {
                    nodes.pop();
                }
                open.push(Open::Inlines(Vec::new()));
            }
            Event::End(
                end @ (TagEnd::Strong | TagEnd::Emphasis | TagEnd::Strikethrough | TagEnd::Link),
            ) => {
                let Some(Open::Inlines(children)) = open.pop() else {
                    panic!("an end without a start");
                };
                let node = match end {
                    TagEnd::Strong => Inline::Strong(children),
                    TagEnd::Emphasis => Inline::Emphasis(children),
                    TagEnd::Strikethrough => Inline::Strike(children),
                    _ => Inline::Link {
                        href: hrefs.pop().unwrap_or_default(),
                        children,
                    },
                };
                inline(&mut open, node);
            }
            Event::Text(text) => match open.last_mut() {
                Some(Open::Code(_, code)) => code.push_str(&text),
                _ => inline(&mut open, Inline::Text(text.into_string())),
            },
            Event::Code(text) => inline(&mut open, Inline::Code(text.into_string())),
            Event::SoftBreak | Event::HardBreak => inline(&mut open, Inline::Break),
            _ => return None,
        }
    }
    match open.pop() {
        Some(Open::Blocks(blocks)) => Some(blocks),
        _ => panic!("something was left open"),
    }
}

/// Without what may differ and shows nowhere: how text is cut, white space at line breaks, a link within a link.
fn normal(nodes: Vec<Block>) -> Vec<Block> {
    nodes
        .into_iter()
        .map(|node| match node {
            Block::Paragraph(nodes) => Block::Paragraph(normal_inlines(nodes, false)),
            Block::Quote(nodes) => Block::Quote(normal(nodes)),
            Block::List { start, items } => Block::List {
                start,
                items: items.into_iter().map(normal).collect(),
            },
            // The other parser forgets an empty line that ends the text.
            Block::Code { language, text } => Block::Code {
                language,
                text: text.trim_end_matches('\n').to_owned(),
            },
        })
        .collect()
}

fn normal_inlines(nodes: Vec<Inline>, in_link: bool) -> Vec<Inline> {
    let mut normal: Vec<Inline> = Vec::new();
    for node in nodes {
        let node = match node {
            Inline::Strong(nodes) => Inline::Strong(normal_inlines(nodes, in_link)),
            Inline::Emphasis(nodes) => Inline::Emphasis(normal_inlines(nodes, in_link)),
            Inline::Strike(nodes) => Inline::Strike(normal_inlines(nodes, in_link)),
            Inline::Link { href, children } => {
                let children = normal_inlines(children, true);
                match &children[..] {
                    // The other parser does not know bare addresses.
                    [Inline::Text(text)] if in_link || href.ends_with(text) => {
                        Inline::Text(text.clone())
                    }
                    _ => Inline::Link { href, children },
                }
            }
            // The other parser keeps the indentation of a code span's second line, which CommonMark takes off.
            Inline::Code(text) => {
                Inline::Code(text.split_whitespace().collect::<Vec<_>>().join(" "))
            }
            node => node,
        };
        match (normal.last_mut(), node) {
            (Some(Inline::Text(before)), Inline::Text(text)) => before.push_str(&text),
            (_, node) => normal.push(node),
        }
    }
    for index in 0..normal.len() {
        let before_break = matches!(normal.get(index + 1), Some(Inline::Break));
        if let Inline::Text(text) = &mut normal[index]
            && before_break
        {
            text.truncate(text.trim_end_matches([' ', '\t']).len());
        }
    }
    normal.retain(|node| !matches!(node, Inline::Text(text) if text.is_empty()));
    normal
}

#[track_caller]
fn agree(body: &str) -> bool {
    let Some(theirs) = understood(body) else {
        return false;
    };
    let ours = normal(parsed(body));
    let theirs = normal(theirs);
    assert_eq!(blocks(&ours), blocks(&theirs), "of {body:?}");
    assert_eq!(ours, theirs, "of {body:?}");
    true
}

fn inline_text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => "[a-z]{1,6}",
        1 => Just("snake_case".to_owned()),
        1 => Just("2*3".to_owned()),
        1 => Just("é“x”".to_owned()),
        1 => Just("\\*".to_owned()),
        1 => Just("`a*b`".to_owned()),
        1 => Just("``a ` b``".to_owned()),
        1 => Just("<https://x.org/a_b>".to_owned()),
        1 => Just("<a@b.org>".to_owned()),
    ];
    let spaced = |of: BoxedStrategy<String>| {
        prop::collection::vec(
            (
                of,
                prop_oneof![4 => Just(" "), 1 => Just(""), 1 => Just("\n")],
            ),
            1..5,
        )
        .prop_map(|parts| {
            let mut text: String = parts
                .iter()
                .map(|(part, gap)| [part.as_str(), gap].concat())
                .collect();
            text.truncate(text.trim_end().len());
            text
        })
        .boxed()
    };
    spaced(word.boxed()).prop_recursive(4, 32, 4, move |inner| {
        let marked = (inner.clone(), 0..8).prop_map(|(text, kind)| match kind {
            0 => format!("*{text}*"),
            1 => format!("_{text}_"),
            2 => format!("**{text}**"),
            3 => format!("__{text}__"),
            4 => format!("~~{text}~~"),
            5 => format!("***{text}***"),
            6 => format!("[{text}](https://y.org/a-(b)-c)"),
            _ => format!("[{text}](<http://y.org/a b> 'title')"),
        });
        spaced(prop_oneof![inner, marked].boxed())
    })
}

fn document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => inline_text(),
        1 => ("[`~]", 3..5_usize, "[a-z]{0,4}", prop::collection::vec("[ a-z*_>-]{0,9}", 0..4)).prop_map(
            |(mark, length, info, lines)| {
                let fence = mark.repeat(length);
                let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
                format!("{fence}{info}\n{lines}{fence}")
            }
        ),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let blocks = prop::collection::vec((inner, prop_oneof![Just("\n"), Just("\n\n")]), 1..4)
            .prop_map(|blocks| {
                let mut text: String = blocks
                    .iter()
                    .map(|(block, gap)| [block.as_str(), gap].concat())
                    .collect();
                text.truncate(text.trim_end().len());
                text
            });
        let indented = |text: &str, first: &str, other: &str| {
            let mut lines = text.split('\n');
            let mut all = format!("{first}{}", lines.next().unwrap_or_default());
            for line in lines {
                all.push('\n');
                if !line.is_empty() {
                    all.push_str(other);
                }
                all.push_str(line);
            }
            all
        };
        (blocks, 0..6, 1..1200_u32).prop_map(move |(text, kind, number)| match kind {
            0 => text,
            1 => indented(&text, "> ", "> "),
            2 => indented(&text, "> ", ">"),
            3 => indented(&text, "- ", "  "),
            4 => indented(&text, "*   ", "    "),
            _ => {
                let mark = format!("{number}. ");
                indented(&text, &mark, &" ".repeat(mark.len()))
            }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        max_global_rejects: 2_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn documents_mean_what_they_mean_to_another_parser(body in document()) {
        prop_assume!(agree(body.trim()));
    }

    #[test]
    fn so_do_significant_characters_in_any_order(
        body in "([*_~`\\[\\]()<>\\\\ \n>-]|[*_~]{1,4}|`{1,3}|\n- |\n> |\n1\\. |\n\n|\n```\n|  |a|é|“|\\]\\(http://x\\.y\\)){1,30}",
    ) {
        prop_assume!(agree(body.trim()));
    }
}
