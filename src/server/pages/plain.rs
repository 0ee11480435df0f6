//! The plain pages: what each is made of, for a document of its own and for the page that stays.

use super::html::html_of;
use crate::{
    api::PlainPage,
    domain::{ApiError, Deed, Member, NewInvite, Pass, Room, RoomName, invite},
    server::{
        Chat, Request, Sought,
        identity::{Caller, Me},
        rooms::shown,
        store::now,
    },
    ui::{
        pages::{
            room_settings::{RoomSettings, RoomSettingsProps},
            search::{Search, SearchPage, SearchPageProps},
            settings::{MadePass, PassState, Settings, SettingsProps, Ways},
        },
        parts::{Clock, Reader},
        paths::{self, Inside},
    },
};

/// The plain page at one of *me*'s addresses. `made` is what is shown this once.
///
/// # Errors
/// `no_such_room`, and `bad_request` where that page is none.
pub async fn render(
    request: &Request,
    me: &Me,
    inside: Option<Inside>,
    made: Option<String>,
) -> Result<PlainPage, ApiError> {
    let chat = request.chat();
    let reader = Reader {
        me: me.name.clone(),
        flash: None,
        asked: None,
        made,
        clock: Clock::of_reader(&request.wall),
    };
    match inside {
        Some(Inside::Settings) => of_me(chat, &request.caller, me, reader).await,
        Some(Inside::RoomSettings { name }) => {
            // A name that cannot exist is a room that does not.
            let name = RoomName::parse(&name).map_err(|_| ApiError::no_such_room())?;
            let room = chat.room_named(me, &name).await?;
            let members = chat.members(me, room.id).await?;
            of_room(chat, &request.caller, me, reader, room, members).await
        }
        Some(Inside::Search { words, before }) => {
            Ok(of_search(chat, &request.caller, me, reader, words, before).await)
        }
        Some(Inside::Dashboard | Inside::Room { .. }) | None => {
            Err(ApiError::bad_request("That is not such a page."))
        }
    }
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

/// # Errors
/// Those of the store.
pub async fn of_room(
    chat: &Chat,
    caller: &Caller,
    me: &Me,
    reader: Reader,
    room: Room,
    members: Vec<Member>,
) -> Result<PlainPage, ApiError> {
    let invites = match room.role.may(Deed::Invite) {
        true => Some(chat.invites(me, room.id).await?),
        false => None,
    };
    // One that has ended meanwhile, or has let in as many as it may, is not shown any more.
    let made = reader.made.as_deref();
    let made = made
        .and_then(|made| serde_json::from_str::<NewInvite>(made).ok())
        .filter(|made| {
            let id = invite::meant(&made.invite);
            let mut listed = invites.iter().flatten();
            listed.any(|invite| Some(invite.id) == id)
        });
    let made = match made {
        Some(made) => {
            let origin = caller.site()?.origin().ascii_serialization();
            Some(origin + &paths::invite_with_key(&room.name, &made.invite))
        }
        None => None,
    };
    Ok(PlainPage {
        title: format!("{} settings", room.name),
        html: html_of(|| {
            RoomSettings(RoomSettingsProps {
                reader,
                room,
                members,
                invites,
                made,
            })
        }),
    })
}

/// What is found by these words, from just before a hit on; nothing is searched for without words.
pub async fn of_search(
    chat: &Chat,
    caller: &Caller,
    me: &Me,
    reader: Reader,
    words: String,
    before: Option<String>,
) -> PlainPage {
    let mut search = Search {
        words,
        later: before.is_some(),
        ..Search::default()
    };
    if !search.words.trim().is_empty() {
        let sought = Sought {
            words: &search.words,
            before: before.as_deref(),
            ..Sought::default()
        };
        match chat.search(caller, me, sought).await {
            Ok(found) => search.found = Some(found),
            Err(error) => search.refusal = Some(error.message),
        }
    }
    PlainPage {
        title: search.title(),
        html: html_of(|| SearchPage(SearchPageProps { reader, search })),
    }
}
