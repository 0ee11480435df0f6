//! A room: its conversation, composer and members.

use leptos::prelude::*;
use leptos_meta::Title;

/// The room called `name`, as `me` sees it.
#[component]
pub fn RoomPage(me: String, name: String) -> impl IntoView {
    _ = me;
    view! {
        <Title text=name.clone() />
        <main id="main" tabindex="-1">
            <h1>{name}</h1>
        </main>
    }
}
