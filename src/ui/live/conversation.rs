//! What a room's page holds of the room, kept alive by the socket: messages, members, who is typing, and
//! what is not sent yet.

use std::{collections::HashSet, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use uuid::Uuid;

use super::{
    Event, Outbox, Reading, State, Unsent, Window, frozen::is_visible, store::Shelf, window,
};
use crate::{
    api,
    domain::{Code, Member, Message, Millis, Posted, Room, RoomId, RoomPage, Seq, limits},
    protocol::{ClientFrame, ServerFrame},
    ui::parts::clock::now,
};

/// A sent message that nobody answers for so long means that the socket is dead.
const ANSWER: Duration = Duration::from_secs(10);
/// After `too_fast`.
const BREATH: Duration = Duration::from_millis(1_500);
/// Between two `seen` frames.
const SEEN_PAUSE: Duration = Duration::from_secs(1);
/// Between two looks at the list of members.
const MEMBERS_PAUSE: Duration = Duration::from_secs(5);

/// A stretch of history that a page may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    Older,
    Newer,
    Newest,
}

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
    /// What is being fetched.
    pub loading: RwSignal<Option<Stretch>>,
    /// What could not be fetched.
    pub failed: RwSignal<Option<Stretch>>,
    /// How the socket is.
    pub link: RwSignal<State>,
    /// Whether the person can see the page.
    pub visible: RwSignal<bool>,
    /// Others' messages that came while they could not.
    pub missed: RwSignal<u32>,
    /// Why the room is closed to *me*, once it is.
    pub gone: RwSignal<Option<Gone>>,
    last_typing: StoredValue<Millis>,
    last_seen: StoredValue<Seq>,
    seen_rests: StoredValue<bool>,
    members_rest: StoredValue<bool>,
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
            loading: RwSignal::new(None),
            failed: RwSignal::new(None),
            link: RwSignal::new(State::Connecting),
            visible: RwSignal::new(true),
            missed: RwSignal::new(0),
            gone: RwSignal::new(None),
            last_typing: StoredValue::new(0),
            last_seen: StoredValue::new(page.room.seen),
            seen_rests: StoredValue::new(false),
            members_rest: StoredValue::new(false),
            room: StoredValue::new(page.room),
        }
    }

    pub fn id(self) -> RoomId {
        self.room.with_value(|room| room.id)
    }

    /// Comes alive, until the current owner is cleaned up. To be called in an effect.
    pub fn go_live(self) {
        let (me, room) = (self.me.get_value(), self.id());
        let kept = Shelf::new(&me, room).all();
        self.outbox
            .update(|outbox| kept.into_iter().for_each(|item| outbox.add(item)));
        let connection = super::join(&me);
        connection.follow(room);
        let listener = connection.listen(move |event| self.heard(event));
        if connection.is_open() {
            self.up();
        }
        let state = connection.state();
        Effect::new(move || self.link.set(state.get()));
        let shown =
            window_event_listener_untyped("visibilitychange", move |_| self.looked(is_visible()));
        self.looked(is_visible());
        on_cleanup(move || {
            shown.remove();
            if let Some(connection) = super::current().filter(|connection| connection.me() == me) {
                connection.forget(listener);
                connection.unfollow(room);
            }
            super::leave(&me);
        });
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
        self.last_typing.set_value(0);
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
        if now() - self.last_typing.get_value() >= pause
            && super::current()
                .is_some_and(|connection| connection.send(&ClientFrame::Typing { room: self.id() }))
        {
            self.last_typing.set_value(now());
        }
    }

    /// Fetches a stretch of history, unless one is being fetched.
    pub fn load(self, stretch: Stretch) {
        if self.loading.get_untracked().is_some() {
            return;
        }
        self.loading.set(Some(stretch));
        let (me, room) = (self.me.get_value(), self.id());
        let (start, end) = self
            .window
            .with_untracked(|window| (window.start(), window.end()));
        let (before, after, limit) = match stretch {
            Stretch::Older => (Some(start), None, limits::HISTORY_PAGE),
            // Catching up wants few round trips, and the end of the page.
            Stretch::Newer => (None, Some(end), limits::HISTORY_PAGE * 2),
            Stretch::Newest => (None, None, limits::HISTORY_PAGE),
        };
        spawn_local(async move {
            let page = api::history(me, room, before, after, Some(limit)).await;
            // The page may have been left meanwhile: then nothing is there to be set.
            self.loading.try_set(None);
            let Ok(page) = page else {
                self.failed.try_set(Some(stretch));
                if stretch == Stretch::Older {
                    self.catch_up();
                }
                return;
            };
            self.failed.try_set(None);
            let got_any = !page.messages.is_empty();
            self.window.try_update(|window| match stretch {
                Stretch::Older => window.older(page),
                Stretch::Newer => window.newer(page),
                Stretch::Newest => window.jump(page),
            });
            self.settle();
            if got_any || stretch == Stretch::Older {
                self.catch_up();
            }
        });
    }

    /// Brings the reader to the newest message.
    pub fn to_newest(self) {
        self.reading.set(Reading::End);
        self.catch_up();
    }

    /// Fetches what lies beyond the window, if the reader is where it goes.
    fn catch_up(self) {
        let wanted = self.reading.try_get_untracked() == Some(Reading::End);
        let beyond = self.window.try_with_untracked(Window::beyond).unwrap_or(0);
        if wanted && beyond > 0 {
            let near = beyond <= window::MOST as u64;
            self.load(if near {
                Stretch::Newer
            } else {
                Stretch::Newest
            });
        }
    }

    fn heard(self, event: &Event) {
        match event {
            Event::Up => self.up(),
            Event::Down => {
                self.outbox.update_untracked(Outbox::connection_lost);
                self.typing.set(Vec::new());
            }
            Event::Frame(frame) => self.received(frame),
        }
    }

    /// Asks for the frames that this page has not had.
    fn open(self) {
        let after = self.window.try_with_untracked(Window::head);
        if let (Some(connection), Some(after)) = (super::current(), after) {
            connection.open(self.id(), Some(after));
        }
    }

    fn up(self) {
        self.open();
        self.failed.set(None);
        self.outbox.update_untracked(Outbox::connection_lost);
        self.pump();
        untrack(|| self.tell_what_is_seen());
    }

    fn received(self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Opened { room, from, .. } if *room == self.id() => {
                // What comes from `from` on arrives by itself; only what lies before it must be fetched.
                self.window
                    .update(|window| window.heard_of(from.saturating_sub(1)));
                self.catch_up();
            }
            ServerFrame::Message(message) if message.room == self.id() => self.arrived(message),
            ServerFrame::Sent { room, id, seq, at } if *room == self.id() => {
                self.sent(Posted {
                    id: *id,
                    seq: *seq,
                    at: *at,
                });
            }
            ServerFrame::Refused {
                room: Some(room),
                id,
                code,
                message,
            } if *room == self.id() => {
                self.refused(*id, *code, message);
            }
            ServerFrame::Presence {
                room,
                count,
                online,
            } if *room == self.id() => self.present(*count, online),
            ServerFrame::Typing { room, who } if *room == self.id() => {
                let others = self
                    .me
                    .with_value(|me| who.iter().filter(|name| *name != me).cloned().collect());
                self.typing.set(others);
            }
            ServerFrame::Deleted { room } if *room == self.id() => {
                self.gone.set(Some(Gone::Deleted))
            }
            _ => {}
        }
    }

    fn arrived(self, message: &Message) {
        let mine = self.me.with_value(|me| *me == message.by);
        let reading = self.reading.get_untracked();
        let arrival = self
            .window
            .try_update(|window| window.arrived(message.clone(), reading));
        if arrival == Some(window::Arrival::Known) {
            return;
        }
        if mine {
            if self
                .outbox
                .with_untracked(|outbox| outbox.holds(message.id))
            {
                self.discard(message.id);
            }
            self.pump();
        } else if !self.visible.get_untracked() {
            self.missed.update(|missed| *missed += 1);
        }
        self.typing.maybe_update(|typing| {
            let before = typing.len();
            typing.retain(|name| *name != message.by);
            typing.len() != before
        });
        if !self
            .members
            .with_untracked(|members| members.iter().any(|member| member.name == message.by))
        {
            self.look_who_is_member();
        }
        self.settle();
        self.catch_up();
    }

    fn sent(self, posted: Posted) {
        let Posted { id, seq, at } = posted;
        self.shelf().drop(id);
        if let Some(item) = self
            .outbox
            .try_update(|outbox| outbox.sent(id, seq))
            .flatten()
        {
            let by = self.me.get_value();
            let message = Message {
                room: self.id(),
                seq,
                id,
                by,
                at,
                body: item.body,
            };
            // Only where it is the very next one. Otherwise others' come first, and then this, in order.
            if self
                .window
                .with_untracked(|window| window.is_live() && window.end() + 1 == seq)
            {
                let reading = self.reading.get_untracked();
                self.window
                    .update(|window| _ = window.arrived(message, reading));
            }
        }
        self.settle();
        self.pump();
    }

    fn refused(self, id: Option<Uuid>, code: Code, why: &str) {
        match (id, code) {
            (Some(_), Code::TooFast) => {
                self.outbox.update_untracked(Outbox::connection_lost);
                set_timeout(move || self.pump(), BREATH);
            }
            (Some(id), _) => {
                if let Some(item) = self
                    .outbox
                    .try_update(|outbox| outbox.refused(id, why.to_owned()))
                    .flatten()
                {
                    self.shelf().keep(&item);
                }
                self.pump();
            }
            (None, Code::NoSuchRoom) => self.gone.set(Some(Gone::NotMember)),
            (None, Code::Unavailable) => set_timeout(move || self.open(), BREATH),
            (None, _) => {}
        }
    }

    fn present(self, count: usize, online: &[String]) {
        self.online.set(count);
        let now_online: HashSet<_> = online.iter().map(String::as_str).collect();
        let mut matched = 0;
        let mut vanished = false;
        self.members.update(|members| {
            for member in members.iter_mut() {
                let here = now_online.contains(member.name.as_str());
                matched += usize::from(here);
                vanished |= member.online && !here;
                member.online = here;
            }
        });
        // Someone joined, or may have left for good.
        if matched < now_online.len() || vanished {
            self.look_who_is_member();
        }
    }

    fn look_who_is_member(self) {
        if self.members_rest.get_value() {
            return;
        }
        self.members_rest.set_value(true);
        let (me, room) = (self.me.get_value(), self.id());
        spawn_local(async move {
            if let Ok(members) = api::members(me, room).await {
                self.members.try_set(members);
            }
        });
        set_timeout(
            move || _ = self.members_rest.try_set_value(false),
            MEMBERS_PAUSE,
        );
    }

    /// Sends the next unsent message, if there is one and the socket is open.
    fn pump(self) {
        let Some(connection) = super::current().filter(|connection| connection.is_open()) else {
            return;
        };
        // Being under way shows nowhere, so nothing is told to run again.
        let Some(item) = self.outbox.try_update_untracked(Outbox::next_to_send).flatten() else {
            return;
        };
        let id = item.id;
        connection.send(&ClientFrame::Send {
            room: self.id(),
            id,
            body: item.body,
        });
        let unanswered = move || {
            if self
                .outbox
                .try_with_untracked(|outbox| outbox.is_under_way(id))
                == Some(true)
                && let Some(connection) = super::current()
            {
                connection.renew();
            }
        };
        set_timeout(unanswered, ANSWER);
    }

    /// Lets go of sent messages that the timeline shows, or that lie beyond its window.
    fn settle(self) {
        let shown = self.window.try_with_untracked(|window| {
            if window.is_live() {
                window.end()
            } else {
                Seq::MAX
            }
        });
        if let Some(shown) = shown {
            self.outbox.try_maybe_update(|outbox| {
                let before = outbox.items().len();
                outbox.shown_up_to(shown);
                (outbox.items().len() != before, ())
            });
        }
    }

    fn looked(self, visible: bool) {
        self.visible.set(visible);
        if visible {
            self.missed.set(0);
        }
    }

    /// Says what has been read, where the newest message is in view. Tracks what that depends on.
    fn tell_what_is_seen(self) {
        let head = self
            .window
            .with(|window| window.is_live().then(|| window.head()));
        let in_view = self.visible.get() && self.reading.get() == Reading::End;
        let Some(head) = head.filter(|head| in_view && *head > self.last_seen.get_value()) else {
            return;
        };
        if self.seen_rests.get_value() {
            return;
        }
        let frame = ClientFrame::Seen {
            room: self.id(),
            seq: head,
        };
        if super::current().is_some_and(|connection| connection.send(&frame)) {
            self.last_seen.set_value(head);
            self.seen_rests.set_value(true);
            let rested = move || {
                if self.seen_rests.try_set_value(false).is_none() {
                    untrack(|| self.tell_what_is_seen());
                }
            };
            set_timeout(rested, SEEN_PAUSE);
        }
    }

    fn shelf(self) -> Shelf {
        self.me.with_value(|me| Shelf::new(me, self.id()))
    }
}
