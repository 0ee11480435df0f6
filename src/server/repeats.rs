//! Changes that are asked for twice. Who has not heard the answer asks again with the same `id`. What is done in a room is
//! told by it where it is written; all else is told by it here: for some minutes the same request of the same browser is
//! given the same answer (as by the IETF's draft-ietf-httpapi-idempotency-key-header).

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, to_bytes},
    extract::{Request as HttpRequest, State},
    http::{HeaderValue, Response, header, request::Parts},
    middleware::Next,
    response::IntoResponse,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex as Turn;
use uuid::{Builder, Uuid};

use super::{identity::Caller, kept::Kept, store::SharedStore};
use crate::domain::{ApiError, Username};

/// What is told by its `id` here.
const CALLS: [&str; 9] = [
    "claim_username",
    "create_room",
    "delete_room",
    "give_up_username",
    "leave_room",
    "log_out",
    "new_invite",
    "new_pass",
    "use_pass",
];

/// After these a browser does not hold the name any more, and there is no secret in the answer.
const FAREWELLS: [&str; 2] = ["give_up_username", "log_out"];

/// An answer is kept for as long, and for twice as long at most.
const TIME: Duration = Duration::from_secs(600);

/// What was answered.
pub struct Repeats {
    answers: Kept,
    /// Those with cookies. What proves a name is never written down, and so they are known to this process alone.
    with_cookies: Kept,
    /// A repeat that comes before the answer waits for it.
    turns: Mutex<HashMap<Key, Arc<Turn<()>>>>,
}

/// What is the same in the same request: all of it, and whose it is.
type Key = [u8; 32];

#[derive(Serialize, Deserialize)]
struct Answer {
    body: String,
    cookies: Vec<String>,
}

impl Repeats {
    /// `shared` is the store where several processes serve it.
    pub fn new(shared: Option<Arc<dyn SharedStore>>) -> Self {
        Self {
            answers: Kept::new(2 * TIME, shared),
            with_cookies: Kept::new(2 * TIME, None),
            turns: Mutex::default(),
        }
    }

    async fn answer(&self, key: Key, run: impl Future<Output = Response<Body>>) -> Response<Body> {
        let turn = Arc::clone(self.turns().entry(key).or_default());
        let mine = turn.lock().await;
        let response = match self.find(&key).await {
            Some(answer) => answer.into_response(),
            None => self.keep(&key, run.await).await,
        };
        drop(mine);
        let mut turns = self.turns();
        // This one and that in the map: nobody else waits.
        if Arc::strong_count(&turn) == 2 {
            turns.remove(&key);
        }
        response
    }

    async fn find(&self, key: &Key) -> Option<Answer> {
        for id in numbers(key) {
            let kept = match self.with_cookies.find(id).await {
                Some(kept) => Some(kept),
                None => self.answers.find(id).await,
            };
            if let Some(kept) = kept {
                return serde_json::from_str(&kept).ok();
            }
        }
        None
    }

    /// Keeps what went well.
    async fn keep(&self, key: &Key, response: Response<Body>) -> Response<Body> {
        if !response.status().is_success() {
            return response;
        }
        let (parts, body) = response.into_parts();
        let Ok(body) = to_bytes(body, usize::MAX).await else {
            return ApiError::unavailable().into_response();
        };
        let cookies = parts.headers.get_all(header::SET_COOKIE).iter();
        let answer = Answer {
            body: String::from_utf8_lossy(&body).into_owned(),
            cookies: cookies
                .filter_map(|cookie| cookie.to_str().ok().map(str::to_owned))
                .collect(),
        };
        let place = match answer.cookies.is_empty() {
            true => &self.answers,
            false => &self.with_cookies,
        };
        let [now, _] = numbers(key);
        let kept = serde_json::to_string(&answer).unwrap_or_default();
        place.put_as(now, kept).await;
        Response::from_parts(parts, Body::from(body))
    }

    fn turns(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Arc<Turn<()>>>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response<Body> {
        let json = HeaderValue::from_static("application/json");
        let mut response = ([(header::CONTENT_TYPE, json)], self.body).into_response();
        for cookie in self.cookies {
            if let Ok(cookie) = HeaderValue::try_from(cookie) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
        }
        response
    }
}

/// Runs a call, or answers what was answered to it before.
pub async fn once(
    State(repeats): State<Arc<Repeats>>,
    request: HttpRequest,
    next: Next,
) -> Response<Body> {
    let name = request.uri().path().strip_prefix("/api/");
    let Some(name) = CALLS.into_iter().find(|call| name == Some(*call)) else {
        return next.run(request).await;
    };
    let (parts, body) = request.into_parts();
    // The front door has bounded it.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return ApiError::unavailable().into_response();
    };
    let key = key(name, &parts, &body);
    let run = next.run(HttpRequest::from_parts(parts, Body::from(body)));
    let Some(key) = key else {
        return run.await;
    };
    // To its end also where the browser waits no longer: it will ask again.
    let answer = tokio::spawn(async move { repeats.answer(key, run).await });
    answer
        .await
        .unwrap_or_else(|_| ApiError::unavailable().into_response())
}

/// What a call is told by, where it has an `id`.
fn key(name: &str, parts: &Parts, body: &[u8]) -> Option<Key> {
    let fields: BTreeMap<String, String> = serde_qs::from_bytes(body).ok()?;
    fields.get("id")?.parse::<Uuid>().ok()?;
    let caller = Caller::of(parts);
    let whose = match fields.get("me") {
        Some(me) if !FAREWELLS.contains(&name) => {
            let me = Username::parse(me).ok()?;
            caller.cookie_for(&me)?.token.clone()
        }
        _ => format!("{} {}", caller.address, caller.browser()),
    };
    let mut hash = Sha256::new();
    for part in [name.as_bytes(), whose.as_bytes(), body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Some(hash.finalize().into())
}

/// The number that an answer is kept under now, and the one that it may have been kept under a while ago.
fn numbers(key: &Key) -> [Uuid; 2] {
    let time = TIME.as_millis() as u64;
    let window = Builder::from_unix_timestamp_millis;
    let mut random = [0; 10];
    random.copy_from_slice(&key[..10]);
    let now = u64::try_from(super::store::now()).unwrap_or_default() / time;
    [now, now.saturating_sub(1)].map(|it| window(it * time, &random).into_uuid())
}
