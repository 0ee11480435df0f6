//! The start: claim a username, or go on under one that this browser holds.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_navigate;

use crate::ui::{
    parts::{ClaimForm, Door, PageLink, use_names},
    paths,
};

#[component]
pub fn LandingPage() -> impl IntoView {
    let names = use_names();
    let navigate = use_navigate();
    view! {
        <Title text="" />
        <main id="main" class="landing" tabindex="-1">
            <div class="threshold">
                <Door />
            </div>
            <div class="welcome">
                <h1>"A name, a key, a room."</h1>
                <p class="lede">
                    "Claim a name, open a room, and hand its key to whom you want inside. No account, no address."
                </p>
                <Suspense>
                    {move || Suspend::new(async move {
                        let names = names.await.unwrap_or_default();
                        (!names.is_empty()).then(|| view! { <YourNames names /> })
                    })}
                </Suspense>
                <ClaimForm done=move |name: String| {
                    names.refetch();
                    navigate(&paths::dashboard(&name), Default::default());
                } />
            </div>
        </main>
    }
}

#[component]
fn YourNames(names: Vec<String>) -> impl IntoView {
    view! {
        <section class="held">
            <h2 id="held">"Your names"</h2>
            <ul aria-labelledby="held">
                {names
                    .into_iter()
                    .map(|name| {
                        view! {
                            <li>
                                <PageLink href=paths::dashboard(&name)>
                                    <span class="clip">{format!("@{name}")}</span>
                                </PageLink>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </section>
    }
}
