//! What taps on the shoulder: of what in a room, and by which means. Nothing is on before somebody presses it.

use leptos::{html, prelude::*, task::spawn_local};

use super::Icon;
use crate::{
    domain::RoomId,
    ui::session::{Means, Session, Wanted},
};

/// Buttons "Notifications" and "Sound", pressed where they are on; and for a room the choice "Tell me about".
#[component]
pub fn Taps(session: Session, room: Option<RoomId>) -> impl IntoView {
    let why = RwSignal::new(None);
    let switch = move |means: Means, icon: Icon, name: &'static str| {
        let press = move |_| spawn_local(async move { why.set(session.switch(means).await) });
        view! {
            <button
                type="button"
                class="quiet"
                aria-pressed=move || session.is_told_by(means).to_string()
                on:click=press
            >
                {icon.view()}
                {name}
            </button>
        }
    };
    view! {
        <div class="taps needs-script">
            {room.map(|room| view! { <Choice session room /> })}
            {switch(Means::Notifications, Icon::Bell, "Notifications")}
            {switch(Means::Sound, Icon::Sound, "Sound")}
            <p class="hint" role="status">
                {why}
            </p>
        </div>
    }
}

#[component]
fn Choice(session: Session, room: RoomId) -> impl IntoView {
    let select = NodeRef::<html::Select>::new();
    Effect::new(move || {
        if let Some(select) = select.get() {
            select.set_value(session.wants(room).name());
        }
    });
    // In a form of its own: where a field in none has changed, a browser that fills in forms looks at all that are in
    // none, and works out the rooms that are hidden for that.
    view! {
        <form>
            <label>
                "Tell me about"
                <select
                    node_ref=select
                    on:change=move |event| session.want(room, Wanted::of(&event_target_value(&event)))
                >
                    <option value=Wanted::Everything.name()>"everything said here"</option>
                    <option value=Wanted::Mentions.name() selected>
                        "what names me"
                    </option>
                    <option value=Wanted::Nothing.name()>"nothing, not even on the tab"</option>
                </select>
            </label>
        </form>
    }
}
