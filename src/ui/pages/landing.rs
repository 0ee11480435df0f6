//! The start: claim a username, or go on under one that this browser holds.

use leptos::prelude::*;

use crate::{
    domain::Flash,
    ui::{
        parts::{ClaimForm, Doorway, Face},
        paths,
    },
};

#[component]
pub fn LandingPage(names: Vec<String>, flash: Option<Flash>) -> impl IntoView {
    view! {
        <main id="main" class="landing" tabindex="-1">
            <div class="threshold">
                <Doorway />
            </div>
            <div class="welcome">
                <h1>"A name, a key, a room."</h1>
                <p class="lede">
                    "Claim a name, open a room, and hand its key to whom you want inside. No account, no address."
                </p>
                {(!names.is_empty()).then(|| view! { <YourNames names /> })}
                <ClaimForm flash />
                <p class="hint">
                    "Is a name yours already? " <a href=paths::sign_in()>"Sign in"</a>
                </p>
            </div>
        </main>
    }
}

#[component]
fn YourNames(names: Vec<String>) -> impl IntoView {
    let link = |name: String| {
        view! {
            <li>
                <a href=paths::dashboard(&name)>
                    <Face name=&name />
                    <span class="clip">{format!("@{name}")}</span>
                </a>
            </li>
        }
    };
    view! {
        <section class="held">
            <h2 id="held">"Your names"</h2>
            <ul aria-labelledby="held">{names.into_iter().map(link).collect_view()}</ul>
        </section>
    }
}
