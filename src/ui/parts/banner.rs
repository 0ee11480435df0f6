//! Says that the page is cut off from the server, once that is worth saying.

use std::time::Duration;

use leptos::prelude::*;

use crate::ui::session::State;

/// Shorter breaks go unnoticed.
const PATIENCE: Duration = Duration::from_secs(2);

/// Status, empty while all is well. `link` is how the socket is, and `meanwhile` what that means for the page.
#[component]
pub fn CutOff(link: RwSignal<State>, meanwhile: &'static str) -> impl IntoView {
    let cut_off = Memo::new(move |_| link.get() != State::Open);
    let lasting = RwSignal::new(false);
    Effect::new(move || {
        if !cut_off.get() {
            lasting.set(false);
            return;
        }
        let still = move || lasting.set(true);
        if let Ok(timer) = set_timeout_with_handle(still, PATIENCE) {
            on_cleanup(move || timer.clear());
        }
    });
    view! {
        <div class="banner" role="status">
            {move || {
                lasting
                    .get()
                    .then(|| {
                        let what = if link.get() == State::Offline { "You are offline." } else { "Reconnecting…" };
                        view! {
                            <p>
                                <b>{what}</b>
                                {meanwhile}
                            </p>
                        }
                    })
            }}
        </div>
    }
}
