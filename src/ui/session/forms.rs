//! What the session makes of forms that went well: rooms appear and disappear, and the person is brought on, without
//! another document.

use leptos::prelude::*;
use web_sys::UrlSearchParams;

use super::{Gone, Leaving, Session, navigator::How};
use crate::{
    domain::{Room, RoomId},
    ui::paths::{self, Inside},
};

impl Session {
    /// A form of this identity is on its way.
    pub fn form_sent(self, endpoint: &str, fields: &UrlSearchParams) {
        if endpoint == "leave_room"
            && let Some(room) = room_in(fields)
        {
            let name = self.rooms.name_of(room).unwrap_or_default();
            self.leaving.set_value(Some(Leaving { room, name }));
        }
    }

    /// It was refused.
    pub fn form_refused(self) {
        self.leaving.set_value(None);
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
            _ => return false,
        }
        true
    }
}

fn room_in(fields: &UrlSearchParams) -> Option<RoomId> {
    fields.get("room")?.parse().ok()
}
