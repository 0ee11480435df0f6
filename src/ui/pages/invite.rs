//! The invite page.

use leptos::prelude::*;

#[component]
pub fn InvitePage(name: String) -> impl IntoView {
    _ = name;
    view! { <main id="main" tabindex="-1"></main> }
}
