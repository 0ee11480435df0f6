//! What stands within a paragraph. A first pass over its text finds what is marked where, by CommonMark's rules of
//! precedence: code and addresses before links, links before emphasis. A second one builds the nodes.

use linkify::{LinkFinder, LinkKind};

use super::{
    emphasis::{self, Run},
    links,
    names::Names,
    nodes::{Kind, Nodes},
    steps::step,
    ticks,
    tree::{DEPTH, Inline},
};

/// Parses a paragraph, of which every line begins with its first character that is no white space.
pub fn parse(text: &str, names: &mut Names<'_>) -> Vec<Inline> {
    let mut marks = Marks::new(text);
    marks.find(names);
    marks.build()
}

/// What a character of the text means. It, and all of its mark, is not shown then.
#[derive(Clone, Copy)]
enum Mark {
    Text,
    Opens(Kind),
    Closes(Kind),
    /// A backslash that only says that the next character is itself.
    Escapes,
    /// The next of the atoms begins here.
    Atom,
}

/// A node without others in it.
struct Atom {
    /// Where the text goes on.
    end: usize,
    node: Inline,
}

/// A `[` that may open a link.
struct Bracket {
    at: usize,
    /// How many runs come before it.
    runs: usize,
}

struct Marks<'t> {
    text: &'t str,
    /// One for each byte of the text.
    marks: Vec<Mark>,
    runs: Vec<Run>,
    atoms: Vec<Atom>,
    /// Of the links that close: where they lead, and where the text goes on.
    targets: Vec<(String, usize)>,
}

impl<'t> Marks<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            marks: vec![Mark::Text; text.len()],
            runs: Vec::new(),
            atoms: Vec::new(),
            targets: Vec::new(),
        }
    }

    fn find(&mut self, names: &mut Names<'_>) {
        let text = self.text;
        let bytes = text.as_bytes();
        let finder = LinkFinder::new();
        let mut bare = finder.links(text).map(bare_link).peekable();
        let mut brackets: Vec<Bracket> = Vec::new();
        // A link holds no other: brackets before one that was made open nothing any more.
        let mut live_brackets = 0;
        // By length, where the last run of backticks begins that is this long: it is not looked for after that.
        let mut last_ticks: Option<Vec<usize>> = None;
        let mut at = 0;
        while at < bytes.len() {
            step();
            while bare.next_if(|(start, ..)| *start < at).is_some() {}
            if let Some((_, address, Some(href))) = bare.next_if(|(start, ..)| *start == at) {
                let children = vec![Inline::Text(address.to_owned())];
                let node = Inline::Link { href, children };
                let end = at + address.len();
                at = self.atom(at, Atom { end, node });
                continue;
            }
            match bytes[at] {
                b'\\' if bytes.get(at + 1).is_some_and(|c| c.is_ascii_punctuation()) => {
                    self.marks[at] = Mark::Escapes;
                    at += 2;
                }
                b'\\' if bytes.get(at + 1) == Some(&b'\n') => {
                    self.marks[at] = Mark::Escapes;
                    at += 1;
                }
                b'`' => {
                    let length = ticks::run_length(bytes, at);
                    let last = last_ticks.get_or_insert_with(|| ticks::last_runs(bytes, at));
                    let start = at + length;
                    let closed = last.get(length).is_some_and(|last| *last > at);
                    at = match closed
                        .then(|| ticks::next_run(bytes, start, length))
                        .flatten()
                    {
                        Some(end) => {
                            let node = Inline::Code(ticks::code(&text[start..end]));
                            let end = end + length;
                            self.atom(at, Atom { end, node })
                        }
                        None => start,
                    };
                }
                b'<' => match links::angled(&text[at + 1..]) {
                    Some((href, length)) => {
                        let children = vec![Inline::Text(text[at + 1..][..length].to_owned())];
                        let node = Inline::Link { href, children };
                        let end = at + length + 2;
                        at = self.atom(at, Atom { end, node });
                    }
                    None => at += 1,
                },
                b'@' => {
                    let before = text[..at].chars().next_back();
                    match names.at(before, &text[at + 1..]) {
                        Some(name) => {
                            let node = Inline::Mention(name.to_owned());
                            let end = at + 1 + name.len();
                            at = self.atom(at, Atom { end, node });
                        }
                        None => at += 1,
                    }
                }
                b'[' => {
                    let runs = self.runs.len();
                    brackets.push(Bracket { at, runs });
                    at += 1;
                }
                b']' => {
                    let bracket = brackets.pop();
                    let opened = bracket.filter(|_| brackets.len() >= live_brackets);
                    live_brackets = live_brackets.min(brackets.len());
                    let target = opened.and_then(|bracket| {
                        let (href, rest) = links::target(&text[at + 1..])?;
                        links::is_allowed(&href).then(|| (bracket, href, text.len() - rest.len()))
                    });
                    match target {
                        Some((bracket, href, end)) => {
                            self.pair_runs(bracket.runs);
                            self.marks[bracket.at] = Mark::Opens(Kind::Link);
                            self.marks[at] = Mark::Closes(Kind::Link);
                            self.targets.push((href, end));
                            live_brackets = brackets.len();
                            at = end;
                        }
                        None => at += 1,
                    }
                }
                b'*' | b'_' | b'~' => {
                    let run = Run::at(text, at);
                    at = run.end;
                    if run.opens || run.closes {
                        self.runs.push(run);
                    }
                }
                _ => at += 1,
            }
        }
        self.pair_runs(0);
    }

    fn atom(&mut self, at: usize, atom: Atom) -> usize {
        let end = atom.end;
        self.marks[at] = Mark::Atom;
        self.atoms.push(atom);
        end
    }

    /// Decides what the runs from the given one on are. They are done with then.
    fn pair_runs(&mut self, from: usize) {
        let marks = &mut self.marks;
        emphasis::pairs(self.runs.drain(from..), |kind, opens, closes| {
            marks[opens] = Mark::Opens(kind);
            marks[closes] = Mark::Closes(kind);
        });
    }

    fn build(self) -> Vec<Inline> {
        let text = self.text;
        let bytes = text.as_bytes();
        let mut atoms = self.atoms.into_iter();
        let mut targets = self.targets.into_iter();
        let mut nodes = Nodes::default();
        let mut too_deep = 0;
        let mut plain = 0;
        let mut at = 0;
        while at < text.len() {
            step();
            let next = match self.marks[at] {
                Mark::Text if bytes[at] == b'\n' => {
                    nodes.text(text[plain..at].trim_end_matches([' ', '\t']));
                    nodes.push(Inline::Break);
                    at + 1
                }
                Mark::Text => {
                    at += 1;
                    continue;
                }
                Mark::Opens(_) if nodes.open.len() == DEPTH => {
                    too_deep += 1;
                    at += 1;
                    continue;
                }
                Mark::Closes(kind) if too_deep > 0 => {
                    too_deep -= 1;
                    if kind == Kind::Link {
                        targets.next();
                    }
                    at += 1;
                    continue;
                }
                mark => {
                    nodes.text(&text[plain..at]);
                    match mark {
                        Mark::Opens(kind) => {
                            nodes.open(kind);
                            at + kind.length(bytes, at)
                        }
                        Mark::Closes(Kind::Link) => {
                            let (href, end) = targets.next().unwrap_or_default();
                            nodes.close(Kind::Link, href);
                            end
                        }
                        Mark::Closes(kind) => {
                            nodes.close(kind, String::new());
                            at + kind.length(bytes, at)
                        }
                        Mark::Atom => match atoms.next() {
                            Some(atom) => {
                                nodes.atom(atom.node);
                                atom.end
                            }
                            None => at + 1,
                        },
                        _ => at + 1,
                    }
                }
            };
            at = next;
            plain = next;
        }
        nodes.text(&text[plain..]);
        nodes.done
    }
}

/// Where an address that stands for itself begins, itself without the marks around it, and where it leads, if it may.
fn bare_link(link: linkify::Link<'_>) -> (usize, &str, Option<String>) {
    let text = link.as_str();
    if *link.kind() == LinkKind::Email {
        let address = text.trim_start_matches(['*', '_', '~', '`']);
        let start = link.end() - address.len();
        (start, address, Some(links::mail(address)))
    } else {
        let address = text.trim_end_matches(['?', '!', '.', ',', ':', '*', '_', '~']);
        let href = links::is_allowed(address).then(|| address.to_owned());
        (link.start(), address, href)
    }
}
