//! What the page holds of a room that is open, kept alive by the socket: messages, members, who is typing.

mod catching_up;
mod doing;
mod incoming;
mod reading;

use std::time::Duration;

use leptos::prelude::*;
use uuid::Uuid;

pub use doing::Doing;
pub use reading::{Fetching, Stretch};

use super::{Act, Outbox, Reading, Session, Terms, Window};
use crate::{
    domain::{Flash, Member, Millis, Quote, Room, RoomId, RoomPage, Seq, limits},
    protocol::ClientFrame,
    ui::{browser::now, parts::known_key, paths},
};

/// Why a room that was open is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gone {
    Deleted,
    /// *me* left it on another page, or it was deleted while this one was away.
    NotMember,
    /// This person has shown *me* out.
    Removed(String),
}

/// One room that is open. A handle of signals: copies are the same conversation, and all of them end with the
/// reactive owner that it was made in.
#[derive(Clone, Copy)]
pub struct Conversation {
    pub session: Session,
    room: RoomId,
    /// What it is called and about, and what *me* may do there.
    pub terms: Memo<Terms>,
    /// Its key, where this tab knows it.
    pub key: RwSignal<Option<String>>,
    pub window: RwSignal<Window>,
    pub outbox: RwSignal<Outbox>,
    /// By name.
    pub members: RwSignal<Vec<Member>>,
    pub online: RwSignal<usize>,
    /// Who is typing, *me* left out.
    pub typing: RwSignal<Vec<String>>,
    pub reading: RwSignal<Reading>,
    /// What *me* had not read when the room was entered.
    pub unread: RwSignal<Unread>,
    /// What is being fetched of the room's history.
    pub fetching: RwSignal<Fetching>,
    /// The message that the reader is to be brought to, as soon as it is in the window.
    pub sought: RwSignal<Option<Seq>>,
    /// The message that the reader was led to.
    pub marked: RwSignal<Option<Seq>>,
    /// The text of a refused message that its author wants to change.
    pub taken_back: RwSignal<Option<String>>,
    /// The message whose actions are at hand.
    pub at_hand: RwSignal<Option<Seq>>,
    /// What *me* is about to do to a message.
    pub doing: RwSignal<Option<(Seq, Doing)>>,
    /// The message that *me* is answering.
    pub answering: RwSignal<Option<Quote>>,
    /// What a plain form was refused before the page came, until something is done to a message.
    pub refused: RwSignal<Option<Flash>>,
    pace: StoredValue<Pace>,
}

/// What is known of a room in the session's list, followed as it changes there.
fn terms_of(session: Session, room: &Room) -> Memo<Terms> {
    let known = session.rooms.find(room.id);
    let first = Terms::of(room);
    Memo::new(move |_| match &known {
        Some(known) => Terms::of(&known.summary.read().room),
        None => first.clone(),
    })
}

/// A stretch of a room's log: after `read`, and up to `head`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    pub read: Seq,
    pub head: Seq,
    /// How many messages are in it.
    pub messages: u64,
}

impl Unread {
    pub fn contains(self, seq: Seq) -> bool {
        self.read < seq && seq <= self.head
    }
}

/// What is told and asked only once in a while, and of which log.
#[derive(Default)]
struct Pace {
    /// Which life of the server's data the window is from.
    epoch: String,
    /// How many there have been since the page was made.
    lives: u32,
    last_typing: Millis,
    last_seen: Seq,
    /// Whether what is seen has just been told.
    seen_rests: bool,
    /// Seq after which the room's log has a hole, where it has one.
    hole: Option<Seq>,
    /// Whether it is being closed.
    closes: bool,
    /// Whether the list of members has just been looked at, and whether it has changed since.
    members_rest: bool,
    members_stale: bool,
}

impl Conversation {
    /// Starts from what the server says of the room, for as long as the current owner is there.
    /// Its reader begins at the message `at`, or else at the newest.
    pub fn open(session: Session, mut page: RoomPage, at: Option<Seq>) -> Self {
        session.me.with_value(|me| count_in(me, &mut page));
        let room = page.room;
        let unread = Unread {
            read: room.seen,
            head: room.head,
            messages: room.unread(),
        };
        let window = Window::new(page.history, room.head);
        let reading = if window.is_live() {
            Reading::End
        } else {
            Reading::Earlier
        };
        let conversation = Self {
            session,
            window: RwSignal::new(window),
            outbox: session.outboxes.of(room.id).into(),
            online: RwSignal::new(room.online),
            members: RwSignal::new(page.members),
            typing: RwSignal::default(),
            reading: RwSignal::new(reading),
            unread: RwSignal::new(unread),
            fetching: RwSignal::new(Fetching::Nothing),
            sought: RwSignal::new(at),
            marked: RwSignal::new(None),
            taken_back: RwSignal::new(None),
            at_hand: RwSignal::new(None),
            doing: RwSignal::new(None),
            answering: RwSignal::new(None),
            refused: RwSignal::new(None),
            pace: StoredValue::new(Pace {
                last_seen: room.seen,
                epoch: page.epoch,
                ..Pace::default()
            }),
            terms: terms_of(session, &room),
            key: RwSignal::new(None),
            room: room.id,
        };
        session.attend(conversation);
        conversation
    }

    pub fn id(self) -> RoomId {
        self.room
    }

    /// The path of the room's page.
    pub fn address(self) -> String {
        let me = self.session.me.get_value();
        self.terms
            .with_untracked(|terms| paths::room(&me, &terms.name))
    }

    /// Comes alive. To be called in an effect.
    pub fn go_live(self) {
        if self.session.is_open() {
            self.up();
        }
        Effect::new(move || self.tell_what_is_seen());
        self.key.set(known_key(self.room));
    }

    /// *me* has entered the room again.
    pub fn entered(self) {
        let head = self.window.with_untracked(Window::head);
        let read = self.pace.with_value(|pace| pace.last_seen);
        if read < head {
            let known = self.session.rooms.find(self.id());
            let messages = known.map_or(0, |known| untrack(|| known.unread()));
            self.unread.set(Unread {
                read,
                head,
                messages,
            });
        }
    }

    /// Takes a message in: it is on the page and in storage from here on, and is sent when it can be.
    pub fn say(self, body: String) {
        if !self.window.with_untracked(Window::is_live) {
            self.load(Stretch::Newest);
        }
        self.reading.set(Reading::End);
        self.pace.update_value(|pace| pace.last_typing = 0);
        let re = self.answering.try_update(Option::take).flatten();
        let room = self.id();
        let outboxes = self.session.outboxes;
        outboxes.put(room, Act::Say { re }, body, self.session);
    }

    /// Sends a refused message again.
    pub fn retry(self, id: Uuid) {
        self.session.outboxes.retry(self.id(), id, self.session);
    }

    /// Takes a message back, and gives its text back.
    pub fn discard(self, id: Uuid) -> Option<String> {
        self.session.outboxes.discard(self.id(), id, self.session)
    }

    /// Says that *me* is typing, at most once in a while.
    pub fn types(self) {
        let pause = Millis::from(limits::TYPING_SECONDS) * 1_000;
        let since = now() - self.pace.with_value(|pace| pace.last_typing);
        if since >= pause && self.session.is_open() {
            self.session.send(&ClientFrame::Typing { room: self.id() });
            self.pace.update_value(|pace| pace.last_typing = now());
        }
    }

    /// Does something later, if the conversation is still there then.
    pub fn later(self, delay: Duration, then: impl FnOnce() + 'static) {
        let still = move || {
            if !self.has_ended() {
                then();
            }
        };
        set_timeout(still, delay);
    }

    /// Whether its owner is gone, and with it all signals: to be asked after every wait.
    pub fn has_ended(self) -> bool {
        self.window.is_disposed()
    }
}

/// Who has a room's page before them is in the room, before their socket has said so: nothing moves when it does.
fn count_in(me: &str, page: &mut RoomPage) {
    let mut members = page.members.iter_mut();
    if let Some(mine) = members.find(|member| member.name == me && !member.online) {
        mine.online = true;
        page.room.online += 1;
    }
}
