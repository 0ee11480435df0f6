//! What the socket says of a room, taken in.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::Conversation;
use crate::{
    api::Members,
    domain::{Code, Happened, Happening, Member, Message, Millis, Role, Seq},
    protocol::{ClientFrame, ServerFrame},
    ui::parts::forget_key,
    ui::session::{Act, Gone, Window, ask, happenings, touch::Touch, window::Arrival},
};

/// After the server could not do what was asked just then.
const BREATH: Duration = Duration::from_millis(1_500);
/// Between two looks at the list of members.
const MEMBERS_PAUSE: Duration = Duration::from_secs(5);

impl Conversation {
    /// Asks for the frames that this page has not had.
    fn follow(self) {
        let after = self.window.with_untracked(Window::head);
        self.session.rooms.opened(self.id());
        self.session.send(&ClientFrame::Open {
            room: self.id(),
            after: Some(after),
        });
    }

    /// The socket is open.
    pub(in crate::ui::session) fn up(self) {
        self.follow();
        self.forget_failure();
        untrack(|| self.tell_what_is_seen());
    }

    /// The socket is gone.
    pub(in crate::ui::session) fn down(self) {
        self.typing.set(Vec::new());
    }

    /// Takes in a frame about this room.
    pub(in crate::ui::session) fn received(self, frame: &ServerFrame) {
        if let Some(touch) = Touch::of(frame) {
            let seq = touch.seq;
            self.window.update_untracked(|window| window.touch(touch));
            return self.passed(seq);
        }
        if let Some(happening) = happenings::of(frame) {
            return self.happened(happening);
        }
        match frame {
            ServerFrame::Opened { from, epoch, .. } => {
                self.is_of(epoch);
                self.opened(*from);
            }
            ServerFrame::Message(message) => self.arrived(message),
            ServerFrame::Read { seq, .. } => self
                .pace
                .update_value(|pace| pace.last_seen = pace.last_seen.max(*seq)),
            ServerFrame::Sent { seq, at, .. } => self.sent(*seq, *at),
            ServerFrame::Refused { id: None, code, .. } => match code {
                Code::NoSuchRoom => self.session.closed(self.id(), Gone::NotMember),
                Code::Unavailable => self.later(BREATH, move || self.follow()),
                _ => {}
            },
            ServerFrame::Presence { count, online, .. } => self.present(*count, online),
            ServerFrame::Typing { who, .. } => {
                let others = self
                    .session
                    .me
                    .with_value(|me| who.iter().filter(|name| *name != me).cloned().collect());
                self.typing.set(others);
            }
            _ => {}
        }
    }

    fn arrived(self, message: &Message) {
        let reading = self.reading.get_untracked();
        let arrival = self
            .window
            .try_update(|window| window.arrived(message.clone(), reading));
        if arrival == Some(Arrival::Known) {
            return;
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

    /// A message of *me*'s is durable.
    fn sent(self, seq: Seq, at: Millis) {
        let next = self
            .window
            .with_untracked(|window| window.is_live() && window.end() + 1 == seq);
        // Only where it is the very next one. Otherwise others' come first, and then this, in order.
        let message = self
            .outbox
            .with_untracked(|outbox| {
                let item = outbox.items().iter().find(|item| item.sent == Some(seq))?;
                let Act::Say { re } = item.act.clone() else {
                    return None;
                };
                let (by, body) = (self.session.me.get_value(), item.body.clone());
                let said = Message::new(self.id(), seq, item.id, by, at, body);
                Some(Message { re, ..said })
            })
            .filter(|_| next);
        if let Some(message) = message {
            let reading = self.reading.get_untracked();
            self.window
                .update(|window| _ = window.arrived(message, reading));
        }
        self.settle();
    }

    /// Something happened to the room itself.
    fn happened(self, happening: Happening) {
        self.members
            .maybe_update(|members| take_in(members, &happening));
        if happening.what == Happened::Key && !self.session.has_rekeyed(self.id(), &happening.by) {
            forget_key(self.id());
            self.key.set(None);
        }
        // Who came may be online; where the owner left another is it.
        if matches!(happening.what, Happened::Joined | Happened::Left) {
            self.look_who_is_member();
        }
        self.window.update(|window| window.happened(happening));
        self.settle();
        self.catch_up();
    }

    /// An entry that says nothing has come by.
    fn passed(self, seq: Seq) {
        self.window.update(|window| window.passed(seq));
        self.settle();
        self.catch_up();
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

    pub(super) fn look_who_is_member(self) {
        if self.pace.with_value(|pace| pace.members_rest) {
            self.pace.update_value(|pace| pace.members_stale = true);
            return;
        }
        self.pace.update_value(|pace| {
            pace.members_rest = true;
            pace.members_stale = false;
        });
        spawn_local(async move {
            let (me, room) = (self.session.me.get_value(), self.id().to_string());
            if let Ok(members) = ask::<Members>(&[("me", &me), ("room", &room)]).await
                && !self.has_ended()
            {
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
        self.later(MEMBERS_PAUSE, rested);
    }
}

/// Notes what a happening makes of the list of members, and says whether it makes anything of it.
fn take_in(members: &mut Vec<Member>, it: &Happening) -> bool {
    let mut give = |name: &str, role| {
        let member = members.iter_mut().find(|member| member.name == name);
        member.map(|member| member.role = role).is_some()
    };
    match (it.what, it.who.as_deref()) {
        (Happened::Role, Some(who)) => {
            let role = it.to.as_deref().and_then(Role::of);
            // There is one owner.
            let handed_over = role == Some(Role::Owner) && give(&it.by, Role::Moderator);
            role.is_some_and(|role| give(who, role)) || handed_over
        }
        (Happened::Left, _) | (Happened::Removed, _) => {
            let gone = it.who.as_ref().unwrap_or(&it.by);
            let before = members.len();
            members.retain(|member| member.name != *gone);
            members.len() < before
        }
        _ => false,
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
    use crate::domain::Role;

    fn members(online: &[(&str, bool)]) -> Vec<Member> {
        let member = |&(name, online): &(&str, bool)| Member {
            name: name.to_owned(),
            online,
            role: Role::Member,
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
