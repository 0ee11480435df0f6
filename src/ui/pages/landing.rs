//! The landing page.

use leptos::prelude::*;

#[component]
pub fn LandingPage() -> impl IntoView {
    view! { <main id="main" tabindex="-1"></main> }
}
