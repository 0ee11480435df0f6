//! Puts nodes into one another.

use super::{ticks::run_length, tree::Inline};

/// What encloses other nodes.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Emphasis,
    Strong,
    Strike,
    Link,
}

impl Kind {
    /// The length of its mark.
    pub fn length(self, bytes: &[u8], at: usize) -> usize {
        match self {
            Kind::Emphasis | Kind::Link => 1,
            Kind::Strong => 2,
            Kind::Strike => run_length(bytes, at),
        }
    }
}

/// The nodes, while they are put into one another.
#[derive(Default)]
pub struct Nodes {
    /// Those within the innermost that is open.
    pub done: Vec<Inline>,
    /// What is open, and what comes before it.
    pub open: Vec<(Kind, Vec<Inline>)>,
    in_link: bool,
}

impl Nodes {
    pub fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.done.last_mut() {
            Some(Inline::Text(before)) => before.push_str(text),
            _ => self.done.push(Inline::Text(text.to_owned())),
        }
    }

    pub fn push(&mut self, node: Inline) {
        self.done.push(node);
    }

    /// In a link, what would be another one or a mention is text.
    pub fn atom(&mut self, node: Inline) {
        match node {
            Inline::Link { children, .. } if self.in_link => {
                for child in children {
                    if let Inline::Text(text) = child {
                        self.text(&text);
                    }
                }
            }
            Inline::Mention(name) if self.in_link => {
                self.text("@");
                self.text(&name);
            }
            node => self.push(node),
        }
    }

    pub fn open(&mut self, kind: Kind) {
        self.in_link |= kind == Kind::Link;
        let before = std::mem::take(&mut self.done);
        self.open.push((kind, before));
    }

    pub fn close(&mut self, kind: Kind, href: String) {
        let Some((_, before)) = self.open.pop() else {
            return;
        };
        let children = std::mem::replace(&mut self.done, before);
        let node = match kind {
            Kind::Emphasis => Inline::Emphasis(children),
            Kind::Strong => Inline::Strong(children),
            Kind::Strike => Inline::Strike(children),
            Kind::Link => {
                self.in_link = false;
                Inline::Link { href, children }
            }
        };
        self.push(node);
    }
}
