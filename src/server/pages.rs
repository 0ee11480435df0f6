//! The pages: what each is asked with, and what it asks of the server.

mod cache;
mod html;
pub mod plain;
mod visit;

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRef, Path, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect},
    routing::get,
};

pub use self::{cache::Caches, html::html_of};
use self::{
    cache::{RoomKey, StrangersKey, Unique},
    visit::{Page, Visit},
};
use super::{
    flashes::Flashes,
    rooms::{Chat, Entered},
};
use crate::{
    domain::{ApiError, Code, Room, RoomName},
    ui::{
        aim::Aim,
        pages::{
            app::{App, First},
            invite::{Guests, InvitePage, InvitePageProps},
            landing::{LandingPage, LandingPageProps},
            not_found::{self, NotFound},
            sign_in::{SignInPage, SignInPageProps},
        },
        paths,
        session::Plain,
    },
};

pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Chat: FromRef<S>,
    Arc<Flashes>: FromRef<S>,
    Arc<Caches>: FromRef<S>,
{
    Router::new()
        .route("/", get(landing))
        .route(paths::sign_in(), get(sign_in))
        .route("/rooms/{name}", get(invite))
        .route("/{me}", get(dashboard))
        .route("/{me}/rooms/{name}", get(room))
        .route("/{me}/rooms/{name}/settings", get(room_settings))
        .route("/{me}/search", get(search))
        .route("/{me}/settings", get(settings))
        .fallback(nowhere)
}

type Named<T> = Result<Path<T>, PathRejection>;
async fn landing(visit: Visit) -> Page {
    let page = LandingPageProps {
        names: visit.names(),
        flash: visit.flash.clone(),
    };
    visit.show_anyone(StrangersKey::Landing, "", move || LandingPage(page))
}

async fn sign_in(visit: Visit) -> Page {
    let page = SignInPageProps {
        flash: visit.flash.clone(),
    };
    visit.show_anyone(StrangersKey::SignIn, "Sign in", move || SignInPage(page))
}

async fn dashboard(State(chat): State<Chat>, path: Named<String>, visit: Visit) -> Page {
    let Some(name) = path.ok().and_then(|Path(segment)| acting(&segment)) else {
        return nowhere(visit).await;
    };
    let (me, rooms) = match visit.at_home(&chat, &name).await {
        Ok(opened) => opened,
        Err(error) => return visit.refuse(error, Some(name), None),
    };
    let first = First::Dashboard {
        flash: visit.flash.clone(),
    };
    let page = visit.app(me, rooms, first);
    visit.show(&format!("@{}", me.name), Some(me), move || App(page))
}

async fn room(State(chat): State<Chat>, path: Named<(String, String)>, visit: Visit) -> Page {
    let named = path.ok();
    let Some((acting, name)) = named.and_then(|Path((me, name))| Some((acting(&me)?, name))) else {
        return nowhere(visit).await;
    };
    let before = visit.query("before").and_then(|seq| seq.parse().ok());
    let aim = Aim::of_page(&visit.query, visit.flash.as_ref());
    let around = aim.map(|aim| aim.seq);
    let opened = async {
        let me = visit.me(&acting)?;
        // A name that cannot exist is a room that does not.
        let name = RoomName::parse(&name).map_err(|_| ApiError::no_such_room())?;
        let entered = chat.enter(me, &name).await?;
        if has_moved(&name, &entered.room) {
            return Ok(moved(
                &paths::room(&me.name, &entered.room.name),
                &visit.query,
            ));
        }
        if before.is_none() && aim.is_none() {
            chat.was_shown(me, &entered.room).await;
        }
        let unique = Unique::new();
        // Only what everybody can see again as it is: the newest messages, and nothing that went wrong.
        let plain = before.is_none()
            && aim.is_none()
            && visit.flash.is_none()
            && visit.query("ask").is_none()
            && visit.warning(me).is_none()
            && chat.live().notice().is_none();
        let key = plain.then(|| RoomKey {
            me: me.name.clone(),
            names: visit.names(),
            today: visit.clock.today(),
            entered: entered.clone(),
        });
        let cache = &visit.caches.rooms;
        let html = match key.as_ref().and_then(|key| cache.find(key, &unique)) {
            Some(html) => html,
            None => {
                let history = chat.leaf(me, &entered.room, before, around).await?;
                let html = visit.render_room(me, entered, history, aim, &unique);
                if let Some(key) = key {
                    cache.keep(key, &html, &unique);
                }
                html
            }
        };
        Ok(visit.answer(html, &unique.nonce, Some(me)))
    };
    match opened.await {
        Ok(page) => page,
        Err(error) => visit.refuse(error, Some(acting), Some(name)),
    }
}

async fn search(State(chat): State<Chat>, path: Named<String>, visit: Visit) -> Page {
    let Some(name) = path.ok().and_then(|Path(segment)| acting(&segment)) else {
        return nowhere(visit).await;
    };
    let (me, rooms) = match visit.at_home(&chat, &name).await {
        Ok(opened) => opened,
        Err(error) => return visit.refuse(error, Some(name), None),
    };
    // As a form has it, a plus is a space.
    let field = |name| Some(paths::decode(&visit.query(name)?.replace('+', " ")));
    let (words, before) = (field("words").unwrap_or_default(), field("before"));
    let reader = visit.reader(me);
    let page = plain::of_search(&chat, &visit.caller, me, reader, words, before).await;
    visit.show_plain(me, rooms, Plain::Search, page)
}

async fn settings(State(chat): State<Chat>, path: Named<String>, visit: Visit) -> Page {
    let Some(name) = path.ok().and_then(|Path(segment)| acting(&segment)) else {
        return nowhere(visit).await;
    };
    let opened = async {
        let (me, rooms) = visit.at_home(&chat, &name).await?;
        let page = plain::of_me(&chat, &visit.caller, me, visit.reader(me)).await?;
        Ok((me, rooms, page))
    };
    match opened.await {
        Ok((me, rooms, page)) => visit.show_plain(me, rooms, Plain::Mine, page),
        Err(error) => visit.refuse(error, Some(name), None),
    }
}

async fn room_settings(
    State(chat): State<Chat>,
    path: Named<(String, String)>,
    visit: Visit,
) -> Page {
    let named = path.ok();
    let Some((acting, name)) = named.and_then(|Path((me, name))| Some((acting(&me)?, name))) else {
        return nowhere(visit).await;
    };
    let opened = async {
        let me = visit.me(&acting)?;
        // A name that cannot exist is a room that does not.
        let name = RoomName::parse(&name).map_err(|_| ApiError::no_such_room())?;
        let entered = chat.enter(me, &name).await?;
        let has_moved = has_moved(&name, &entered.room);
        Ok((me, entered, has_moved))
    };
    match opened.await {
        Ok((me, entered, true)) => {
            let now = paths::room_settings(&me.name, &entered.room.name);
            moved(&now, &visit.query)
        }
        Ok((me, entered, false)) => {
            let Entered {
                room,
                members,
                rooms,
            } = entered;
            let (which, reader) = (Plain::Room(room.id), visit.reader(me));
            match plain::of_room(&chat, &visit.caller, me, reader, room, members).await {
                Ok(page) => visit.show_plain(me, rooms, which, page),
                Err(error) => visit.refuse(error, Some(acting), Some(name)),
            }
        }
        Err(error) => visit.refuse(error, Some(acting), Some(name)),
    }
}

async fn invite(State(chat): State<Chat>, path: Named<String>, visit: Visit) -> Page {
    let Ok(Path(room)) = path else {
        return nowhere(visit).await;
    };
    let mut guests = Guests::default();
    let name = RoomName::parse(&room).map_err(|_| ApiError::no_such_room());
    for me in &visit.identities {
        let inside = match &name {
            Ok(name) => chat.room_named(me, name).await,
            Err(error) => Err(error.clone()),
        };
        match inside {
            Ok(room) => guests.inside.push((me.name.clone(), room.name)),
            Err(error) if error.code == Code::NoSuchRoom => guests.outside.push(me.name.clone()),
            Err(error) => return visit.refuse(error, None, None),
        }
    }
    let title = format!("Join {room}");
    let wanted = visit
        .query("as")
        .and_then(|name| visit.me(&paths::decode(name)).ok());
    let page = InvitePageProps {
        room,
        guests,
        wanted: wanted.map(|me| me.name.clone()),
        flash: visit.flash.clone(),
    };
    let key = StrangersKey::Invite(page.room.clone());
    visit.show_anyone(key, &title, move || InvitePage(page))
}

async fn nowhere(visit: Visit) -> Page {
    let mut page = visit.show_anyone(StrangersKey::Nowhere, not_found::NOWHERE, NotFound);
    *page.status_mut() = StatusCode::NOT_FOUND;
    page
}

/// Whether a room is called something else than what it was asked for by.
fn has_moved(name: &RoomName, room: &Room) -> bool {
    RoomName::parse(&room.name).is_ok_and(|now| now.folded() != name.folded())
}

/// Leads on from an address that a room once had.
fn moved(path: &str, query: &str) -> Page {
    let mark = if query.is_empty() { "" } else { "?" };
    Redirect::temporary(&format!("{path}{mark}{query}")).into_response()
}

/// Who a path's first segment acts as. The router cannot match part of a segment, so the `@` is asked for
/// here.
fn acting(segment: &str) -> Option<String> {
    paths::acting(segment).map(str::to_owned)
}
