//! From messages to the rows of a timeline: runs of one author, days, the line where unread begins.
//!
//! The rows on the page are kept in step with the conversation's window, not made anew: a message that arrives is
//! one row more, and only what it changes of its neighbours is changed there.

use leptos::{
    prelude::*,
    tachys::{
        html::attribute::{Attribute, any_attribute::AnyAttribute},
        hydration::Cursor,
        renderer::{CastFrom, Rndr, types},
        view::{Mountable, Position, PositionState, Render, RenderHtml, add_attr::AddAnyAttr},
    },
};

use super::{
    clock::Clock,
    message_row::{SaidRow, Source},
    row_html::Above,
};
use crate::{
    domain::{Millis, Seq},
    ui::session::{Conversation, Said, Unread, Unsent, Window, told},
};

/// A pause longer than this ends an author's run.
const RUN_PAUSE: Millis = 7 * 60_000;

/// Where and when something was said.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Placed {
    seq: Seq,
    by: String,
    at: Millis,
    day: i64,
    came: String,
}

impl Placed {
    fn of(said: &Said, clock: Clock) -> Self {
        let message = said.message.read_untracked();
        Self {
            seq: said.seq,
            by: message.by.clone(),
            at: message.at,
            day: clock.day(message.at),
            came: String::new(),
        }
    }

    /// What it has above it, after `before` and where the unread line is at `line`.
    fn above(&self, before: Option<&Self>, line: Option<Seq>) -> Above {
        let same_day = before.filter(|before| before.day == self.day);
        let new = line == Some(self.seq);
        let goes_on = |before: &Self| before.by == self.by && self.at - before.at <= RUN_PAUSE;
        Above {
            came: self.came.clone(),
            day: same_day.is_none().then_some(self.day),
            new,
            first: new || !same_day.is_some_and(goes_on),
        }
    }
}

/// Which message the unread line is above: the first that others have said of what is unread here. What is unread may
/// begin further back; then it is where the window begins.
fn line(messages: &[Said], me: &str, unread: Unread) -> Option<Seq> {
    let begins = messages.partition_point(|said| said.seq <= unread.read);
    messages[begins..]
        .iter()
        .take_while(|said| unread.contains(said.seq))
        .find(|said| said.message.read_untracked().by != me)
        .map(|said| said.seq)
}

/// What happened to the room between a message and what is before it: another, or the room's beginning.
fn came(window: &Window, before: Option<&Placed>, seq: Seq) -> String {
    let edge = if window.has_older() { seq } else { 0 };
    told(window.happenings(before.map_or(edge, |before| before.seq), seq))
}

/// Whether each of *me*'s unsent messages names its author, given what the room has last.
pub fn firsts(conversation: Conversation, clock: Clock, unsent: &[Unsent]) -> Vec<bool> {
    let me = conversation.session.me.get_value();
    let mut before = conversation
        .window
        .with(|window| window.messages().last().map(|said| Placed::of(said, clock)));
    let mut firsts = Vec::with_capacity(unsent.len());
    for item in unsent {
        let placed = Placed {
            seq: Seq::MAX,
            by: me.clone(),
            at: item.at,
            // Where its day begins is not certain before the server has said so: no separator yet.
            day: before
                .as_ref()
                .map_or_else(|| clock.day(item.at), |it| it.day),
            came: String::new(),
        };
        firsts.push(placed.above(before.as_ref(), None).first);
        before = Some(placed);
    }
    firsts
}

/// The rows of all messages in the conversation's window.
pub fn rows(conversation: Conversation, clock: RwSignal<Clock>) -> impl IntoView {
    let upon = Memo::new(move |_| conversation.outbox.read().upon_messages());
    move || {
        conversation.window.track();
        Rows {
            conversation,
            clock,
            unread: conversation.unread.get(),
            upon,
            now: clock.get(),
        }
    }
}

struct Rows {
    conversation: Conversation,
    clock: RwSignal<Clock>,
    unread: Unread,
    upon: Memo<Vec<Unsent>>,
    now: Clock,
}

/// The rows that are on the page.
struct Shown {
    rows: Vec<Row>,
    clock: Clock,
    line: Option<Seq>,
    /// What the last row stands before.
    end: types::Placeholder,
}

/// A row, and where: `said` is how it is there.
struct Row<S = SaidRow> {
    placed: Placed,
    above: ArcRwSignal<Above>,
    said: S,
}

impl Rows {
    fn line(&self, messages: &[Said]) -> Option<Seq> {
        let me = self.conversation.session.me;
        me.with_value(|me| line(messages, me, self.unread))
    }

    /// A row as it is to be after `before`, with `said` made of what it shows.
    fn row<S>(
        &self,
        said: &Said,
        before: Option<&Placed>,
        line: Option<Seq>,
        make: impl FnOnce(Source) -> S,
    ) -> Row<S> {
        let mut placed = Placed::of(said, self.now);
        let window = self.conversation.window.read_untracked();
        placed.came = came(&window, before, said.seq);
        let above = ArcRwSignal::new(placed.above(before, line));
        let source = Source {
            conversation: self.conversation,
            said: said.clone(),
            above: above.clone(),
            clock: self.clock,
            upon: self.upon,
        };
        Row {
            placed,
            above,
            said: make(source),
        }
    }

    /// All rows anew.
    fn all<S>(&self, mut make: impl FnMut(Source) -> S) -> (Vec<Row<S>>, Option<Seq>) {
        self.conversation.window.with_untracked(|window| {
            let messages = window.messages();
            let line = self.line(messages);
            let mut rows: Vec<Row<S>> = Vec::with_capacity(messages.len());
            for said in messages {
                let before = rows.last().map(|row| &row.placed);
                let row = self.row(said, before, line, &mut make);
                rows.push(row);
            }
            (rows, line)
        })
    }
}

impl Shown {
    /// Takes rows away.
    fn cut(&mut self, range: impl std::ops::RangeBounds<usize>) {
        self.rows.drain(range).for_each(|row| row.said.unmount());
    }

    /// Has the row at `index` say what it has above it.
    fn mark(&self, index: usize) {
        let Some(row) = self.rows.get(index) else {
            return;
        };
        let before = index.checked_sub(1).map(|before| &self.rows[before].placed);
        let is = row.placed.above(before, self.line);
        row.above
            .maybe_update(|above| is != std::mem::replace(above, is.clone()));
    }

    fn place_of(&self, seq: Seq) -> usize {
        self.rows.partition_point(|row| row.placed.seq < seq)
    }
}

impl Render for Rows {
    type State = Shown;

    fn build(self) -> Self::State {
        let (rows, line) = self.all(SaidRow::build);
        Shown {
            rows,
            clock: self.now,
            line,
            end: Rndr::create_placeholder(),
        }
    }

    fn rebuild(self, shown: &mut Self::State) {
        self.conversation.window.with_untracked(|window| {
            let messages = window.messages();
            let line = self.line(messages);
            let was = std::mem::replace(&mut shown.line, line);
            // Both are stretches of one log: what is in both is the same in both.
            let start = messages.first().map_or(Seq::MAX, |said| said.seq);
            let end = messages.last().map_or(0, |said| said.seq);
            shown.cut(..shown.place_of(start));
            shown.cut(shown.rows.partition_point(|row| row.placed.seq <= end)..);
            self.conversation.let_go_beyond(start, end);
            let (first, last) = match shown.rows.as_slice() {
                [first, .., last] => (first.placed.seq, last.placed.seq),
                [one] => (one.placed.seq, one.placed.seq),
                [] => (Seq::MAX, Seq::MAX),
            };
            let older = messages.partition_point(|said| said.seq < first);
            let newer = messages.partition_point(|said| said.seq <= last);
            let Some(parent) = Rndr::get_parent(&shown.end) else {
                return;
            };

            let beginning = shown.rows.first().map(|row| row.said.first_node());
            let beginning = beginning.unwrap_or_else(|| shown.end.clone().into());
            let mut rows = Vec::with_capacity(older);
            for said in &messages[..older] {
                let before = rows.last().map(|row: &Row| &row.placed);
                let row = self.row(said, before, line, SaidRow::build);
                row.said.put(&parent, Some(&beginning));
                rows.push(row);
            }
            shown.rows.splice(0..0, rows);
            // What was the first row has something before it now.
            if let (before, [row, ..]) = shown.rows.split_at_mut(older) {
                let before = before.last().map(|row| &row.placed);
                row.placed.came = came(window, before, row.placed.seq);
            }
            for said in &messages[newer.max(older)..] {
                let before = shown.rows.last().map(|row| &row.placed);
                let row = self.row(said, before, line, SaidRow::build);
                row.said.put(&parent, Some(shown.end.as_ref()));
                shown.rows.push(row);
            }

            if shown.clock != self.now {
                shown.clock = self.now;
                for row in &mut shown.rows {
                    row.placed.day = self.now.day(row.placed.at);
                }
                (0..shown.rows.len()).for_each(|index| shown.mark(index));
            } else {
                let lines = [was, line].into_iter().flatten();
                let lines = lines.map(|seq| shown.place_of(seq));
                [0, older]
                    .into_iter()
                    .chain(lines)
                    .for_each(|index| shown.mark(index));
            }
        });
    }
}

impl RenderHtml for Rows {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        _: bool,
        _: bool,
        _: Vec<AnyAttribute>,
    ) {
        self.all(|source| buf.push_str(&source.html()));
        *position = Position::NextChild;
        // As tachys marks the end of its own lists.
        buf.push_str("<!>");
    }

    fn hydrate<const FROM_SERVER: bool>(
        self,
        cursor: &Cursor,
        position: &PositionState,
    ) -> Self::State {
        let (rows, line) = self.all(|source| SaidRow::hydrate(source, cursor, position));
        let end = cursor.next_placeholder(position);
        position.set(Position::NextChild);
        Shown {
            rows,
            clock: self.now,
            line,
            end,
        }
    }

    fn into_owned(self) -> Self {
        self
    }
}

impl AddAnyAttr for Rows {
    type Output<A: Attribute> = Self;

    /// A list of rows has no element of its own to add one to.
    fn add_any_attr<A: Attribute>(self, _: A) -> Self::Output<A> {
        self
    }
}

impl Mountable for Shown {
    fn unmount(&mut self) {
        self.rows.iter().for_each(|row| row.said.unmount());
        self.end.unmount();
    }

    fn mount(&mut self, parent: &types::Element, marker: Option<&types::Node>) {
        let rows = self.rows.iter();
        rows.for_each(|row| row.said.put(parent, marker));
        self.end.mount(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        match self.rows.first() {
            Some(row) => {
                let first = row.said.first_node();
                let parent = Rndr::get_parent(&first).and_then(types::Element::cast_from);
                let placed = parent.map(|parent| child.mount(&parent, Some(&first)));
                placed.is_some()
            }
            None => self.end.insert_before_this(child),
        }
    }

    fn elements(&self) -> Vec<types::Element> {
        self.rows
            .iter()
            .flat_map(|row| row.said.elements())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::Message;

    const DAY: Millis = 86_400_000;
    const READ: Unread = unread(0, 0);

    const fn unread(read: Seq, head: Seq) -> Unread {
        Unread {
            read,
            head,
            messages: 0,
        }
    }

    fn said(seq: Seq, by: &str, at: Millis) -> Said {
        Message::new(1, seq, Uuid::nil(), by.into(), at, "hi".into()).into()
    }

    /// What each of some messages has above it, for alice and in UTC.
    fn aboves(messages: &[Said], unread: Unread) -> Vec<Above> {
        let line = line(messages, "alice", unread);
        let clock = Clock::of_reader("");
        let mut before = None;
        let above = |said| {
            let placed = Placed::of(said, clock);
            let above = placed.above(before.as_ref(), line);
            before = Some(placed);
            above
        };
        messages.iter().map(above).collect()
    }

    /// The seqs of those that name their author.
    fn named(messages: &[Said]) -> Vec<bool> {
        let aboves = aboves(messages, READ);
        aboves.into_iter().map(|above| above.first).collect()
    }

    #[test]
    fn an_author_is_named_once_in_a_run() {
        let said = [
            said(1, "alice", 0),
            said(2, "alice", 60_000),
            said(3, "bob", 61_000),
        ];
        assert_eq!(named(&said), [true, false, true]);
        assert_eq!(aboves(&said, READ)[0].day, Some(0));
        assert_eq!(aboves(&said, READ)[1].day, None);
    }

    #[test]
    fn a_pause_a_day_and_the_unread_line_end_a_run() {
        let late = DAY - 1_000;
        let said = [
            said(1, "bob", late - 2 * RUN_PAUSE),
            said(2, "bob", late),
            said(3, "bob", DAY),
            said(4, "bob", DAY + 1),
            said(5, "bob", DAY + 2),
        ];
        let aboves = aboves(&said, unread(3, 5));
        let days: Vec<_> = aboves.iter().map(|above| above.day).collect();
        assert_eq!(days, [Some(0), None, Some(1), None, None]);
        let firsts: Vec<_> = aboves.iter().map(|above| above.first).collect();
        assert_eq!(firsts, [true, true, true, true, false]);
        let new: Vec<_> = aboves.iter().map(|above| above.new).collect();
        assert_eq!(new, [false, false, false, true, false]);
    }

    #[test]
    fn nothing_is_new_where_all_was_read_or_is_one_s_own() {
        let bob = [said(1, "bob", 0)];
        assert_eq!(line(&bob, "alice", unread(1, 1)), None);
        let own = [said(1, "alice", 0)];
        assert_eq!(line(&own, "alice", unread(0, 1)), None);
        // What comes after the room was entered is not what was unread then.
        assert_eq!(line(&bob, "alice", unread(0, 0)), None);
    }

    #[test]
    fn the_line_is_where_unread_begins_or_where_the_window_does() {
        let said: Vec<_> = (51..=100).map(|seq| said(seq, "bob", 0)).collect();
        let begins = |read| line(&said, "alice", unread(read, 100));
        assert_eq!(begins(60), Some(61));
        assert_eq!(begins(50), Some(51));
        assert_eq!(begins(40), Some(51));
    }
}
