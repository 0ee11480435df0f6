//! Where a sentence about what has just happened appears, and what is announced to everybody.

use std::time::Duration;

use leptos::prelude::*;

use crate::ui::notices;

/// Long enough to be read after a page has changed under the reader.
const SHOWN: Duration = Duration::from_secs(10);

/// Where notices appear. `announced` is what everybody was told as the page was made.
#[island]
pub fn Notice(announced: Option<String>) -> impl IntoView {
    let (said, announced) = (ArcRwSignal::new(None), ArcRwSignal::new(announced));
    Effect::new({
        let (said, announced) = (said.clone(), announced.clone());
        move || notices::show_in(said.clone(), announced.clone())
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
        <div role="status">
            {move || {
                announced
                    .get()
                    .map(|text| {
                        view! {
                            <p class="warning" dir="auto">
                                {text}
                            </p>
                        }
                    })
            }}
        </div>
    }
}
