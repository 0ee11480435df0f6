//! The dashboard page.

use leptos::prelude::*;

#[component]
pub fn DashboardPage(me: String) -> impl IntoView {
    _ = me;
    view! { <main id="main" tabindex="-1"></main> }
}
