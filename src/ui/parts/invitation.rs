//! An invitation to a room, ready for the clipboard.

use leptos::{either::Either, prelude::*, task::spawn_local};

use super::Icon;
use crate::{
    domain::RoomId,
    ui::{browser, paths, session::Conversation},
};

/// Under what this tab remembers keys.
const PLACE: &str = "latchkey:key:";

fn place(what: impl std::fmt::Display) -> String {
    format!("{PLACE}{what}")
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

/// Remembers the key that an invitation brought along for as long as its page is being dealt with: a name may
/// have to be claimed first, which loads the page again.
pub fn keep_invited_key(key: &str) {
    browser::remember(&place(browser::path()), Some(key));
}

/// The key that came with the invitation that this page is, where one did.
pub fn invited_key() -> Option<String> {
    browser::recall(&place(browser::path()))
}

/// Forgets every room's key: whoever uses this browser next should not find them.
pub fn forget_keys() {
    browser::forget_all(PLACE);
}

/// Buttons that copy an invitation: "Copy link", and "Copy link with key" where this tab knows the key.
/// Without a script there is nothing to press, and the address bar does the same.
#[component]
pub fn InvitationCopy(conversation: Conversation) -> impl IntoView {
    let name = conversation.room.with_value(|room| room.name.clone());
    let alive = browser::alive();
    let key = RwSignal::new(None);
    Effect::new(move || key.set(known_key(conversation.id())));
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
                {move || {
                    copied
                        .get()
                        .map(|copied| match copied {
                            Ok(done) => Either::Left(done),
                            // A page without TLS has no clipboard; the link can still be selected.
                            Err(link) => Either::Right(view! { <code>{link}</code> }),
                        })
                }}
            </p>
        </div>
    }
}
