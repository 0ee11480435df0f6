//! The keeper's pages: what whoever runs the server sees of it, and may do. No message can be read there.
//!
//! Each is a page of plain forms without a script, but for the first, whose script takes the code out of the link's
//! fragment and posts it. All that is done is logged.

mod deeds;
mod door;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, Query, Request, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    response::{Html, IntoResponse, Redirect},
    routing::{get, post},
};
use leptos::{nonce::Nonce, prelude::*};
use tokio::{task::spawn_blocking, time::timeout};

use self::door::Door;
use super::{
    assets,
    counts::{entries, refusals},
    guard,
    metrics::Files,
    pages::html_of,
    proxies::Origin,
    request::wall,
    rooms::Chat,
    store::{PAGE, UserId, Wanted},
};
use crate::{
    domain::{ApiError, Code, Folded, Millis, RoomName, Username},
    ui::{
        pages::keeper::{self, Figures, Frame, Listed, NameRow, RoomRow, SessionRow},
        parts::Clock,
    },
};

/// Bytes of a form at most, and how long it may take.
const FORM_BYTES: usize = 8 * 1024;
const FORM_TIME: Duration = Duration::from_secs(10);

/// What tells of trouble, of all that may be refused.
const TOLD: [Code; 10] = [
    Code::TooFast,
    Code::WrongKey,
    Code::WrongPassphrase,
    Code::WrongPass,
    Code::NotMe,
    Code::CrossOrigin,
    Code::BadRequest,
    Code::BodyTooLong,
    Code::StorageFull,
    Code::Unavailable,
];

/// What the keeper looks after.
#[derive(Clone)]
pub struct Keeper(Arc<Parts>);

struct Parts {
    chat: Chat,
    files: Files,
    started: SystemTime,
    door: Door,
}

type Page = Response<Body>;

impl Keeper {
    /// Answers the code that lets the keeper in, too.
    ///
    /// # Errors
    /// `unavailable` where the system gives no randomness.
    pub fn new(chat: Chat, files: Files, started: SystemTime) -> Result<(Self, String), ApiError> {
        let (door, code) = Door::new()?;
        let parts = Parts {
            chat,
            files,
            started,
            door,
        };
        Ok((Self(Arc::new(parts)), code))
    }

    pub fn routes<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        Router::new()
            .route("/keeper", get(overview).post(come_in))
            .route("/keeper/rooms", get(rooms))
            .route("/keeper/names", get(names))
            .route("/keeper/names/{user}", get(name))
            .route("/keeper/{deed}", post(deeds::deed))
            .with_state(self)
    }

    /// A page, for the keeper; for anybody else the door.
    async fn show<V: IntoView + 'static>(
        &self,
        headers: &HeaderMap,
        page: impl AsyncFnOnce(Clock) -> Result<V, ApiError>,
    ) -> Page {
        if !self.0.door.is_inside(headers) {
            return at_the_door(None);
        }
        match page(Clock::of_reader(wall(headers))).await {
            Ok(page) => answer(None, page.into_any()),
            Err(error) => refused(error),
        }
    }
}

async fn overview(State(keeper): State<Keeper>, headers: HeaderMap) -> Page {
    keeper
        .show(&headers, async |clock| {
            let figures = keeper.figures().await?;
            Ok(keeper::overview(figures, clock))
        })
        .await
}

impl Keeper {
    async fn figures(&self) -> Result<Figures, ApiError> {
        let Parts {
            chat,
            files,
            started,
            ..
        } = &*self.0;
        let totals = chat.store().totals().await?;
        let files = files.clone();
        let found = spawn_blocking(move || files.look())
            .await
            .unwrap_or_default();
        let up = started.elapsed().unwrap_or_default();
        let entries: Vec<_> = entries::all().collect();
        let refusals = TOLD
            .into_iter()
            .map(|code| (code.to_string(), refusals::of(code)));
        Ok(Figures {
            online: chat.live().people(),
            sockets: chat.sockets().count(),
            names: totals.names,
            sessions: totals.sessions,
            rooms: totals.rooms,
            up,
            messages: entries.first().map_or(0, |(_, count)| *count),
            changes: entries.iter().map(|(_, count)| count).sum(),
            refusals: refusals.filter(|(_, count)| *count > 0).collect(),
            data: found.bytes,
            free: found.free,
            backup: found.backup.map(|at| at.map(millis)),
            announced: chat.live().notice(),
        })
    }
}

/// Which part of a list is asked for.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Asked {
    named: String,
    before: Option<i64>,
}

impl Asked {
    /// `fold` is how what they are called is compared.
    fn wanted(
        &self,
        fold: impl FnOnce(&str) -> Result<Folded, ApiError>,
    ) -> Result<Wanted, ApiError> {
        let begins = match self.named.trim() {
            "" => String::new(),
            named => fold(named)?.as_str().to_owned(),
        };
        let before = self.before;
        Ok(Wanted { begins, before })
    }
}

/// What a page shows of what was found for it, and where the next one begins, where there is more.
fn cut<T>(mut found: Vec<T>, id: impl FnOnce(&T) -> i64) -> (Vec<T>, Option<i64>) {
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().filter(|_| more).map(id);
    (found, next)
}

async fn rooms(
    State(keeper): State<Keeper>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Page {
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    keeper
        .show(&headers, async |clock| {
            let chat = &keeper.0.chat;
            let wanted = asked.wanted(|named| Ok(RoomName::parse(named)?.folded()))?;
            let found = chat.store().room_figures(wanted).await?;
            let (found, next) = cut(found, |room| room.id);
            let rows: Vec<RoomRow> = found
                .into_iter()
                .map(|room| RoomRow {
                    id: room.id,
                    online: chat.live().online(room.id),
                    name: room.name,
                    owner: room.owner,
                    members: room.members,
                    said: room.said,
                    bytes: room.said.saturating_mul(room.bytes_each),
                    last: room.last,
                })
                .collect();
            let listed = Listed {
                named: asked.named,
                next,
                rows,
            };
            Ok(keeper::rooms(listed, clock))
        })
        .await
}

async fn names(
    State(keeper): State<Keeper>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Page {
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    keeper
        .show(&headers, async |clock| {
            let chat = &keeper.0.chat;
            let wanted = asked.wanted(|named| Ok(Username::parse(named)?.folded()))?;
            let found = chat.store().name_figures(wanted).await?;
            let (found, next) = cut(found, |name| name.id);
            let online = chat.live().who_is_online(found.iter().map(|name| name.id));
            let rows = found.into_iter().zip(online).map(row_of).collect();
            let listed = Listed {
                named: asked.named,
                next,
                rows,
            };
            Ok(keeper::names(listed, clock))
        })
        .await
}

fn row_of((name, online): (super::store::NameFigures, bool)) -> NameRow {
    NameRow {
        id: name.id,
        name: name.name,
        since: name.since,
        used: name.used,
        sessions: name.sessions,
        rooms: name.rooms,
        online,
    }
}

async fn name(
    State(keeper): State<Keeper>,
    headers: HeaderMap,
    user: Option<Path<UserId>>,
) -> Page {
    keeper
        .show(&headers, async |clock| {
            let nobody = || ApiError::bad_request("Nobody holds that name any more.");
            let Path(user) = user.ok_or_else(nobody)?;
            let chat = &keeper.0.chat;
            let found = chat.store().figures_of(user).await?.ok_or_else(nobody)?;
            let online = chat.live().who_is_online([user]).contains(&true);
            let sessions = chat.store().sessions(user).await?.into_iter();
            let sessions = sessions.map(|held| SessionRow {
                id: held.id,
                since: held.since,
                last: held.last,
                browser: held.browser,
            });
            Ok(keeper::name(
                row_of((found, online)),
                sessions.collect(),
                clock,
            ))
        })
        .await
}

/// Takes the code, wherever it comes from.
async fn come_in(State(keeper): State<Keeper>, request: Request) -> Page {
    let origin = Origin::of(request.extensions());
    let form = match form(request).await {
        Ok(form) => form,
        Err(error) => return refused(error),
    };
    let limits = keeper.0.chat.limits();
    // No name is called that.
    let target = "\0keeper";
    if let Err(error) = limits.guess(target, origin.address) {
        return at_the_door(Some(error));
    }
    let code = form.get("code").map_or("", String::as_str);
    match keeper.0.door.open(code, origin.https) {
        Ok(Some(cookie)) => {
            limits.guess_was_right(target, origin.address);
            tracing::info!(address = %origin.address, "the keeper came in");
            let mut page = Redirect::to("/keeper").into_response();
            page.headers_mut().insert(header::SET_COOKIE, cookie);
            page
        }
        Ok(None) => {
            tracing::warn!(address = %origin.address, "a wrong code for the keeper's page");
            let why = "That is not the code. The newest is where the server was started last.";
            at_the_door(Some(ApiError::new(Code::WrongPass, why)))
        }
        Err(error) => at_the_door(Some(error)),
    }
}

/// A form's fields, from this site.
async fn form(request: Request) -> Result<BTreeMap<String, String>, ApiError> {
    guard::same_origin(request.headers(), &Origin::of(request.extensions()))?;
    let body = timeout(FORM_TIME, to_bytes(request.into_body(), FORM_BYTES)).await;
    let body = body
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| ApiError::bad_request("That form is too long, or came too slowly."))?;
    serde_qs::from_bytes(&body).map_err(|_| ApiError::bad_request("That is no form."))
}

/// The page that asks for the code.
fn at_the_door(error: Option<ApiError>) -> Page {
    let status = match &error {
        Some(error) => StatusCode::from(error.code),
        None => StatusCode::OK,
    };
    let nonce = Nonce::new();
    let retry = error.as_ref().and_then(|error| error.retry_after);
    let why = error.map(|error| error.message);
    let mut page = answer(Some(&nonce), keeper::door(why).into_any());
    *page.status_mut() = status;
    if let Some(seconds) = retry {
        page.headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    page
}

fn refused(error: ApiError) -> Page {
    let status = StatusCode::from(error.code);
    let mut page = answer(None, keeper::refused(error.message).into_any());
    *page.status_mut() = status;
    page
}

/// A document. Only the door has a script, with that nonce.
fn answer(nonce: Option<&Nonce>, main: AnyView) -> Page {
    let frame = Frame {
        css: assets::entry_points().css.clone(),
        nonce: nonce.map(Nonce::to_string),
    };
    let html = html_of(|| keeper::document(frame, main));
    let mut page = Html(html).into_response();
    let script = nonce.map_or("'none'".to_owned(), |nonce| format!("'nonce-{nonce}'"));
    let policy = format!(
        "default-src 'none'; script-src {script}; style-src 'self'; img-src 'self' data:; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    let headers = page.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    page
}

fn millis(at: SystemTime) -> Millis {
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
