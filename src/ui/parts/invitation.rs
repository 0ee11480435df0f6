//! An invitation to a room, ready for the clipboard.

use leptos::{prelude::*, task::spawn_local};

use super::Icon;
use crate::{
    domain::RoomId,
    ui::{browser, paths},
};

/// Under what this tab remembers keys.
const PLACE: &str = "latchkey:key:";

fn place(room: RoomId) -> String {
    format!("{PLACE}{room}")
}

/// Remembers a room's key in this tab alone, so that an invitation can carry it: right after the room was
/// created or joined is the only time it is known.
pub fn remember_key(room: RoomId, key: &str) {
    browser::remember(&place(room), Some(key));
}

/// The room's key, where this tab knows it.
fn known_key(room: RoomId) -> Option<String> {
    browser::recall(&place(room))
}

/// Forgets every room's key: whoever uses this browser next should not find them.
pub fn forget_keys() {
    browser::forget_all(PLACE);
}

/// Buttons that copy an invitation: "Copy link", and "Copy link with key" where this tab knows the key.
/// Without a script there is nothing to press, and the address bar does the same.
#[component]
pub fn InvitationCopy(room: RoomId, name: String) -> impl IntoView {
    let alive = browser::alive();
    let key = RwSignal::new(None);
    Effect::new(move |_| key.set(known_key(room)));
    let copied = RwSignal::new(None::<Result<&'static str, String>>);
    let copy = move |path: String, done: &'static str| {
        let link = browser::origin() + &path;
        spawn_local(async move {
            let worked = browser::copy(link.clone()).await;
            copied.set(Some(if worked { Ok(done) } else { Err(link) }));
        });
    };
    let link = paths::invite(&name);
    view! {
        <div class="invitation needs-script">
            <button
                type="button"
                class="quiet"
                disabled=move || !alive.get()
                on:click=move |_| copy(link.clone(), "Link copied. Hand the key over separately.")
            >
                {Icon::Link.view()}
                "Copy link"
            </button>
            {move || {
                let link = paths::invite_with_key(&name, &key.get()?);
                Some(
                    view! {
                        <button
                            type="button"
                            class="quiet"
                            on:click=move |_| {
                                copy(link.clone(), "Link copied. It carries the key: whoever has it can come in.")
                            }
                        >
                            {Icon::Key.view()}
                            "Copy link with key"
                        </button>
                    },
                )
            }}
            <p class="hint" role="status">
                {move || match copied.get()? {
                    Ok(done) => Some(done.into_any()),
                    // A page without TLS has no clipboard; the link can still be selected.
                    Err(link) => Some(view! { <code>{link}</code> }.into_any()),
                }}
            </p>
        </div>
    }
}
