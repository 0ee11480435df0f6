//! What a plain form left behind when it was refused, for as long as its page is shown.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{domain::Flash, ui::browser};

#[derive(Clone, Copy)]
struct Flashed(StoredValue<Option<Flash>>);

/// Takes over what the server knows of a refused form. Called once, by the app.
pub fn provide_flash() {
    let flash = SharedValue::new(use_context::<Flash>).into_inner();
    // Shown once: neither a reload nor a bookmark should bring it back.
    if flash.is_some() {
        Effect::new(|_| browser::drop_query());
    }
    provide_context(Flashed(StoredValue::new(flash)));
}

/// Forgets the refusal when the reader goes to another page. Called once, inside the router.
pub fn forget_flash_on_leaving() {
    let path = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now)
            && let Some(Flashed(flash)) = use_context::<Flashed>()
        {
            flash.set_value(None);
        }
        now
    });
}

/// The refusal of the form that posts to the endpoint `form`, where that is why the page is shown.
pub fn flash(form: &str) -> Option<Flash> {
    use_context::<Flashed>()?
        .0
        .get_value()
        .filter(|flash| flash.form == form)
}
