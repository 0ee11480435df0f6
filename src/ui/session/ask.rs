//! Calls server functions from the browser, without a form.

use leptos::server_fn::ServerFn;
use serde::de::DeserializeOwned;
use web_sys::UrlSearchParams;

use crate::{domain::ApiError, ui::browser};

/// What the server function `F` answers.
///
/// # Errors
/// What it refuses with; `offline` where the server cannot be reached.
pub async fn ask<F>(arguments: &[(&str, &str)]) -> Result<F::Output, ApiError>
where
    F: ServerFn<Error = ApiError>,
    F::Output: DeserializeOwned,
{
    let fields = UrlSearchParams::new().map_err(|_| ApiError::unavailable())?;
    for (name, value) in arguments {
        fields.append(name, value);
    }
    let answer = browser::post(F::PATH, &fields)
        .await
        .map_err(|_| ApiError::offline())?;
    if answer.ok {
        serde_json::from_str(&answer.text).map_err(|_| ApiError::unavailable())
    } else {
        Err(serde_json::from_str(&answer.text).unwrap_or_else(|_| ApiError::unavailable()))
    }
}
