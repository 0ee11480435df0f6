//! A sentence that outlives the page it is about: why someone was brought to another one.

use std::time::Duration;

use leptos::prelude::*;

/// Long enough to be read after a page has changed under the reader.
const SHOWN: Duration = Duration::from_secs(10);

#[derive(Clone, Copy)]
struct Said(RwSignal<Option<String>>);

/// Makes room for notices. Called once, by the app.
pub fn provide_notice() {
    provide_context(Said(RwSignal::new(None)));
}

/// Shows a sentence on whatever page comes next.
pub fn announce(sentence: String) {
    if let Some(Said(said)) = use_context::<Said>() {
        said.set(Some(sentence));
    }
}

/// Where notices appear.
#[component]
pub fn Notice() -> impl IntoView {
    let Said(said) = expect_context();
    Effect::new(move || {
        if said.read().is_some()
            && let Ok(timer) = set_timeout_with_handle(move || said.set(None), SHOWN)
        {
            on_cleanup(move || timer.clear());
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
