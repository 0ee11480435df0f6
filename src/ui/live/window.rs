//! The stretch of a room's messages that a page holds: contiguous, bounded, and either *live* (it ends at
//! the room's head, so new messages go on its end) or not (what lies between its end and the head is in
//! history, and is fetched when it is wanted).
//!
//! This is also the page's cursor: catching up after a lost connection and scrolling back down are the same
//! thing, *fetch from the end of the window until it is live*.

use std::sync::Arc;

use crate::domain::{History, Message, Seq};

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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    messages: Vec<Arc<Message>>,
    /// Seq of the room's newest message, as far as this page has heard.
    head: Seq,
}

impl Window {
    pub fn new(page: &History, head: Seq) -> Self {
        let messages: Vec<_> = page.messages.iter().cloned().map(Arc::new).collect();
        let head = head.max(messages.last().map_or(0, |last| last.seq));
        Self { messages, head }
    }

    pub fn messages(&self) -> &[Arc<Message>] {
        &self.messages
    }

    pub fn head(&self) -> Seq {
        self.head
    }

    /// Seq of the oldest message here; 0 where there is none.
    pub fn start(&self) -> Seq {
        self.messages.first().map_or(0, |first| first.seq)
    }

    /// Seq of the newest message here; 0 where there is none.
    pub fn end(&self) -> Seq {
        self.messages.last().map_or(0, |last| last.seq)
    }

    /// Whether the window ends at the room's head.
    pub fn is_live(&self) -> bool {
        self.end() == self.head
    }

    /// Whether there are messages before the window.
    pub fn has_older(&self) -> bool {
        self.start() > 1
    }

    /// How many messages lie beyond the window's end.
    pub fn beyond(&self) -> u64 {
        self.head - self.end()
    }

    /// A new message from the socket, or *me*'s own when it has become durable.
    pub fn arrived(&mut self, message: Message, reading: Reading) -> Arrival {
        if message.seq <= self.end() {
            return Arrival::Known;
        }
        let full = self.messages.len() >= MOST;
        let shown =
            message.seq == self.end() + 1 && self.is_live() && (reading == Reading::End || !full);
        self.head = self.head.max(message.seq);
        if !shown {
            return Arrival::Beyond;
        }
        self.messages.push(Arc::new(message));
        self.drop_oldest();
        Arrival::Shown
    }

    /// The room's head is at least this far.
    pub fn heard_of(&mut self, head: Seq) {
        self.head = self.head.max(head);
    }

    /// A page of history from just before the window. One that no longer meets it is left out.
    pub fn older(&mut self, page: History) {
        let start = self.start();
        let mut messages: Vec<_> = page
            .messages
            .into_iter()
            .filter(|message| message.seq < start)
            .map(Arc::new)
            .collect();
        if messages.last().is_none_or(|last| last.seq + 1 != start) {
            return;
        }
        messages.append(&mut self.messages);
        messages.truncate(MOST);
        self.messages = messages;
    }

    /// A page of history from just after the window.
    pub fn newer(&mut self, page: History) {
        for message in page.messages {
            if message.seq == self.end() + 1 || self.messages.is_empty() {
                self.messages.push(Arc::new(message));
            }
        }
        self.head = self.head.max(self.end());
        self.drop_oldest();
    }

    /// The newest page of history instead of what is here.
    pub fn jump(&mut self, newest: History) {
        *self = Self::new(&newest, self.head);
    }

    fn drop_oldest(&mut self) {
        let excess = self.messages.len().saturating_sub(MOST);
        self.messages.drain(..excess);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn page(seqs: std::ops::RangeInclusive<Seq>) -> History {
        History {
            messages: seqs.map(message).collect(),
            more: true,
            ..History::default()
        }
    }

    fn seqs(window: &Window) -> Vec<Seq> {
        window
            .messages()
            .iter()
            .map(|message| message.seq)
            .collect()
    }

    #[test]
    fn the_next_message_goes_on_the_end_and_a_repeat_is_ignored() {
        let mut window = Window::new(&page(1..=3), 3);
        assert_eq!(window.arrived(message(4), Reading::End), Arrival::Shown);
        assert_eq!(window.arrived(message(4), Reading::End), Arrival::Known);
        assert_eq!(window.arrived(message(2), Reading::End), Arrival::Known);
        assert_eq!(seqs(&window), [1, 2, 3, 4]);
        assert!(window.is_live());
    }

    #[test]
    fn the_first_message_of_an_empty_room_is_shown() {
        let mut window = Window::new(&History::default(), 0);
        assert!(window.is_live());
        assert_eq!(window.arrived(message(1), Reading::End), Arrival::Shown);
        assert!(!window.has_older());
    }

    #[test]
    fn a_hole_is_closed_by_history_although_messages_go_on_arriving() {
        let mut window = Window::new(&page(1..=3), 3);
        window.heard_of(6);
        assert_eq!(window.arrived(message(7), Reading::End), Arrival::Beyond);
        assert_eq!((window.is_live(), window.beyond()), (false, 4));
        window.newer(page(4..=5));
        assert_eq!(window.arrived(message(8), Reading::End), Arrival::Beyond);
        window.newer(page(6..=8));
        assert!(window.is_live());
        assert_eq!(window.arrived(message(9), Reading::End), Arrival::Shown);
        assert_eq!(seqs(&window), (1..=9).collect::<Vec<_>>());
    }

    #[test]
    fn overlapping_pages_repeat_nothing_and_a_page_that_does_not_fit_is_left_out() {
        let mut window = Window::new(&page(10..=12), 20);
        window.older(page(5..=11));
        window.newer(page(11..=14));
        window.newer(page(17..=18));
        assert_eq!(seqs(&window), (5..=14).collect::<Vec<_>>());
    }

    #[test]
    fn a_reader_at_the_end_loses_the_oldest_messages() {
        let most = MOST as Seq;
        let mut window = Window::new(&page(1..=most), most);
        window.arrived(message(most + 1), Reading::End);
        assert_eq!((window.start(), window.end()), (2, most + 1));
        assert!(window.has_older());
    }

    #[test]
    fn a_reader_further_up_keeps_what_is_on_the_page() {
        let most = MOST as Seq;
        let mut window = Window::new(&page(1..=most), most);
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
        let mut window = Window::new(&page(51..=most + 50), most + 50);
        window.older(page(1..=50));
        assert_eq!((window.start(), window.end()), (1, most));
        assert!(!window.is_live() && !window.has_older());
    }

    #[test]
    fn jumping_to_the_newest_is_live_unless_more_was_heard_of() {
        let mut window = Window::new(&page(1..=3), 100);
        window.jump(page(51..=100));
        assert!(window.is_live());
        window.heard_of(101);
        assert!(!window.is_live());
    }
}
