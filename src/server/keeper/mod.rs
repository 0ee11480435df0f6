//! The keeper's pages: what whoever runs the server sees of it, and may do. No message can be read there.
//!
//! Each is a page of plain forms without a script, but for the first, whose script takes the code out of the link's
//! fragment and posts it. All that is done is logged.

mod answer;
mod deeds;
mod door;
mod parts;

use std::time::SystemTime;

use axum::{
    Router,
    extract::{Path, Query, Request, State, rejection::QueryRejection},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use tokio::task::spawn_blocking;

pub use self::parts::Keeper;
use self::{
    answer::{Page, at_the_door, form, refused},
    parts::Parts,
};
use super::{
    counts::{entries, refusals},
    proxies::Origin,
    store::{PAGE, UserId, Wanted},
};
use crate::{
    domain::{ApiError, Code, Folded, Millis, RoomName, Username},
    ui::pages::keeper::{self, Figures, Listed, NameRow, RoomRow, SessionRow},
};

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

impl Keeper {
    pub fn routes<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        Router::new()
            .route("/keeper", get(overview).post(come_in))
            .route("/keeper/rooms", get(rooms))
            .route("/keeper/names", get(names))
            .route("/keeper/names/{user}", get(name))
            .route("/keeper/{deed}", post(deeds::deed))
            .with_state(self)
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

fn millis(at: SystemTime) -> Millis {
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
