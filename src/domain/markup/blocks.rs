//! What stands on lines of its own: CommonMark's block structure, a line at a time. Each line first goes into the
//! quotes and items that are open and go on in it, then may begin others, then adds to a paragraph or a block of code.

use super::{
    inlines,
    lines::{Line, TAB},
    links,
    names::Names,
    steps::step,
    tree::{Block, DEPTH},
};

pub fn parse(body: &str, names: &mut Names<'_>) -> Vec<Block> {
    let mut blocks = Blocks {
        done: Vec::new(),
        open: Vec::new(),
        leaf: Leaf::None,
        names,
    };
    for line in body.split('\n') {
        blocks.line(Line::new(line));
    }
    blocks.close(0);
    blocks.close_leaf();
    blocks.done
}

/// A block that holds others and is not at its end.
enum Container {
    Quote,
    List {
        /// The bullet, or what follows the number.
        marker: u8,
        start: Option<u32>,
        items: Vec<Vec<Block>>,
    },
    /// Holds the lines that are indented by so many columns.
    Item(usize),
}

enum Leaf {
    None,
    Paragraph(String),
    Code {
        fence: Fence,
        language: String,
        text: Option<String>,
    },
}

struct Blocks<'n, 'a> {
    /// The blocks within the innermost container that is open.
    done: Vec<Block>,
    /// The containers that are open, and what comes before each.
    open: Vec<(Container, Vec<Block>)>,
    leaf: Leaf,
    names: &'n mut Names<'a>,
}

impl Blocks<'_, '_> {
    fn line(&mut self, mut line: Line<'_>) {
        let mut going_on = 0;
        while going_on < self.open.len() && self.goes_on(going_on, &mut line) {
            going_on += 1;
        }
        let mut whole = going_on == self.open.len();
        if whole && let Leaf::Code { fence, text, .. } = &mut self.leaf {
            if fence.is_closed_by(&line) {
                self.close_leaf();
            } else {
                line.skip(fence.indent.min(line.indent()));
                let text = match text {
                    Some(text) => {
                        text.push('\n');
                        text
                    }
                    None => text.insert(String::new()),
                };
                line.append_to(text);
            }
            return;
        }
        while line.indent() < TAB && self.begins(&mut line, going_on) {
            going_on = self.open.len();
            whole = true;
            if matches!(self.leaf, Leaf::Code { .. }) {
                return;
            }
        }
        let text = line.text();
        if let Leaf::Paragraph(paragraph) = &mut self.leaf
            && !text.is_empty()
        {
            // A paragraph goes on without the marks of what it stands in, too.
            paragraph.push('\n');
            paragraph.push_str(text);
            return;
        }
        if !whole || text.is_empty() {
            self.close_leaf();
            self.close(going_on);
        }
        if !text.is_empty() {
            self.end_list();
            self.leaf = Leaf::Paragraph(text.to_owned());
        }
    }

    /// Whether an open container goes on in this line, which then is only what it holds.
    fn goes_on(&self, index: usize, line: &mut Line<'_>) -> bool {
        step();
        match &self.open[index].0 {
            Container::List { .. } => true,
            Container::Quote => line.indent() < TAB && line.take_quote(),
            Container::Item(columns) => {
                let indent = line.indent();
                let goes_on = if line.is_blank() {
                    // An item that begins with an empty line ends with another.
                    index + 1 < self.open.len()
                        || !self.done.is_empty()
                        || !matches!(self.leaf, Leaf::None)
                } else {
                    indent >= *columns
                };
                if goes_on {
                    line.skip(indent.min(*columns));
                }
                goes_on
            }
        }
    }

    /// Opens the container or the block of code that begins here, if one does.
    fn begins(&mut self, line: &mut Line<'_>, going_on: usize) -> bool {
        step();
        let has_room = |open: &Self, more| going_on.min(open.open.len()) + more <= DEPTH;
        if let Some((fence, info)) = Fence::opened_by(line) {
            self.close_leaf();
            self.close(going_on);
            self.end_list();
            let language = info.split([' ', '\t']).next().unwrap_or_default();
            self.leaf = Leaf::Code {
                fence,
                language: links::unescaped(language),
                text: None,
            };
            return true;
        }
        if has_room(self, 1) && line.take_quote() {
            self.close_leaf();
            self.close(going_on);
            self.end_list();
            self.push(Container::Quote);
            return true;
        }
        if line.is_rule() || !has_room(self, 2) {
            return false;
        }
        let interrupts = going_on == self.open.len() && matches!(self.leaf, Leaf::Paragraph(_));
        let Some(item) = Item::begun_by(line, interrupts) else {
            return false;
        };
        line.skip(item.marker_columns);
        self.close_leaf();
        self.close(going_on);
        let goes_on = matches!(
            self.open.last(),
            Some((Container::List { marker, .. }, _)) if *marker == item.marker
        );
        if !goes_on {
            self.end_list();
            self.push(Container::List {
                marker: item.marker,
                start: item.start,
                items: Vec::new(),
            });
        }
        self.push(Container::Item(item.columns));
        if !line.is_blank() {
            line.skip(item.columns - item.marker_columns);
        }
        true
    }

    fn push(&mut self, container: Container) {
        let before = std::mem::take(&mut self.done);
        self.open.push((container, before));
    }

    /// A list holds nothing but items.
    fn end_list(&mut self) {
        if matches!(self.open.last(), Some((Container::List { .. }, _))) {
            self.close(self.open.len() - 1);
        }
    }

    /// Closes all containers but the outermost so many.
    fn close(&mut self, keep: usize) {
        if self.open.len() > keep {
            self.close_leaf();
        }
        while self.open.len() > keep
            && let Some((container, before)) = self.open.pop()
        {
            let blocks = std::mem::replace(&mut self.done, before);
            match container {
                Container::Quote => self.done.push(Block::Quote(blocks)),
                Container::List { start, items, .. } => {
                    self.done.push(Block::List { start, items });
                }
                Container::Item(_) => {
                    if let Some((Container::List { items, .. }, _)) = self.open.last_mut() {
                        items.push(blocks);
                    }
                }
            }
        }
    }

    fn close_leaf(&mut self) {
        match std::mem::replace(&mut self.leaf, Leaf::None) {
            Leaf::None => {}
            Leaf::Paragraph(text) => {
                let nodes = inlines::parse(text.trim_end_matches([' ', '\t']), self.names);
                self.done.push(Block::Paragraph(nodes));
            }
            Leaf::Code { language, text, .. } => {
                let text = text.unwrap_or_default();
                self.done.push(Block::Code { language, text });
            }
        }
    }
}

/// The fence that opened a block of code.
struct Fence {
    character: u8,
    length: usize,
    /// Columns before it, which are cut off from each line of the code.
    indent: usize,
}

impl Fence {
    /// With its info string.
    fn opened_by<'t>(line: &Line<'t>) -> Option<(Self, &'t str)> {
        let text = line.text();
        let character = text.bytes().next().filter(|c| matches!(c, b'`' | b'~'))?;
        let info = text.trim_start_matches(character as char);
        let length = text.len() - info.len();
        if length < 3 || character == b'`' && info.contains('`') {
            return None;
        }
        let fence = Self {
            character,
            length,
            indent: line.indent(),
        };
        Some((fence, info.trim_matches([' ', '\t'])))
    }

    fn is_closed_by(&self, line: &Line<'_>) -> bool {
        let text = line.text();
        let rest = text.trim_start_matches(self.character as char);
        line.indent() < TAB
            && text.len() - rest.len() >= self.length
            && rest.trim_matches([' ', '\t']).is_empty()
    }
}

/// The mark of a list's item.
struct Item {
    marker: u8,
    start: Option<u32>,
    /// Columns up to the end of the marker.
    marker_columns: usize,
    /// Columns up to what the item holds.
    columns: usize,
}

impl Item {
    /// Only what begins with text, and is the first of its list, interrupts a paragraph.
    fn begun_by(line: &Line<'_>, interrupts: bool) -> Option<Self> {
        let text = line.text();
        let digits = text.bytes().take_while(u8::is_ascii_digit).take(10).count();
        let marker = *text.as_bytes().get(digits)?;
        let start = match (digits, marker) {
            (0, b'-' | b'+' | b'*') => None,
            (1..=9, b'.' | b')') => Some(text[..digits].parse().ok()?),
            _ => return None,
        };
        let indent = line.indent();
        let marker_columns = indent + digits + 1;
        let mut after = *line;
        after.skip(marker_columns);
        let space = after.indent();
        if after.is_blank() {
            let columns = marker_columns + 1;
            return (!interrupts).then_some(Self {
                marker,
                start,
                marker_columns,
                columns,
            });
        }
        if space == 0 || interrupts && start.is_some_and(|start| start != 1) {
            return None;
        }
        let columns = marker_columns + if space > TAB { 1 } else { space };
        Some(Self {
            marker,
            start,
            marker_columns,
            columns,
        })
    }
}
