//! What was refused, by its code: over HTTP, on pages and on live sockets.

use std::{
    fmt::{self, Write},
    sync::LazyLock,
};

use axum::{
    body::{Body, to_bytes},
    http::Response,
};
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::{counter::Counter, family::Family},
};

use crate::domain::{ApiError, Code};

/// Bytes of an error at most.
const ERROR_BYTES: usize = 16 * 1024;

pub type Refusals = Family<Refusal, Counter>;

static REFUSALS: LazyLock<Refusals> = LazyLock::new(|| {
    let all = Refusals::default();
    // A rate begins with the second value: these are waited for.
    for code in [Code::TooFast, Code::StorageFull, Code::Unavailable] {
        drop(all.get_or_create(&Refusal { code: Label(code) }));
    }
    all
});

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Refusal {
    code: Label,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Label(Code);

impl EncodeLabelValue for Label {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> Result<(), fmt::Error> {
        write!(encoder, "{}", self.0)
    }
}

pub fn count(code: Code) {
    REFUSALS.get_or_create(&Refusal { code: Label(code) }).inc();
}

/// How often that was the answer.
pub fn of(code: Code) -> u64 {
    let counted = REFUSALS.get(&Refusal { code: Label(code) });
    counted.map_or(0, |count| count.get())
}

pub fn all() -> Refusals {
    REFUSALS.clone()
}

/// Counts a server function's answer where it is an error. The framework makes some of them by itself, so they are
/// looked at on their way out.
pub async fn look_at(answer: Response<Body>) -> Response<Body> {
    if !answer.status().is_client_error() && !answer.status().is_server_error() {
        return answer;
    }
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, ERROR_BYTES).await.unwrap_or_default();
    if let Ok(error) = serde_json::from_slice::<ApiError>(&body) {
        count(error.code);
    }
    Response::from_parts(parts, body.into())
}
