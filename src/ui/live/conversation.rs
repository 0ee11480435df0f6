//! What a room's page holds of the room, kept alive by the socket: messages, members, who is typing, and
//! what is not sent yet.

mod incoming;
mod reading;

use std::time::Duration;

use leptos::prelude::*;
use uuid::Uuid;

pub use reading::{Fetching, Stretch};

use super::{Outbox, Reading, State, Unsent, Window, frozen::is_visible, store::Shelf};
use crate::{
    domain::{Member, Millis, Room, RoomId, RoomPage, Seq, limits},
    protocol::ClientFrame,
    ui::parts::clock::now,
};

/// A sent message that nobody answers for so long means that the socket is dead.
const ANSWER: Duration = Duration::from_secs(10);

/// Why a room that was open is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    Deleted,
    /// *me* left it on another page, or it was deleted while this one was away.
    NotMember,
}

/// One room on one page. A handle of signals: copies are the same conversation.
#[derive(Clone, Copy)]
pub struct Conversation {
    pub me: StoredValue<String>,
    pub room: StoredValue<Room>,
    pub window: RwSignal<Window>,
    pub outbox: RwSignal<Outbox>,
    /// By name.
    pub members: RwSignal<Vec<Member>>,
    pub online: RwSignal<usize>,
    /// Who is typing, *me* left out.
    pub typing: RwSignal<Vec<String>>,
    pub reading: RwSignal<Reading>,
    /// What is being fetched of the room's history.
    pub fetching: RwSignal<Fetching>,
    /// How the socket is.
    pub link: RwSignal<State>,
    /// Whether the person can see the page.
    pub visible: RwSignal<bool>,
    /// Others' messages that came while they could not.
    pub missed: RwSignal<usize>,
    /// Why the room is closed to *me*, once it is.
    pub gone: RwSignal<Option<Gone>>,
    /// The text of a refused message that its author wants to change.
    pub taken_back: RwSignal<Option<String>>,
    pace: StoredValue<Pace>,
}

/// What is told and asked only once in a while.
#[derive(Default)]
struct Pace {
    last_typing: Millis,
    last_seen: Seq,
    /// Whether what is seen has just been told.
    seen_rests: bool,
    /// Whether the list of members has just been looked at, and whether it has changed since.
    members_rest: bool,
    members_stale: bool,
}

impl Conversation {
    /// Starts from what the server rendered.
    pub fn new(me: String, page: RoomPage) -> Self {
        let window = Window::new(&page.history, page.room.head);
        let reading = if window.is_live() {
            Reading::End
        } else {
            Reading::Earlier
        };
        Self {
            me: StoredValue::new(me),
            window: RwSignal::new(window),
            outbox: RwSignal::default(),
            online: RwSignal::new(page.room.online),
            members: RwSignal::new(page.members),
            typing: RwSignal::default(),
            reading: RwSignal::new(reading),
            fetching: RwSignal::new(Fetching::Nothing),
            link: RwSignal::new(State::Connecting),
            visible: RwSignal::new(true),
            missed: RwSignal::new(0),
            gone: RwSignal::new(None),
            taken_back: RwSignal::new(None),
            pace: StoredValue::new(Pace {
                last_seen: page.room.seen,
                ..Pace::default()
            }),
            room: StoredValue::new(page.room),
        }
    }

    pub fn id(self) -> RoomId {
        self.room.with_value(|room| room.id)
    }

    /// Comes alive, for as long as the page is there. To be called in an effect.
    pub fn go_live(self) {
        let me = self.me.get_value();
        let kept = Shelf::new(&me, self.id()).all();
        self.outbox
            .update(|outbox| kept.into_iter().for_each(|item| outbox.add(item)));
        let connection = super::connect(&me);
        connection.listen(move |event| self.heard(event));
        self.link.set(connection.state());
        if connection.is_open() {
            self.up();
        }
        window_event_listener_untyped("visibilitychange", move |_| self.looked(is_visible()));
        window_event_listener_untyped("pagehide", move |_| self.tell_before_leaving());
        self.looked(is_visible());
        Effect::new(move || self.tell_what_is_seen());
    }

    /// Takes a message in: it is on the page and in storage from here on, and is sent when it can be.
    pub fn say(self, body: String) {
        let item = Unsent::new(body, now());
        self.shelf().keep(&item);
        self.outbox.update(|outbox| outbox.add(item));
        if !self.window.with_untracked(Window::is_live) {
            self.load(Stretch::Newest);
        }
        self.reading.set(Reading::End);
        self.pace.update_value(|pace| pace.last_typing = 0);
        self.pump();
    }

    /// Sends a refused message again.
    pub fn retry(self, id: Uuid) {
        if let Some(item) = self.outbox.try_update(|outbox| outbox.retry(id)).flatten() {
            self.shelf().keep(&item);
        }
        self.pump();
    }

    /// Takes a message back, and gives its text back.
    pub fn discard(self, id: Uuid) -> Option<String> {
        self.shelf().drop(id);
        self.outbox
            .try_update(|outbox| outbox.remove(id))
            .flatten()
            .map(|item| item.body)
    }

    /// Says that *me* is typing, at most once in a while.
    pub fn types(self) {
        let pause = Millis::from(limits::TYPING_SECONDS) * 1_000;
        if now() - self.pace.with_value(|pace| pace.last_typing) >= pause
            && super::current()
                .is_some_and(|connection| connection.send(&ClientFrame::Typing { room: self.id() }))
        {
            self.pace.update_value(|pace| pace.last_typing = now());
        }
    }

    /// Sends the next unsent message, if there is one and the socket is open.
    fn pump(self) {
        let Some(connection) = super::current().filter(|connection| connection.is_open()) else {
            return;
        };
        // Being under way shows nowhere, so nothing is told to run again.
        let Some(item) = self
            .outbox
            .try_update_untracked(Outbox::next_to_send)
            .flatten()
        else {
            return;
        };
        let id = item.id;
        connection.send(&ClientFrame::Send {
            room: self.id(),
            id,
            body: item.body,
            re: None,
        });
        let unanswered = move || {
            if self.outbox.with_untracked(|outbox| outbox.is_under_way(id))
                && let Some(connection) = super::current()
            {
                connection.renew();
            }
        };
        set_timeout(unanswered, ANSWER);
    }

    fn shelf(self) -> Shelf {
        self.me.with_value(|me| Shelf::new(me, self.id()))
    }
}
