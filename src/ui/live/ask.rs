//! Calls server functions from the browser, without a form.

use leptos::server_fn::ServerFn;
use serde::de::DeserializeOwned;
use web_sys::UrlSearchParams;

use crate::{domain::ApiError, ui::browser};

/// What the server function `F` answers; `None` where it refuses or cannot be reached. Its answers only
/// bring a page up to date, so that an error has nobody to be shown to.
pub async fn ask<F>(arguments: &[(&str, &str)]) -> Option<F::Output>
where
    F: ServerFn<Error = ApiError>,
    F::Output: DeserializeOwned,
{
    let fields = UrlSearchParams::new().ok()?;
    for (name, value) in arguments {
        fields.append(name, value);
    }
    let answer = browser::post(F::PATH, &fields).await.ok()?;
    serde_json::from_str(&answer.text)
        .ok()
        .filter(|_| answer.ok)
}
