//! What the session makes of forms that went well: rooms appear and disappear, and the person is brought on, without
//! another document.

use leptos::prelude::*;
use web_sys::{HtmlFormElement, UrlSearchParams};

use super::{Gone, Leaving, Session, navigator::How};
use crate::{
    domain::{Room, RoomId},
    ui::{
        parts::remember_key,
        paths::{self, Inside},
    },
};

impl Session {
    /// A form of this identity is on its way.
    pub fn form_sent(self, form: &HtmlFormElement, endpoint: &str, fields: &UrlSearchParams) {
        self.plain_form_sent(form);
        if endpoint == "leave_room"
            && let Some(room) = room_in(fields)
        {
            let name = self.rooms.name_of(room).unwrap_or_default();
            self.leaving.set_value(Some(Leaving { room, name }));
        }
        if endpoint == "change_key" {
            self.rekeying.set_value(room_in(fields));
        }
    }

    /// It was refused.
    pub fn form_refused(self, form: &HtmlFormElement) {
        self.plain_form_refused(form);
        self.leaving.set_value(None);
        self.rekeying.set_value(None);
    }

    /// Whether it was by way of this document that `by` has changed a room's key.
    pub(super) fn has_rekeyed(self, room: RoomId, by: &str) -> bool {
        let own = self.me.with_value(|me| me == by) && self.rekeying.get_value() == Some(room);
        if own {
            self.rekeying.set_value(None);
        }
        own
    }

    /// It went well. `false` where the session has nothing to do with it.
    pub fn form_went_well(self, endpoint: &str, fields: &UrlSearchParams, answer: &str) -> bool {
        if fields.get("me") != Some(self.me.get_value()) || self.navigator.is_outdated() {
            return false;
        }
        match endpoint {
            "create_room" | "join_room" => {
                let Ok(room) = serde_json::from_str::<Room>(answer) else {
                    return false;
                };
                self.rooms.add(&room);
                // What was said in it last is not in the answer.
                self.ask_for_rooms();
                let url = self.me.with_value(|me| paths::room(me, &room.name));
                let inside = Inside::Room {
                    name: room.name,
                    at: None,
                };
                self.navigator.go(inside, &url, How::Push, self);
            }
            "leave_room" | "delete_room" => {
                let Some(room) = room_in(fields) else {
                    return false;
                };
                // Its own word that it is gone may have come first.
                if self.rooms.find(room).is_some() {
                    self.closed(
                        room,
                        if endpoint == "leave_room" {
                            Gone::NotMember
                        } else {
                            Gone::Deleted
                        },
                    );
                }
            }
            "change_key" => {
                if let (Some(room), Some(key)) = (room_in(fields), fields.get("key")) {
                    remember_key(room, &key);
                    if let Some(conversation) = self.conversation(room) {
                        conversation.key.set(Some(key));
                    }
                }
                return false;
            }
            _ => {
                // Those that change a room answer with it.
                if let Ok(room) = serde_json::from_str::<Room>(answer) {
                    self.rooms.renew(&room);
                }
                return false;
            }
        }
        true
    }
}

fn room_in(fields: &UrlSearchParams) -> Option<RoomId> {
    fields.get("room")?.parse().ok()
}
