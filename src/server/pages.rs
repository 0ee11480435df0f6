//! The pages: what each is asked with, what it asks of the server, and the document that comes of it.

mod cache;
pub mod plain;

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRef, FromRequestParts, Path, State, rejection::PathRejection},
    http::{HeaderValue, Response, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Redirect},
    routing::get,
};
use hydration_context::SsrSharedContext;
use leptos::{nonce::Nonce, prelude::*};

pub use self::cache::Caches;
use self::cache::{RoomKey, StrangersKey, Unique};
use super::{
    assets,
    counts::refusals,
    flashes::Flashes,
    guard,
    identity::{Caller, Me},
    request::wall,
    rooms::{Chat, Entered},
};
use crate::{
    api::PlainPage,
    domain::{self, ApiError, Code, Flash, History, Made, Room, RoomName, RoomSummary},
    ui::{
        aim::Aim,
        document::{Document, Frame},
        pages::{
            app::{App, AppProps, First},
            invite::{Guests, InvitePage, InvitePageProps},
            landing::{LandingPage, LandingPageProps},
            not_found::{self, NotFound, Refused, RefusedProps},
            sign_in::{SignInPage, SignInPageProps},
        },
        parts::{Clock, LastTry, Reader, Sheet},
        paths,
        session::Plain,
    },
};

/// Characters of a room's last message that its row in a list may show.
const EXCERPT_CHARS: usize = 120;

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
type Page = Response<axum::body::Body>;

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
    let aim = Aim::of_query(&visit.query);
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

/// A request for a page: who asks, and what they asked with.
pub struct Visit {
    chat: Chat,
    caller: Caller,
    /// All identities that this browser holds.
    identities: Vec<Me>,
    /// What a refused plain form left behind.
    flash: Option<Flash>,
    /// What one that went well has made.
    made: Option<Made>,
    clock: Clock,
    query: String,
    caches: Arc<Caches>,
    /// Which life of the data it was when this was asked.
    epoch: String,
}

impl Visit {
    /// The identity of that name.
    ///
    /// # Errors
    /// `not_me` where this browser does not hold it.
    fn me(&self, name: &str) -> Result<&Me, ApiError> {
        Me::find(&self.identities, name).ok_or_else(ApiError::not_me)
    }

    /// What *me* is told who has not been here for long.
    fn warning(&self, me: &Me) -> Option<String> {
        let chat = &self.chat;
        chat.patience().warning(&me.name, chat.rest(me))
    }

    /// The identity of that name, and its rooms.
    ///
    /// # Errors
    /// Those of [`Self::me`], and of the store.
    async fn at_home(&self, chat: &Chat, name: &str) -> Result<(&Me, Vec<RoomSummary>), ApiError> {
        let me = self.me(name)?;
        Ok((me, chat.my_rooms(me).await?))
    }

    fn names(&self) -> Vec<String> {
        self.identities.iter().map(|me| me.name.clone()).collect()
    }

    /// The part of the page's query called `name`, as it is.
    fn query(&self, name: &str) -> Option<&str> {
        let pairs = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs
            .into_iter()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    fn render_room(
        &self,
        me: &Me,
        entered: Entered,
        history: History,
        aim: Option<Aim>,
        unique: &Unique,
    ) -> String {
        let Entered {
            room,
            members,
            rooms,
        } = entered;
        let flash = self.flash.as_ref();
        let last = LastTry::at("post_message", flash);
        let frame = self.frame(&room.name, Some(me), &unique.nonce);
        let first = First::Room {
            page: Box::new(domain::RoomPage {
                room,
                members,
                history,
                epoch: self.epoch.clone(),
            }),
            aim,
            sheet: Sheet {
                id: unique.message,
                typed: last.typed("body"),
                refusal: last.error_besides(&[]),
            },
            leaving: LastTry::at("leave_room", flash).error_besides(&[]),
        };
        let page = self.app(me, rooms, first);
        render(frame, move || App(page))
    }

    /// The pages of `me`, of which `first` was asked for.
    fn app(&self, me: &Me, mut rooms: Vec<RoomSummary>, first: First) -> AppProps {
        for last in rooms.iter_mut().filter_map(|summary| summary.last.as_mut()) {
            last.body = last.body.chars().take(EXCERPT_CHARS).collect();
        }
        AppProps {
            me: me.name.clone(),
            made_by: assets::build().to_owned(),
            epoch: self.epoch.clone(),
            rooms,
            first,
            asked: self.query("ask").map(str::to_owned),
            clock: self.clock,
        }
    }

    /// Whom a plain page is rendered for.
    fn reader(&self, me: &Me) -> Reader {
        Reader {
            me: me.name.clone(),
            flash: self.flash.clone(),
            asked: self.query("ask").map(str::to_owned),
            made: self
                .made
                .as_ref()
                .filter(|made| made.me == me.name)
                .map(|made| made.answer.clone()),
            clock: self.clock,
        }
    }

    fn show_plain(&self, me: &Me, rooms: Vec<RoomSummary>, which: Plain, page: PlainPage) -> Page {
        let PlainPage { title, html } = page;
        let first = First::Plain {
            which,
            title: title.clone(),
            html,
        };
        let page = self.app(me, rooms, first);
        self.show(&title, Some(me), move || App(page))
    }

    /// A page that is nobody's own, in its document: strangers all see it as it was rendered once.
    fn show_anyone<V: IntoView + 'static>(
        &self,
        key: StrangersKey,
        title: &str,
        main: impl FnOnce() -> V + Send + 'static,
    ) -> Page {
        let announced = self.chat.live().notice();
        if !self.identities.is_empty() || self.flash.is_some() || announced.is_some() {
            return self.show(title, None, main);
        }
        let (cache, unique) = (&self.caches.strangers, Unique::new());
        let html = cache.find(&key, &unique).unwrap_or_else(|| {
            let html = render(self.frame(title, None, &unique.nonce), main);
            cache.keep(key, &html, &unique);
            html
        });
        self.answer(html, &unique.nonce, None)
    }

    /// A page in its document.
    fn show<V: IntoView + 'static>(
        &self,
        title: &str,
        me: Option<&Me>,
        main: impl FnOnce() -> V + Send + 'static,
    ) -> Page {
        let nonce = Nonce::new();
        let html = render(self.frame(title, me, &nonce), main);
        self.answer(html, &nonce, me)
    }

    fn frame(&self, title: &str, me: Option<&Me>, nonce: &Nonce) -> Frame {
        Frame {
            title: title.to_owned(),
            me: me.map(|me| me.name.clone()),
            names: self.names(),
            warning: me.and_then(|me| self.warning(me)),
            announced: self.chat.live().notice(),
            nonce: nonce.to_string(),
            assets: assets::entry_points(),
        }
    }

    /// A document on its way out. The identity that it acts as begins its time in this browser anew.
    fn answer(&self, html: String, nonce: &Nonce, me: Option<&Me>) -> Page {
        let mut page = Html(html).into_response();
        let headers = page.headers_mut();
        if let Ok(policy) = HeaderValue::try_from(guard::page_policy(nonce)) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        for cookie in me
            .and_then(|me| self.caller.renew(me).ok())
            .unwrap_or_default()
        {
            headers.append(header::SET_COOKIE, cookie);
        }
        page
    }

    /// The page in place of one that could not be shown.
    fn refuse(&self, error: ApiError, me: Option<String>, room: Option<String>) -> Page {
        refusals::count(error.code);
        let status = StatusCode::from(error.code);
        let held = me
            .as_deref()
            .and_then(|name| Me::find(&self.identities, name));
        let title = not_found::title_of(&error);
        let mut page = self.show(title, held, move || {
            Refused(RefusedProps { error, me, room })
        });
        *page.status_mut() = status;
        page
    }
}

impl<S> FromRequestParts<S> for Visit
where
    S: Sync,
    Chat: FromRef<S>,
    Arc<Flashes>: FromRef<S>,
    Arc<Caches>: FromRef<S>,
{
    type Rejection = Page;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let chat = Chat::from_ref(state);
        let mut visit = Self {
            chat: chat.clone(),
            caller: Caller::of(parts),
            identities: Vec::new(),
            flash: None,
            made: None,
            clock: Clock::of_reader(wall(&parts.headers)),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            caches: Arc::from_ref(state),
            epoch: chat.epoch(),
        };
        match chat.identities(&visit.caller).await {
            Ok(identities) => visit.identities = identities,
            Err(error) => return Err(visit.refuse(error, None, None)),
        }
        let flashes = Arc::<Flashes>::from_ref(state);
        if let Some(id) = visit.query("flash") {
            visit.flash = flashes.find(id).await;
        }
        if let Some(id) = visit.query("made") {
            visit.made = flashes.take(id).await;
        }
        Ok(visit)
    }
}

/// The HTML of a document. Everything it needs is here already, so nothing in it waits.
fn render<V: IntoView + 'static>(
    frame: Frame,
    main: impl FnOnce() -> V + Send + 'static,
) -> String {
    html_of(|| view! { <Document frame>{main()}</Document> })
}

pub fn html_of<V: RenderHtml>(view: impl FnOnce() -> V) -> String {
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let html = owner.with(|| view().to_html());
    owner.unset_with_forced_cleanup();
    html
}
