//! Where a sentence about what has just happened appears.

use std::time::Duration;

use leptos::prelude::*;

use crate::ui::notices;

/// Long enough to be read after a page has changed under the reader.
const SHOWN: Duration = Duration::from_secs(10);

/// Where notices appear.
#[island]
pub fn Notice() -> impl IntoView {
    let said = ArcRwSignal::new(None);
    Effect::new({
        let said = said.clone();
        move || notices::show_in(said.clone())
    });
    let said = RwSignal::from(said);
    Effect::new(move || {
        if said.read().is_some()
            && let Ok(over) = set_timeout_with_handle(move || said.set(None), SHOWN)
        {
            on_cleanup(move || over.clear());
        }
    });
    view! {
        <div class="notice" role="status">
            {move || {
                said.get()
                    .map(|sentence| {
                        view! {
                            <p>{sentence}</p>
                            <button type="button" class="quiet" on:click=move |_| said.set(None)>
                                "Dismiss"
                            </button>
                        }
                    })
            }}
        </div>
    }
}
