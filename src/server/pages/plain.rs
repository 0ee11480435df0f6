//! The plain pages: what each is made of, for a document of its own and for the page that stays.

use super::html_of;
use crate::{
    api::PlainPage,
    domain::{ApiError, Member, Pass, Room, RoomId},
    server::{
        Chat, Request,
        identity::{Caller, Me},
        rooms::shown,
        store::now,
    },
    ui::{
        pages::{
            room_settings::{RoomSettings, RoomSettingsProps},
            settings::{MadePass, PassState, Settings, SettingsProps, Ways},
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
        return of_me(request.chat(), &request.caller, me, reader).await;
    };
    let (room, members) = request.chat().room_and_members(me, room).await?;
    Ok(of_room(reader, room, members))
}

/// # Errors
/// Those of the store.
pub async fn of_me(
    chat: &Chat,
    caller: &Caller,
    me: &Me,
    reader: Reader,
) -> Result<PlainPage, ApiError> {
    let (holds, ways) = tokio::try_join!(chat.holds(me), chat.ways_in(me))?;
    let made = reader.made.as_deref();
    let made = made.and_then(|made| serde_json::from_str(made).ok());
    let pass = match made {
        Some(pass) => Some(made_pass(chat, caller, me, pass).await?),
        None => None,
    };
    let ways = Ways {
        holds,
        passphrase: ways.passphrase,
        passkeys: shown(ways.passkeys),
        pass,
    };
    Ok(PlainPage {
        title: "Settings".to_owned(),
        html: html_of(|| Settings(SettingsProps { reader, ways })),
    })
}

async fn made_pass(
    chat: &Chat,
    caller: &Caller,
    me: &Me,
    pass: Pass,
) -> Result<MadePass, ApiError> {
    let state = if chat.is_open(me, &pass.pass).await? {
        PassState::Open
    } else if pass.expires <= now() {
        PassState::TooOld
    } else {
        PassState::Used
    };
    let origin = caller.site()?.origin().ascii_serialization();
    Ok(MadePass {
        pass,
        origin,
        state,
    })
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
