//! What the socket says of a room, taken in.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use uuid::Uuid;

use super::{Conversation, Gone};
use crate::{
    api::Members,
    domain::{Code, Member, Message, Posted},
    protocol::ServerFrame,
    ui::live::{Event, Outbox, Window, ask, current, window::Arrival},
};

/// After `too_fast`, and after the server could not do what was asked just then.
const BREATH: Duration = Duration::from_millis(1_500);
/// Between two looks at the list of members.
const MEMBERS_PAUSE: Duration = Duration::from_secs(5);

impl Conversation {
    pub(super) fn heard(self, event: &Event) {
        match event {
            Event::State(state) => self.link.set(*state),
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
        if let Some(connection) = current() {
            let after = self.window.with_untracked(Window::head);
            connection.open(self.id(), Some(after));
        }
    }

    pub(super) fn up(self) {
        self.open();
        self.forget_failure();
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
        if arrival == Some(Arrival::Known) {
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
            let message = Message::new(self.id(), seq, id, by, at, item.body);
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
        let changed = self
            .members
            .try_update(|members| mark_online(members, count, online));
        if changed == Some(true) {
            self.look_who_is_member();
        }
    }

    fn look_who_is_member(self) {
        if self.pace.with_value(|pace| pace.members_rest) {
            self.pace.update_value(|pace| pace.members_stale = true);
            return;
        }
        self.pace.update_value(|pace| {
            pace.members_rest = true;
            pace.members_stale = false;
        });
        spawn_local(async move {
            let (me, room) = (self.me.get_value(), self.id().to_string());
            if let Some(members) = ask::<Members>(&[("me", &me), ("room", &room)]).await {
                self.members.set(members);
            }
        });
        let rested = move || {
            self.pace.update_value(|pace| pace.members_rest = false);
            // What changed during the pause is looked at after it.
            if self.pace.with_value(|pace| pace.members_stale) {
                self.look_who_is_member();
            }
        };
        set_timeout(rested, MEMBERS_PAUSE);
    }
}

/// Notes who of the members is there, `count` in all. Answers whether the list may have changed: someone
/// joined, or may have left for good. In a crowd only the first are named, and nothing
/// is said of the others.
fn mark_online(members: &mut [Member], count: usize, online: &[String]) -> bool {
    let all_are_named = online.len() >= count;
    let mut matched = 0;
    let mut vanished = false;
    for member in members {
        let here = online.contains(&member.name);
        matched += usize::from(here);
        if here || all_are_named {
            vanished |= member.online && !here;
            member.online = here;
        }
    }
    matched < online.len() || vanished
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(online: &[(&str, bool)]) -> Vec<Member> {
        let member = |&(name, online): &(&str, bool)| Member {
            name: name.to_owned(),
            online,
            owner: false,
        };
        online.iter().map(member).collect()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn whoever_is_not_named_is_not_there_and_may_have_left() {
        let mut here = members(&[("alice", true), ("bob", true)]);
        assert!(mark_online(&mut here, 1, &names(&["alice"])));
        assert_eq!(here, members(&[("alice", true), ("bob", false)]));
        assert!(!mark_online(&mut here, 2, &names(&["alice", "bob"])));
        assert_eq!(here, members(&[("alice", true), ("bob", true)]));
    }

    #[test]
    fn an_unknown_name_is_reason_to_look_again() {
        assert!(mark_online(&mut members(&[]), 1, &names(&["alice"])));
    }

    #[test]
    fn in_a_crowd_whoever_is_not_among_the_first_stays_as_they_were() {
        let mut here = members(&[("alice", false), ("bob", true), ("eve", false)]);
        assert!(!mark_online(&mut here, 2, &names(&["alice"])));
        assert_eq!(
            here,
            members(&[("alice", true), ("bob", true), ("eve", false)])
        );
    }
}
