//! The plain pages: what each is made of, for a document of its own and for the page that stays.

use super::html_of;
use crate::{
    api::PlainPage,
    domain::{ApiError, Member, Room, RoomId},
    server::{Request, identity::Me},
    ui::{
        pages::{
            room_settings::{RoomSettings, RoomSettingsProps},
            settings::{Settings, SettingsProps},
        },
        parts::{Clock, Reader},
    },
};

/// One of *me*'s plain pages: a room's settings, or *me*'s own. `made` is what is shown this once.
///
/// # Errors
/// `no_such_room`.
pub async fn render(
    request: &Request,
    me: &Me,
    room: Option<RoomId>,
    made: Option<String>,
) -> Result<PlainPage, ApiError> {
    let reader = Reader {
        me: me.name.clone(),
        flash: None,
        asked: None,
        made,
        clock: Clock::of_reader(&request.wall),
    };
    let Some(room) = room else {
        return Ok(of_me(reader));
    };
    let (room, members) = request.chat().room_and_members(me, room).await?;
    Ok(of_room(reader, room, members))
}

pub fn of_me(reader: Reader) -> PlainPage {
    PlainPage {
        title: "Settings".to_owned(),
        html: html_of(|| Settings(SettingsProps { reader })),
    }
}

pub fn of_room(reader: Reader, room: Room, members: Vec<Member>) -> PlainPage {
    PlainPage {
        title: format!("{} settings", room.name),
        html: html_of(|| {
            RoomSettings(RoomSettingsProps {
                reader,
                room,
                members,
            })
        }),
    }
}
