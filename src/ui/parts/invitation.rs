//! An invitation to a room, ready for the clipboard.

use leptos::{either::Either, prelude::*, task::spawn_local};

use super::Icon;
use crate::{
    domain::{RoomId, invite::MARK},
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
    // An invite is good for a while, and not for everyone.
    if !key.starts_with(MARK) {
        browser::remember(&place(room), Some(key));
    }
}

/// The room has another key.
pub fn forget_key(room: RoomId) {
    browser::remember(&place(room), None);
}

/// The room's key, where this tab knows it.
pub fn known_key(room: RoomId) -> Option<String> {
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
    let name = move || conversation.terms.with(|terms| terms.name.clone());
    let alive = browser::alive();
    let copied = RwSignal::new(None::<Result<&'static str, String>>);
    let copy = move |path: String, done: &'static str| {
        let link = browser::origin() + &path;
        spawn_local(async move {
            let worked = browser::copy(link.clone()).await;
            copied.set(Some(if worked { Ok(done) } else { Err(link) }));
        });
    };
    view! {
        <div class="invitation needs-script">
            <button
                type="button"
                class="quiet"
                disabled=move || !alive.get()
                on:click=move |_| copy(paths::invite(&name()), "Link copied. Hand the key over separately.")
            >
                {Icon::Link.view()}
                "Copy link"
            </button>
            {move || {
                let link = paths::invite_with_key(&name(), &conversation.key.get()?);
                let shown = link.clone();
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
                        <button type="button" class="quiet" data-does="qr" data-text=browser::origin() + &shown>
                            "QR code"
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
