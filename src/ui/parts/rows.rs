//! From messages to the rows of a timeline: runs of one author, days, the line where unread begins.

use std::{ops::Range, sync::Arc};

use uuid::Uuid;

use crate::{
    domain::{Message, Millis, Seq},
    ui::live::Unsent,
};

/// A pause longer than this ends an author's run.
const RUN_PAUSE: Millis = 7 * 60_000;

/// One row of the timeline. `first` is whether it names its author: the first of a run does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// Here begins a day, counted in the reader's zone since 1 January 1970.
    Day(i64),
    /// Here begins what the reader had not read when the page was opened.
    New,
    Said {
        message: Arc<Message>,
        first: bool,
    },
    Unsent {
        item: Unsent,
        first: bool,
    },
}

/// What makes a row the same row. A row that must look different is another one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RowKey {
    Day(i64),
    New,
    Said(Seq, bool),
    Unsent {
        id: Uuid,
        first: bool,
        refused: bool,
        sent: bool,
    },
}

impl Row {
    pub fn key(&self) -> RowKey {
        match self {
            Row::Day(day) => RowKey::Day(*day),
            Row::New => RowKey::New,
            Row::Said { message, first } => RowKey::Said(message.seq, *first),
            Row::Unsent { item, first } => RowKey::Unsent {
                id: item.id,
                first: *first,
                refused: item.refused.is_some(),
                sent: item.sent.is_some(),
            },
        }
    }
}

/// The rows of a timeline. `day_of` tells an instant's day in the reader's zone; `unread` is what *me* had
/// not read when the page was opened: a line is drawn where it begins, once `messages` reach back to there.
pub fn rows(
    messages: &[Arc<Message>],
    unsent: &[Unsent],
    me: &str,
    unread: Range<Seq>,
    day_of: impl Fn(Millis) -> i64,
) -> Vec<Row> {
    let mut rows = Vec::with_capacity(messages.len() + unsent.len() + 8);
    let mut run: Option<Run> = None;
    let mut lined = messages
        .first()
        .is_none_or(|first| first.seq > unread.start);
    for message in messages {
        let day = day_of(message.at);
        if run.as_ref().is_none_or(|run| run.day != day) {
            rows.push(Row::Day(day));
            run = None;
        }
        if !lined && unread.contains(&message.seq) && message.by != me {
            rows.push(Row::New);
            lined = true;
            run = None;
        }
        let first = Run::go_on(&mut run, &message.by, day, message.at);
        rows.push(Row::Said {
            message: message.clone(),
            first,
        });
    }
    for item in unsent {
        // Where its day begins is not certain before the server has said so: no separator yet.
        let day = run.as_ref().map_or_else(|| day_of(item.at), |run| run.day);
        let first = Run::go_on(&mut run, me, day, item.at);
        rows.push(Row::Unsent {
            item: item.clone(),
            first,
        });
    }
    rows
}

/// Messages that one author says in one go.
struct Run<'a> {
    by: &'a str,
    day: i64,
    last: Millis,
}

impl<'a> Run<'a> {
    /// Adds a message, and says whether it is the first of a run.
    fn go_on(run: &mut Option<Self>, by: &'a str, day: i64, at: Millis) -> bool {
        let goes_on = run
            .as_ref()
            .is_some_and(|run| run.by == by && run.day == day && at - run.last <= RUN_PAUSE);
        *run = Some(Run { by, day, last: at });
        !goes_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Millis = 86_400_000;

    fn message(seq: Seq, by: &str, at: Millis) -> Arc<Message> {
        Arc::new(Message::new(
            1,
            seq,
            Uuid::nil(),
            by.into(),
            at,
            "hi".into(),
        ))
    }

    fn keys(messages: &[Arc<Message>], unsent: &[Unsent], unread: Range<Seq>) -> Vec<RowKey> {
        let rows = rows(messages, unsent, "alice", unread, |at| at.div_euclid(DAY));
        rows.iter().map(Row::key).collect()
    }

    #[test]
    fn an_author_is_named_once_in_a_run() {
        let said = [
            message(1, "alice", 0),
            message(2, "alice", 60_000),
            message(3, "bob", 61_000),
        ];
        assert_eq!(
            keys(&said, &[], 1..1),
            [
                RowKey::Day(0),
                RowKey::Said(1, true),
                RowKey::Said(2, false),
                RowKey::Said(3, true)
            ]
        );
    }

    #[test]
    fn a_pause_a_day_and_the_unread_line_end_a_run() {
        let late = DAY - 1_000;
        let said = [
            message(1, "alice", late - 2 * RUN_PAUSE),
            message(2, "alice", late),
            message(3, "alice", DAY),
            message(4, "bob", DAY + 1),
        ];
        assert_eq!(
            keys(&said, &[], 4..5),
            [
                RowKey::Day(0),
                RowKey::Said(1, true),
                RowKey::Said(2, true),
                RowKey::Day(1),
                RowKey::Said(3, true),
                RowKey::New,
                RowKey::Said(4, true),
            ]
        );
    }

    #[test]
    fn nothing_is_new_where_all_was_read_or_is_one_s_own() {
        assert!(!keys(&[message(1, "bob", 0)], &[], 2..2).contains(&RowKey::New));
        assert!(!keys(&[message(1, "alice", 0)], &[], 1..2).contains(&RowKey::New));
    }

    #[test]
    fn no_line_is_drawn_where_unread_begins_further_back() {
        let said: Vec<_> = (51..=100).map(|seq| message(seq, "bob", 0)).collect();
        assert!(!keys(&said, &[], 41..101).contains(&RowKey::New));
        assert_eq!(keys(&said, &[], 51..101)[1], RowKey::New);
        assert_eq!(keys(&said, &[], 61..101)[11], RowKey::New);
    }

    #[test]
    fn what_is_unsent_comes_last_and_goes_on_the_author_s_run() {
        let unsent = Unsent::new("later".into(), 1_000);
        let keys = keys(
            &[message(1, "alice", 0)],
            std::slice::from_ref(&unsent),
            2..2,
        );
        assert_eq!(
            keys[2],
            RowKey::Unsent {
                id: unsent.id,
                first: false,
                refused: false,
                sent: false
            }
        );
    }
}
