//! The stretch of a room's messages that a page holds: contiguous, bounded, and either *live* (it ends at
//! the room's head, so new messages go on its end) or not (what lies between its end and the head is in
//! history, and is fetched when it is wanted).
//!
//! This is also the page's cursor: catching up after a lost connection and scrolling back down are the same
//! thing, *fetch from the end of the window until it is live*.

use leptos::prelude::*;

use super::touch::Touch;
use crate::domain::{Changes, Happened, Happening, History, Message, Seq};

/// Messages that a page holds at most.
pub const MOST: usize = 300;

/// Which end of the window the reader is at; the other end gives way when it is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// At the newest message.
    End,
    /// Further up.
    Earlier,
}

/// What became of a message that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It is in the window now.
    Shown,
    /// It lies beyond the window's end.
    Beyond,
    /// It was known already.
    Known,
}

/// A message on the page. Its signal changes when the message does, and with it its row alone.
#[derive(Clone, Debug)]
pub struct Said {
    pub seq: Seq,
    pub message: ArcRwSignal<Message>,
}

impl From<Message> for Said {
    fn from(message: Message) -> Self {
        Self {
            seq: message.seq,
            message: ArcRwSignal::new(message),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Window {
    messages: Vec<Said>,
    /// What happened to the room itself, as far as pages of history and the socket told: the newest [`MOST`].
    happenings: Vec<Happening>,
    /// Whether there are messages before the window.
    older: bool,
    /// Seq up to which the room's log has been taken in. Entries that say nothing may come after the newest message.
    end: Seq,
    /// Seq of the room's newest entry, as far as this page has heard.
    head: Seq,
    /// What has happened to messages while pages of them are on their way: those may be older than that.
    meanwhile: Vec<Touch>,
    /// Pages that are on their way.
    awaited: usize,
}

impl Window {
    /// Starts from a room's page. `head` is the room's.
    pub fn new(page: History, head: Seq) -> Self {
        let older = page.more;
        let newer = page.newer.unwrap_or_default();
        Self::of(page, older, newer, head)
    }

    fn of(page: History, older: bool, newer: bool, head: Seq) -> Self {
        let messages: Vec<_> = page.messages.into_iter().map(Said::from).collect();
        let last = messages.last().map_or(0, |last| last.seq);
        let end = if newer { last } else { last.max(page.head) };
        Self {
            messages,
            happenings: page.happenings,
            older,
            end,
            head: head.max(page.head).max(end),
            meanwhile: Vec::new(),
            awaited: 0,
        }
    }

    /// All that is here is of another log: this one's is yet to come.
    pub fn begin_anew(&mut self) {
        *self = Self::default();
    }

    /// A page is asked for. What happens to its messages from here on is not forgotten before [`Self::answered`].
    pub fn awaits(&mut self) {
        self.awaited += 1;
    }

    /// The page is taken in, or does not come.
    pub fn answered(&mut self) {
        self.awaited -= 1;
        if self.awaited == 0 {
            self.meanwhile.clear();
        }
    }

    /// Messages as of an entry, with what this page knows to have happened to them since.
    fn brought_up(&self, mut messages: Vec<Message>, as_of: Seq) -> Vec<Message> {
        for touch in self.meanwhile.iter().filter(|touch| touch.seq > as_of) {
            for message in &mut messages {
                touch.apply(message);
            }
        }
        messages
    }

    /// Takes other messages in place of those that are here.
    fn become_of(&mut self, page: History, older: bool, newer: bool) {
        let messages = self.brought_up(page.messages, page.head);
        self.learn(page.happenings);
        let page = History {
            messages,
            happenings: Vec::new(),
            ..page
        };
        let next = Self::of(page, older, newer, self.head);
        (self.messages, self.older) = (next.messages, next.older);
        (self.end, self.head) = (next.end, next.head);
    }

    pub fn messages(&self) -> &[Said] {
        &self.messages
    }

    pub fn head(&self) -> Seq {
        self.head
    }

    /// Seq of the oldest message here; 0 where there is none.
    pub fn start(&self) -> Seq {
        self.messages.first().map_or(0, |first| first.seq)
    }

    /// Seq up to which the room's log is here.
    pub fn end(&self) -> Seq {
        self.end
    }

    /// Whether the window ends at the room's head.
    pub fn is_live(&self) -> bool {
        self.end == self.head
    }

    /// Whether there are messages before the window.
    pub fn has_older(&self) -> bool {
        self.older
    }

    /// How much of the log lies beyond the window's end.
    pub fn beyond(&self) -> u64 {
        self.head - self.end
    }

    /// A new message from the socket, or *me*'s own when it has become durable.
    pub fn arrived(&mut self, message: Message, reading: Reading) -> Arrival {
        if message.seq <= self.end {
            return Arrival::Known;
        }
        let full = self.messages.len() >= MOST;
        let shown =
            message.seq == self.end + 1 && self.is_live() && (reading == Reading::End || !full);
        self.head = self.head.max(message.seq);
        if !shown {
            return Arrival::Beyond;
        }
        self.end = message.seq;
        self.messages.push(message.into());
        self.drop_oldest();
        Arrival::Shown
    }

    /// Something happened to the room itself.
    pub fn happened(&mut self, happening: Happening) {
        let seq = happening.seq;
        self.learn(vec![happening]);
        self.passed(seq);
    }

    fn learn(&mut self, happenings: Vec<Happening>) {
        for happening in happenings {
            if happening.what == Happened::Erased {
                let up_to = happening.to.as_deref().map(str::parse);
                self.erase(up_to.and_then(Result::ok).unwrap_or_default());
                continue;
            }
            let place = self.happenings.partition_point(|it| it.seq < happening.seq);
            if self
                .happenings
                .get(place)
                .is_none_or(|it| it.seq != happening.seq)
            {
                self.happenings.insert(place, happening);
            }
        }
        let excess = self.happenings.len().saturating_sub(MOST);
        self.happenings.drain(..excess);
    }

    /// All messages up to a seq are gone, and what was quoted of them.
    fn erase(&mut self, up_to: Seq) {
        if self.start() <= up_to {
            self.older = false;
        }
        self.messages.retain(|said| up_to < said.seq);
        for said in &self.messages {
            said.message.maybe_update(|message| {
                let quote = message.re.as_mut().filter(|re| re.seq <= up_to);
                quote.is_some_and(|re| !std::mem::take(&mut re.body).is_empty())
            });
        }
    }

    /// What happened to the room itself between two seqs, neither included.
    pub fn happenings(&self, after: Seq, before: Seq) -> &[Happening] {
        let from = self.happenings.partition_point(|it| it.seq <= after);
        let to = self.happenings.partition_point(|it| it.seq < before);
        self.happenings.get(from..to).unwrap_or_default()
    }

    /// An entry that says nothing has come by.
    pub fn passed(&mut self, seq: Seq) {
        if self.is_live() && seq == self.end + 1 {
            self.end = seq;
        }
        self.heard_of(seq);
    }

    /// Something has happened to a message, and so to whatever quotes it. Their signals tell.
    pub fn touch(&mut self, touch: Touch) {
        let from = self.messages.partition_point(|said| said.seq < touch.of);
        for said in &self.messages[from..] {
            said.message.maybe_update(|message| touch.apply(message));
        }
        if self.awaited > 0 {
            self.meanwhile.push(touch);
        }
    }

    /// What entries after some seq made or touched, up to another. What lies beyond the window goes on its end, where
    /// that is where those entries began and the reader is there or there is space.
    pub fn changed(&mut self, changes: Changes, since: Seq, reading: Reading) {
        self.learn(changes.happenings);
        let messages = self.brought_up(changes.messages, changes.head);
        let goes_on = since <= self.end;
        let (end, mut full) = (self.end, false);
        for message in messages {
            if let Ok(place) = self
                .messages
                .binary_search_by_key(&message.seq, |said| said.seq)
            {
                let said = &self.messages[place];
                said.message.maybe_update(|known| {
                    *known != message && {
                        *known = message.clone();
                        true
                    }
                });
                let from = place + 1;
                for said in &self.messages[from..] {
                    said.message.maybe_update(|answer| answer.quotes(&message));
                }
            } else if message.seq > end && goes_on {
                full |= reading == Reading::Earlier && self.messages.len() >= MOST;
                if !full {
                    self.end = message.seq;
                    self.messages.push(message.into());
                }
            }
        }
        if goes_on && !full {
            self.end = self.end.max(changes.to);
        }
        self.head = self.head.max(changes.head).max(self.end);
        self.drop_oldest();
    }

    /// The room's head is at least this far.
    pub fn heard_of(&mut self, head: Seq) {
        self.head = self.head.max(head);
    }

    /// A page of history from just before `start`. One that no longer meets the window is left out.
    pub fn older(&mut self, page: History, start: Seq) {
        if start != self.start() {
            return;
        }
        self.older = page.more;
        self.learn(page.happenings);
        let page = self.brought_up(page.messages, page.head);
        let mut messages: Vec<_> = page.into_iter().map(Said::from).collect();
        messages.append(&mut self.messages);
        if messages.len() > MOST {
            messages.truncate(MOST);
            self.end = messages.last().map_or(0, |last| last.seq);
        }
        self.messages = messages;
    }

    /// A page of history from just after `end`. One that no longer meets the window is left out.
    pub fn newer(&mut self, page: History, end: Seq) {
        if end > self.end {
            return;
        }
        self.learn(page.happenings);
        for message in self.brought_up(page.messages, page.head) {
            if message.seq > self.end {
                self.end = message.seq;
                self.messages.push(message.into());
            }
        }
        if !page.more {
            self.end = self.end.max(page.head);
        }
        self.head = self.head.max(self.end);
        self.drop_oldest();
    }

    /// The newest page of history instead of what is here.
    pub fn jump(&mut self, newest: History) {
        let older = newest.more;
        self.become_of(newest, older, false);
    }

    /// A page of history from just after some seq instead of what is here.
    pub fn jump_back(&mut self, page: History) {
        let older = page.messages.first().is_some_and(|first| first.seq > 1);
        let newer = page.more;
        self.become_of(page, older, newer);
    }

    /// The messages about some seq instead of what is here.
    pub fn jump_around(&mut self, page: History) {
        let (older, newer) = (page.more, page.newer.unwrap_or_default());
        self.become_of(page, older, newer);
    }

    /// A message that is here, as it is now.
    pub fn message(&self, seq: Seq) -> Option<Message> {
        Some(self.said(seq)?.message.get_untracked())
    }

    pub fn said(&self, seq: Seq) -> Option<Said> {
        let place = self.messages.binary_search_by_key(&seq, |said| said.seq);
        Some(self.messages[place.ok()?].clone())
    }

    /// The first message here after some seq.
    pub fn first_after(&self, seq: Seq) -> Option<Seq> {
        let place = self.messages.partition_point(|said| said.seq <= seq);
        self.messages.get(place).map(|said| said.seq)
    }

    fn drop_oldest(&mut self) {
        let excess = self.messages.len().saturating_sub(MOST);
        if excess > 0 {
            self.messages.drain(..excess);
            self.older = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Quote, ui::session::touch::What};

    fn message(seq: Seq) -> Message {
        Message::new(
            1,
            seq,
            uuid::Uuid::nil(),
            "alice".into(),
            0,
            seq.to_string(),
        )
    }

    /// Messages in a room without other entries, and what is before them.
    fn page(seqs: std::ops::RangeInclusive<Seq>) -> History {
        History {
            more: *seqs.start() > 1,
            head: *seqs.end(),
            messages: seqs.map(message).collect(),
            ..History::default()
        }
    }

    /// The same, of a room that is further along.
    fn page_after(seqs: std::ops::RangeInclusive<Seq>, head: Seq) -> History {
        History {
            more: *seqs.end() < head,
            head,
            ..page(seqs)
        }
    }

    fn seqs(window: &Window) -> Vec<Seq> {
        window.messages().iter().map(|said| said.seq).collect()
    }

    #[test]
    fn the_next_message_goes_on_the_end_and_a_repeat_is_ignored() {
        let mut window = Window::new(page(1..=3), 3);
        assert_eq!(window.arrived(message(4), Reading::End), Arrival::Shown);
        assert_eq!(window.arrived(message(4), Reading::End), Arrival::Known);
        assert_eq!(window.arrived(message(2), Reading::End), Arrival::Known);
        assert_eq!(seqs(&window), [1, 2, 3, 4]);
        assert!(window.is_live());
    }

    #[test]
    fn the_first_message_of_an_empty_room_is_shown() {
        let mut window = Window::new(History::default(), 0);
        assert!(window.is_live());
        assert_eq!(window.arrived(message(1), Reading::End), Arrival::Shown);
        assert!(!window.has_older());
    }

    #[test]
    fn a_hole_is_closed_by_history_although_messages_go_on_arriving() {
        let mut window = Window::new(page(1..=3), 3);
        window.heard_of(6);
        assert_eq!(window.arrived(message(7), Reading::End), Arrival::Beyond);
        assert_eq!((window.is_live(), window.beyond()), (false, 4));
        window.newer(page_after(4..=5, 7), 3);
        assert_eq!(window.arrived(message(8), Reading::End), Arrival::Beyond);
        window.newer(page_after(6..=8, 8), 5);
        assert!(window.is_live());
        assert_eq!(window.arrived(message(9), Reading::End), Arrival::Shown);
        assert_eq!(seqs(&window), (1..=9).collect::<Vec<_>>());
    }

    #[test]
    fn entries_that_say_nothing_are_neither_a_hole_nor_beyond() {
        let mut window = Window::new(page(1..=3), 3);
        window.passed(4);
        assert!(window.is_live());
        assert_eq!(window.arrived(message(5), Reading::End), Arrival::Shown);
        window.heard_of(8);
        let (messages, head) = (vec![message(7)], 8);
        window.newer(
            History {
                messages,
                head,
                ..History::default()
            },
            5,
        );
        assert!(window.is_live());
        assert_eq!(seqs(&window), [1, 2, 3, 5, 7]);
    }

    fn joined(seqs: &[Seq]) -> Vec<Happening> {
        let joined =
            |seq: &Seq| Happening::from((*seq, Happened::Joined, "runa".to_owned(), None, None));
        seqs.iter().map(joined).collect()
    }

    #[test]
    fn of_those_who_came_a_bounded_number_is_kept_the_newest() {
        let mut window = Window::new(page(1..=1), 1);
        for seq in 2..2 + 2 * MOST as Seq {
            window.happened(joined(&[seq]).remove(0));
        }
        let kept = window.happenings(0, Seq::MAX);
        assert_eq!(kept.len(), MOST);
        assert_eq!(kept.last().map(|last| last.seq), Some(1 + 2 * MOST as Seq));
    }

    #[test]
    fn who_came_is_known_from_every_page_and_the_socket_and_once() {
        let with = |page, happenings: &[Seq]| History {
            happenings: joined(happenings),
            ..page
        };
        let mut window = Window::new(with(page(10..=12), &[11]), 12);
        window.happened(joined(&[13]).remove(0));
        window.happened(joined(&[13]).remove(0));
        window.older(with(page(5..=9), &[7, 8]), 10);
        window.newer(with(page_after(14..=14, 16), &[13, 15]), 13);
        assert_eq!(window.happenings(0, Seq::MAX), joined(&[7, 8, 11, 13, 15]));
        assert_eq!(window.happenings(8, 13), joined(&[11]));
    }

    fn edit(seq: Seq, of: Seq, body: &str) -> Touch {
        let what = What::Edit {
            body: body.into(),
            at: 5,
        };
        Touch { seq, of, what }
    }

    fn body(window: &Window, seq: Seq) -> Option<String> {
        window.message(seq).map(|message| message.body)
    }

    fn answer(seq: Seq, to: Seq) -> Message {
        let re = Some(Quote::new(to, "alice".into(), &to.to_string()));
        Message { re, ..message(seq) }
    }

    #[test]
    fn what_happens_to_a_message_shows_in_it_and_in_what_quotes_it() {
        let mut window = Window::new(page(1..=2), 2);
        window.arrived(answer(3, 1), Reading::End);
        window.touch(edit(4, 1, "one"));
        let of = |seq| window.message(seq).expect("a message of the window");
        assert_eq!((of(1).body.as_str(), of(1).edited), ("one", Some(5)));
        assert_eq!(of(3).re.map(|re| re.body), Some("one".to_owned()));
        assert_eq!(of(2), message(2));
    }

    #[test]
    fn a_quote_changes_although_what_it_quotes_is_not_here() {
        let mut window = Window::new(page(2..=2), 2);
        window.arrived(answer(3, 1), Reading::End);
        window.touch(edit(4, 1, "one"));
        let quoted = window.message(3).and_then(|answer| answer.re);
        assert_eq!(quoted.map(|re| re.body), Some("one".to_owned()));
    }

    #[test]
    fn a_page_that_is_older_than_what_has_happened_since_is_brought_up() {
        let mut window = Window::new(page(10..=12), 12);
        window.awaits();
        window.passed(13);
        window.touch(edit(13, 5, "five"));
        window.older(
            History {
                head: 12,
                ..page(5..=9)
            },
            10,
        );
        window.answered();
        assert_eq!(body(&window, 5).as_deref(), Some("five"));
    }

    #[test]
    fn a_hole_is_closed_by_what_changed_in_it() {
        let mut window = Window::new(page(1..=3), 3);
        window.heard_of(6);
        let mut touched = message(2);
        touched.edit("two".into(), 5);
        let changes = Changes {
            messages: vec![touched, message(5)],
            to: 6,
            more: false,
            head: 6,
            happenings: joined(&[4]),
        };
        window.changed(changes, 3, Reading::Earlier);
        assert!(window.is_live());
        assert_eq!(seqs(&window), [1, 2, 3, 5]);
        assert_eq!(body(&window, 2).as_deref(), Some("two"));
        assert_eq!(window.happenings(3, 5), joined(&[4]));
    }

    #[test]
    fn what_changed_beyond_a_window_that_is_not_live_leaves_no_hole_in_it() {
        let mut window = Window::new(page(1..=3), 10);
        let changes = Changes {
            messages: vec![message(11)],
            to: 11,
            more: false,
            head: 11,
            happenings: Vec::new(),
        };
        window.changed(changes, 10, Reading::End);
        assert_eq!((seqs(&window), window.end()), (vec![1, 2, 3], 3));
        assert_eq!(window.head(), 11);
    }

    #[test]
    fn overlapping_pages_repeat_nothing_and_a_page_that_does_not_fit_is_left_out() {
        let mut window = Window::new(page(10..=12), 20);
        assert!(!window.is_live());
        window.older(page(5..=9), 10);
        window.older(page(5..=9), 10);
        window.newer(page_after(11..=14, 20), 10);
        window.newer(page_after(17..=18, 20), 16);
        assert_eq!(seqs(&window), (5..=14).collect::<Vec<_>>());
    }

    #[test]
    fn what_a_room_no_longer_keeps_goes_and_what_was_quoted_of_it() {
        let mut window = Window::new(page(5..=9), 9);
        let mut answer = message(10);
        answer.re = Some(Quote::new(6, "bob".into(), "6"));
        window.arrived(answer, Reading::End);
        let erased = |seq, up_to: Seq| {
            let to = Some(up_to.to_string());
            Happening::from((seq, Happened::Erased, "alice".to_owned(), None, to))
        };
        assert!(window.has_older());
        window.happened(erased(11, 7));
        assert_eq!(seqs(&window), [8, 9, 10]);
        assert!(window.is_live() && !window.has_older());
        let quote = window.message(10).and_then(|answer| answer.re);
        assert_eq!(quote.map(|quote| quote.body).as_deref(), Some(""));
        assert_eq!(window.happenings(0, Seq::MAX), []);
        window.happened(erased(12, 11));
        assert_eq!((seqs(&window).len(), window.is_live()), (0, true));
    }

    #[test]
    fn a_reader_at_the_end_loses_the_oldest_messages() {
        let most = MOST as Seq;
        let mut window = Window::new(page(1..=most), most);
        window.arrived(message(most + 1), Reading::End);
        assert_eq!((window.start(), window.end()), (2, most + 1));
        assert!(window.has_older());
    }

    #[test]
    fn a_reader_further_up_keeps_what_is_on_the_page() {
        let most = MOST as Seq;
        let mut window = Window::new(page(1..=most), most);
        assert_eq!(
            window.arrived(message(most + 1), Reading::Earlier),
            Arrival::Beyond
        );
        assert_eq!(
            (window.start(), window.end(), window.beyond()),
            (1, most, 1)
        );
    }

    #[test]
    fn paging_back_lets_the_newest_go() {
        let most = MOST as Seq;
        let mut window = Window::new(page(51..=most + 50), most + 50);
        window.older(page(1..=50), 51);
        assert_eq!((window.start(), window.end()), (1, most));
        assert!(!window.is_live() && !window.has_older());
    }

    #[test]
    fn jumping_to_the_newest_is_live_unless_more_was_heard_of() {
        let mut window = Window::new(page(1..=3), 100);
        window.jump(page(51..=100));
        assert!(window.is_live());
        window.heard_of(101);
        assert!(!window.is_live());
        window.jump_back(page_after(11..=60, 101));
        assert_eq!((window.start(), window.end()), (11, 60));
        assert!(window.has_older() && !window.is_live());
    }
}
