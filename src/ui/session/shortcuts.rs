//! Keys that work wherever one is: Alt and an arrow go through the rooms, Escape has read the one that is shown.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlTextAreaElement, KeyboardEvent};

use super::{Plain, Session, Shown, navigator::How};
use crate::ui::{browser, paths};

impl Session {
    /// Listens for as long as the document is there.
    pub(super) fn listen_for_keys(self) {
        window_event_listener(ev::keydown, move |event| {
            if event.default_prevented() || event.ctrl_key() || event.meta_key() {
                return;
            }
            // Something that is open over the page is closed first.
            let open = document().query_selector("dialog[open], :popover-open");
            if open.is_ok_and(|open| open.is_some()) {
                return;
            }
            let done = match (&*event.key(), event.alt_key()) {
                ("ArrowUp", true) => self.go_by(-1),
                ("ArrowDown", true) => self.go_by(1),
                ("Escape", false) => self.has_read(&event),
                _ => false,
            };
            if done {
                event.prevent_default();
            }
        });
    }

    /// Marks the room that is shown as read, and goes to its newest message. Where Escape means something to what the
    /// keyboard is at it does not mean this.
    fn has_read(self, event: &KeyboardEvent) -> bool {
        let Shown::Room(room) = self.navigator.shown_untracked() else {
            return false;
        };
        let selects = document()
            .active_element()
            .and_then(|element| element.dyn_into::<HtmlTextAreaElement>().ok())
            .is_some_and(|text| text.selection_start().ok() != text.selection_end().ok());
        let conversation = self.conversation(room);
        let conversation = conversation.filter(|_| !selects && !event.is_composing());
        conversation.inspect(|it| it.mark_read()).is_some()
    }

    /// Goes so many rooms further in the list, around its end.
    fn go_by(self, step: isize) -> bool {
        let rooms = self.rooms.ids();
        let here = match self.navigator.shown_untracked() {
            Shown::Room(room) | Shown::Plain(Plain::Room(room)) => {
                rooms.iter().position(|id| *id == room)
            }
            Shown::Dashboard | Shown::Plain(Plain::Mine | Plain::Search) => None,
        };
        let next = match here {
            Some(here) => (here as isize + step).rem_euclid(rooms.len() as isize) as usize,
            None if step < 0 => rooms.len().saturating_sub(1),
            None => 0,
        };
        let Some(name) = rooms.get(next).and_then(|room| self.rooms.name_of(*room)) else {
            return false;
        };
        self.go_to(&self.me.with_value(|me| paths::room(me, &name)));
        true
    }

    /// Goes to one of *me*'s pages, by its address.
    pub fn go_to(self, url: &str) {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        match self.inside(path, query) {
            Some(inside) if !self.navigator.is_outdated() => {
                self.navigator.go(inside, url, How::Push, self);
            }
            _ => browser::go_on(url, false),
        }
    }

    /// Everyone in the rooms that are open, each with the room's name.
    pub fn people(self) -> Vec<(String, String)> {
        let mut people = Vec::new();
        for conversation in self.conversations.get_value() {
            let room = conversation
                .terms
                .with_untracked(|terms| terms.name.clone());
            conversation.members.with(|members| {
                people.extend(
                    members
                        .iter()
                        .map(|member| (room.clone(), member.name.clone())),
                );
            });
        }
        people
    }
}
