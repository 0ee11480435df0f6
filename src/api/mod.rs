//! The server functions: what a browser, a plain form or a bot can ask over HTTP, one file a noun.
//!
//! Each is thin: find out who asks, parse the arguments into domain types, call the server, answer.
//!
//! Whatever is changed by a call with an `id` (UUID) is changed once, however often that call is repeated. What is done in
//! a room takes it as an argument and keeps it; for the rest it is looked at before the call, by the server's `repeats`.

mod claims;
mod invites;
mod messages;
mod passkeys;
mod plain;
mod room_settings;
mod rooms;
mod search;
mod sessions;

pub use claims::*;
pub use invites::*;
pub use messages::*;
pub use passkeys::*;
pub use plain::*;
pub use room_settings::*;
pub use rooms::*;
pub use search::*;
pub use sessions::*;

#[cfg(feature = "ssr")]
use crate::{domain::ApiError, server::Request};

/// Runs one server function's work for the request at hand and puts an error's status on the response.
///
/// # Errors
/// Those of `work`; [`crate::domain::Code::Unavailable`] outside a request.
#[cfg(feature = "ssr")]
async fn answer<T>(work: impl AsyncFnOnce(&Request) -> Result<T, ApiError>) -> Result<T, ApiError> {
    let request = leptos::prelude::use_context::<Request>().ok_or_else(ApiError::unavailable)?;
    let result = work(&request).await;
    if let Err(error) = &result {
        request.respond_with_error(error);
    }
    result
}
