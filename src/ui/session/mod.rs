//! What outlives a page in the browser: the session of one identity in one document.
//!
//! Who owns what. The [`Session`] lives as long as the document and owns the socket ([`Connection`], one task
//! that reads and writes it), all of *me*'s rooms ([`Rooms`]: what lists, badges and titles read), the outboxes of
//! all rooms ([`Outboxes`], sent from whether a room is open or not) and the way about ([`Navigator`]). A room that
//! is open has a [`Conversation`]: it belongs to its pane, is made in the pane's reactive owner and goes with it.
//! The session only knows those that are there, and hands each what the socket says of its room.
//!
//! On the server there are the same values, at rest: all that moves them is driven by effects, which run in the
//! browser alone.

mod ask;
mod backoff;
mod connection;
mod conversation;
mod forms;
mod frozen;
mod happenings;
mod navigator;
mod outbox;
mod outboxes;
mod plain;
mod rooms;
mod shelf;
mod shortcuts;
mod tap;
mod terms;
mod touch;
mod window;

use std::cell::Cell;

use leptos::prelude::*;

pub use ask::ask;
pub use connection::{Event, State};
pub use conversation::{Conversation, Doing, Fetching, Gone, Stretch, Unread};
pub use happenings::told;
pub use navigator::{Navigator, Pane, Shown, Start};
pub use outbox::{Act, Of, Outbox, Unsent};
pub use plain::Plain;
pub use rooms::{Known, Rooms};
pub use shelf::forget;
pub use tap::{Means, Wanted};
pub use terms::Terms;
pub use window::{Reading, Said, Window};

use self::{connection::Connection, frozen::is_visible, outboxes::Outboxes, tap::Tap};
use super::{
    browser, notices,
    paths::{self, Inside},
};
use crate::{
    api::{Dashboard, MyNames},
    domain::{RoomId, RoomSummary},
    protocol::{ClientFrame, ServerFrame},
};

/// One identity in one document. A handle: copies are the same session.
#[derive(Clone, Copy)]
pub struct Session {
    pub me: StoredValue<String>,
    /// How the socket is.
    pub link: RwSignal<State>,
    /// Whether the person can see the document.
    pub visible: RwSignal<bool>,
    pub rooms: Rooms,
    pub navigator: Navigator,
    tap: Tap,
    outboxes: Outboxes,
    conversations: StoredValue<Vec<Conversation>>,
    connection: StoredValue<Option<Connection>, LocalStorage>,
    /// The room that *me* is leaving by way of this document, or has just left.
    leaving: StoredValue<Option<Leaving>>,
    /// The room whose key *me* is changing by way of this document, or has just changed.
    rekeying: StoredValue<Option<RoomId>>,
    /// Whether the list of rooms is being asked for, and whether it has to be asked for again after that.
    asking: StoredValue<Asking>,
    /// Which life of the server's data the list of rooms is from.
    epoch: StoredValue<String>,
}

#[derive(Clone)]
struct Leaving {
    room: RoomId,
    name: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asking {
    No,
    Once,
    Again,
}

thread_local! {
    static SESSION: Cell<Option<Session>> = const { Cell::new(None) };
}

/// The document's session, where it has one and has come alive. Browser only.
pub fn current() -> Option<Session> {
    SESSION.get()
}

impl Session {
    /// Starts from what the server rendered: `rooms` are all of `me`'s, the latest active first, and `shown` is what
    /// the asked address shows.
    pub fn new(
        me: String,
        build: String,
        epoch: String,
        rooms: Vec<RoomSummary>,
        shown: Start,
    ) -> Self {
        Self {
            link: RwSignal::new(State::Connecting),
            visible: RwSignal::new(true),
            rooms: Rooms::new(rooms),
            navigator: Navigator::new(build, shown),
            me: StoredValue::new(me),
            tap: Tap::new(),
            outboxes: Outboxes::new(),
            conversations: StoredValue::default(),
            connection: StoredValue::new_local(None),
            leaving: StoredValue::new(None),
            rekeying: StoredValue::new(None),
            asking: StoredValue::new(Asking::No),
            epoch: StoredValue::new(epoch),
        }
    }

    /// Comes alive, for as long as the document is there. To be called in an effect.
    pub fn go_live(self) {
        SESSION.set(Some(self));
        let me = self.me.get_value();
        self.outboxes.restore(&me);
        self.connection
            .set_value(Some(Connection::start(&me, move |event| self.heard(event))));
        window_event_listener_untyped("visibilitychange", move |_| self.looked(is_visible()));
        window_event_listener_untyped("pagehide", move |_| self.tell_before_leaving());
        self.looked(is_visible());
        self.navigator.go_live(self);
        self.listen_for_keys();
        self.stand_by();
        // The list changes when rooms are created, joined and left, here or elsewhere.
        Effect::new(move || self.rooms.follow(self));
    }

    pub fn is_open(self) -> bool {
        self.link.get_untracked() == State::Open
    }

    /// Sends a frame if the socket is open. Nothing is queued: what must not be lost is in an outbox, and all else
    /// is stale by the time the socket is back.
    pub fn send(self, frame: &ClientFrame) {
        self.connection.with_value(|connection| {
            if let Some(connection) = connection {
                connection.send(frame);
            }
        });
    }

    /// The socket cannot be trusted any more: another is opened.
    fn renew(self) {
        self.connection.with_value(|connection| {
            if let Some(connection) = connection {
                connection.renew();
            }
        });
    }

    /// Whether the person sees this room now.
    pub fn sees(self, room: RoomId) -> bool {
        self.visible.get() && self.navigator.shown() == Shown::Room(room)
    }

    /// Which of *me*'s pages a path of this server leads to, where it is one that this document can show.
    fn inside(self, path: &str, query: &str) -> Option<Inside> {
        self.me.with_value(|me| paths::inside(me, path, query))
    }

    /// The path of what is shown.
    pub fn address(self, shown: Shown) -> String {
        self.me.with_value(|me| match shown {
            Shown::Dashboard => paths::dashboard(me),
            Shown::Room(room) => paths::room(me, &self.rooms.name_of(room).unwrap_or_default()),
            Shown::Plain(Plain::Mine) => paths::settings(me),
            Shown::Plain(Plain::Search) => {
                self.navigator
                    .plain
                    .sought
                    .with_value(|(words, before)| match before {
                        Some(before) => paths::search_before(me, words, before),
                        None => paths::search(me, words),
                    })
            }
            Shown::Plain(Plain::Room(room)) => {
                paths::room_settings(me, &self.rooms.name_of(room).unwrap_or_default())
            }
        })
    }

    /// Whether that is the address of what is shown.
    pub fn is_at(self, url: &str) -> bool {
        self.address(self.navigator.shown_untracked()) == url
    }

    /// The open conversation of a room, where there is one.
    pub fn conversation(self, room: RoomId) -> Option<Conversation> {
        self.conversations.with_value(|open| {
            open.iter()
                .find(|conversation| conversation.id() == room)
                .copied()
        })
    }

    /// Takes note of a conversation for as long as the current owner is there.
    fn attend(self, conversation: Conversation) {
        let room = conversation.id();
        self.conversations
            .update_value(|open| open.push(conversation));
        on_cleanup(move || {
            // Where the session goes, too, there is nobody to tell.
            let told = self
                .conversations
                .try_update_value(|open| open.retain(|other| other.id() != room));
            if told.is_some() {
                untrack(|| self.rooms.follow(self));
            }
        });
    }

    fn heard(self, event: Event) {
        match event {
            Event::State(state) => self.link.set(state),
            Event::Up { build, notice } => {
                notices::announce(notice);
                self.navigator.is_served_by(&build);
                self.rooms.follow_anew(self);
                for conversation in self.conversations.get_value() {
                    conversation.up();
                }
                self.outboxes.up(self);
            }
            Event::Down => {
                self.outboxes.down();
                for conversation in self.conversations.get_value() {
                    conversation.down();
                }
            }
            Event::Refused => go_home(),
            Event::Frame(frame) => self.received(&frame),
        }
    }

    fn received(self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Deleted { room } => return self.closed(*room, Gone::Deleted),
            ServerFrame::Removed { room, who, by, .. } if self.me.with_value(|me| me == who) => {
                return self.closed(*room, Gone::Removed(by.clone()));
            }
            ServerFrame::Sessions => return self.is_stale(Plain::Mine),
            ServerFrame::Opened { epoch, .. } => self.is_of(epoch),
            ServerFrame::Notice { text } => {
                return notices::announce(Some(text.clone()).filter(|text| !text.is_empty()));
            }
            _ => {}
        }
        self.overhear(frame);
        let known = self.me.with_value(|me| self.rooms.take_in(frame, me));
        if !known {
            self.ask_for_rooms();
        }
        self.outboxes.received(frame, self);
        if let Some(conversation) = frame.room().and_then(|room| self.conversation(room)) {
            conversation.received(frame);
        }
        if let Some(room) = frame.room().filter(|_| happenings::of(frame).is_some()) {
            self.is_stale(Plain::Room(room));
        }
    }

    /// The server has said which life of its data it serves.
    fn is_of(self, epoch: &str) {
        if !epoch.is_empty() && self.epoch.with_value(|ours| ours != epoch) {
            self.epoch.set_value(epoch.to_owned());
            self.rooms.begin_anew();
            self.ask_for_rooms();
        }
    }

    /// Asks for the list of rooms anew.
    fn ask_for_rooms(self) {
        if self.asking.get_value() != Asking::No {
            return self.asking.set_value(Asking::Again);
        }
        self.asking.set_value(Asking::Once);
        leptos::task::spawn_local(async move {
            let (me, asked) = (self.me.get_value(), self.rooms.ids());
            if let Ok(newest) = ask::<Dashboard>(&[("me", &me)]).await {
                for gone in self.rooms.replace(newest, &asked) {
                    self.closed(gone, Gone::NotMember);
                }
            }
            if self.asking.get_value() == Asking::Again {
                self.asking.set_value(Asking::No);
                self.ask_for_rooms();
            } else {
                self.asking.set_value(Asking::No);
            }
        });
    }

    /// A room is closed to *me*: it leaves the lists, and whoever is in it is brought to their dashboard, with a
    /// word why.
    fn closed(self, room: RoomId, why: Gone) {
        let leaving = self.leaving.get_value().filter(|it| it.room == room);
        let left = leaving.is_some();
        let Some(RoomSummary { room: closed, .. }) = self.rooms.remove(room) else {
            // It is off the list already. What may come late is that it went with its last member.
            if let (Some(leaving), Gone::Deleted) = (leaving, why) {
                notices::say(&farewell_to_last(&leaving.name));
            }
            return;
        };
        let unsent = self.outboxes.forget(room, &self.me.get_value());
        let name = &closed.name;
        let here = self.navigator.shown_untracked().is_about(room);
        let word = match why {
            Gone::Deleted if left => Some(farewell_to_last(name)),
            Gone::NotMember if left => Some(format!("You left {name}.")),
            Gone::Removed(by) => Some(match unsent {
                0 => format!("{by} removed you from {name}."),
                1 => {
                    format!("{by} removed you from {name}. What you had written last was not sent.")
                }
                _ => format!(
                    "{by} removed you from {name}. Your last {unsent} messages were not sent."
                ),
            }),
            _ if !here => None,
            // Its owner may just have left it on another page, as its last member.
            Gone::Deleted if closed.owned => {
                Some(format!("{name} is gone, with all its messages."))
            }
            Gone::Deleted => Some(format!(
                "{name} was deleted by its owner, with all its messages."
            )),
            Gone::NotMember => Some(format!("You are not in {name} any more.")),
        };
        if here && !left {
            // A room also goes when its only member gives up their name, and their dashboard with it.
            leptos::task::spawn_local(async move {
                if !go_home_unless_still(&self.me.get_value()).await {
                    word.as_deref().inspect(|word| notices::say(word));
                    self.navigator.close(room, self);
                }
            });
        } else {
            word.as_deref().inspect(|word| notices::say(word));
            self.navigator.close(room, self);
        }
    }

    fn looked(self, visible: bool) {
        if !visible {
            self.tell_before_leaving();
        }
        self.visible.set(visible);
    }

    /// Says at once what has been read: there may be no later.
    fn tell_before_leaving(self) {
        for conversation in self.conversations.get_value() {
            conversation.tell_at_once();
        }
    }
}

fn farewell_to_last(name: &str) -> String {
    format!("You left {name}. Nobody else was in it, so it is gone.")
}

/// Brings a person home whom the server does not know as `me` any more, and says whether it has. Where it
/// cannot be asked it is taken to know them still.
async fn go_home_unless_still(me: &str) -> bool {
    let names = ask::<MyNames>(&[]).await;
    let lost = names.is_ok_and(|names| !names.iter().any(|name| name == me));
    if lost {
        go_home();
    }
    lost
}

/// Where a person goes whom the server does not know any more.
fn go_home() {
    browser::go_on(paths::home(), false);
}
