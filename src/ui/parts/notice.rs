//! A sentence that outlives the page it is about: why someone was brought to another one.

use std::time::Duration;

use leptos::prelude::*;

use crate::ui::browser;

/// Long enough to be read after a page has changed under the reader.
const SHOWN: Duration = Duration::from_secs(10);
/// Under what this tab remembers the sentence from one page to the next.
const PLACE: &str = "latchkey:notice";

/// Leaves a sentence for the page that comes next.
pub fn leave(sentence: &str) {
    browser::remember(PLACE, Some(sentence));
}

/// Where notices appear.
#[island]
pub fn Notice() -> impl IntoView {
    let said = RwSignal::new(None);
    Effect::new(move || {
        if let Some(sentence) = browser::recall(PLACE) {
            browser::remember(PLACE, None);
            said.set(Some(sentence));
            set_timeout(move || said.set(None), SHOWN);
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
