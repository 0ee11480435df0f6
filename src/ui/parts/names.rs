//! The usernames that this browser holds, read once for the whole app.

use leptos::prelude::*;

use crate::{api, domain::ApiError};

/// The names that this browser holds. [`refetch`](Resource::refetch) after one was claimed or given up.
pub type Names = Resource<Result<Vec<String>, ApiError>>;

/// Starts reading the names. Called once, by the app.
pub fn provide_names() {
    provide_context::<Names>(Resource::new_blocking(|| (), |()| api::my_names()));
}

/// The names, from anywhere in the app.
pub fn use_names() -> Names {
    expect_context()
}
