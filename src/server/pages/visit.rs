//! A request for a page, and the document that answers it.

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderValue, Response, StatusCode, header, request::Parts},
    response::{Html, IntoResponse},
};
use leptos::{nonce::Nonce, prelude::*};

use super::{
    cache::{Caches, StrangersKey, Unique},
    html::html_of,
};
use crate::{
    api::PlainPage,
    domain::{self, ApiError, Flash, History, Made, RoomSummary},
    server::{
        assets,
        counts::refusals,
        flashes::Flashes,
        guard,
        identity::{Caller, Me},
        request::wall,
        rooms::{Chat, Entered},
    },
    ui::{
        aim::Aim,
        document::{Document, Frame},
        pages::{
            app::{App, AppProps, First},
            not_found::{self, Refused, RefusedProps},
        },
        parts::{Clock, Reader},
        session::Plain,
    },
};

/// Characters of a room's last message that its row in a list may show.
const EXCERPT_CHARS: usize = 120;

pub type Page = Response<axum::body::Body>;

/// A request for a page: who asks, and what they asked with.
pub struct Visit {
    pub chat: Chat,
    pub caller: Caller,
    /// All identities that this browser holds.
    pub identities: Vec<Me>,
    /// What a refused plain form left behind.
    pub flash: Option<Flash>,
    /// What one that went well has made.
    pub made: Option<Made>,
    pub clock: Clock,
    pub query: String,
    pub caches: Arc<Caches>,
    /// Which life of the data it was when this was asked.
    pub epoch: String,
}

impl Visit {
    /// The identity of that name.
    ///
    /// # Errors
    /// `not_me` where this browser does not hold it.
    pub fn me(&self, name: &str) -> Result<&Me, ApiError> {
        Me::find(&self.identities, name).ok_or_else(ApiError::not_me)
    }

    /// What *me* is told who has not been here for long.
    pub fn warning(&self, me: &Me) -> Option<String> {
        let chat = &self.chat;
        chat.patience().warning(&me.name, chat.rest(me))
    }

    /// The identity of that name, and its rooms.
    ///
    /// # Errors
    /// Those of [`Self::me`], and of the store.
    pub async fn at_home(
        &self,
        chat: &Chat,
        name: &str,
    ) -> Result<(&Me, Vec<RoomSummary>), ApiError> {
        let me = self.me(name)?;
        Ok((me, chat.my_rooms(me).await?))
    }

    pub fn names(&self) -> Vec<String> {
        self.identities.iter().map(|me| me.name.clone()).collect()
    }

    /// The part of the page's query called `name`, as it is.
    pub fn query(&self, name: &str) -> Option<&str> {
        let pairs = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs
            .into_iter()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    pub fn render_room(
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
        let frame = self.frame(&room.name, Some(me), &unique.nonce);
        let first = First::Room {
            page: Box::new(domain::RoomPage {
                room,
                members,
                history,
                epoch: self.epoch.clone(),
            }),
            aim,
            sheet: unique.message,
            flash: self.flash.clone(),
        };
        let mut page = self.app(me, rooms, first);
        // What was refused is told in the message's row, which the question would cover.
        let refused = self.flash.as_ref().map(|flash| &*flash.form);
        if refused == Some("delete_message") {
            page.asked = None;
        }
        render(frame, move || App(page))
    }

    /// The pages of `me`, of which `first` was asked for.
    pub fn app(&self, me: &Me, mut rooms: Vec<RoomSummary>, first: First) -> AppProps {
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
    pub fn reader(&self, me: &Me) -> Reader {
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

    pub fn show_plain(
        &self,
        me: &Me,
        rooms: Vec<RoomSummary>,
        which: Plain,
        page: PlainPage,
    ) -> Page {
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
    pub fn show_anyone<V: IntoView + 'static>(
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
    pub fn show<V: IntoView + 'static>(
        &self,
        title: &str,
        me: Option<&Me>,
        main: impl FnOnce() -> V + Send + 'static,
    ) -> Page {
        let nonce = Nonce::new();
        let html = render(self.frame(title, me, &nonce), main);
        self.answer(html, &nonce, me)
    }

    pub fn frame(&self, title: &str, me: Option<&Me>, nonce: &Nonce) -> Frame {
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
    pub fn answer(&self, html: String, nonce: &Nonce, me: Option<&Me>) -> Page {
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
    pub fn refuse(&self, error: ApiError, me: Option<String>, room: Option<String>) -> Page {
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

/// The HTML of a document.
fn render<V: IntoView + 'static>(
    frame: Frame,
    main: impl FnOnce() -> V + Send + 'static,
) -> String {
    html_of(|| view! { <Document frame>{main()}</Document> })
}
