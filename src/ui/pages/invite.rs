//! An invitation to a room, neutral of identity: choose or claim a name, give the key.
//!
//! It says the same whether or not there is such a room; only those who are inside already are shown the way.

use leptos::prelude::*;

use crate::{
    domain::Flash,
    ui::{
        parts::{ClaimForm, Face, FormError, KeyField, LastTry, RoomDoor},
        paths,
    },
};

/// The names that this browser holds, by whether they are in the room already.
#[derive(Clone, Debug, Default)]
pub struct Guests {
    /// Each with what the room is called now.
    pub inside: Vec<(String, String)>,
    pub outside: Vec<String>,
}

/// `wanted` is who is to join, where the way here has said so.
#[component]
pub fn InvitePage(
    room: String,
    guests: Guests,
    wanted: Option<String>,
    flash: Option<Flash>,
) -> impl IntoView {
    let Guests { inside, outside } = guests;
    let stranger = inside.is_empty() && outside.is_empty();
    let last = LastTry::at("join_room", flash.as_ref());
    let claim = view! { <ClaimForm flash then=paths::invite(&room) /> };
    view! {
        <main id="main" class="page invite" tabindex="-1">
            <div class="invited ajar">
                <RoomDoor name=&room />
                <div>
                    <p class="eyebrow">"You are invited to"</p>
                    <h1 dir="auto">{room.clone()}</h1>
                </div>
            </div>
            {(!inside.is_empty()).then(|| view! { <Inside names=inside /> })}
            {(!outside.is_empty()).then(|| view! { <JoinForm room names=outside wanted last /> })}
            {if stranger {
                view! {
                    <section class="card">
                        <h2>"First, a name"</h2>
                        <p>"Everyone inside knows you by it. The key comes next."</p>
                        {claim}
                    </section>
                }
                    .into_any()
            } else {
                view! {
                    <details class="another">
                        <summary>"Join under a new name"</summary>
                        {claim}
                    </details>
                }
                    .into_any()
            }}
        </main>
    }
}

#[component]
fn Inside(names: Vec<(String, String)>) -> impl IntoView {
    let link = |(name, room): (String, String)| {
        view! {
            <li>
                <a href=paths::room(&name, &room)>
                    <Face name=&name />
                    <span class="clip">{format!("Open as @{name}")}</span>
                </a>
            </li>
        }
    };
    view! {
        <section class="card">
            <h2>"You are already inside"</h2>
            <ul class="choices" aria-label="Open the room">
                {names.into_iter().map(link).collect_view()}
            </ul>
        </section>
    }
}

#[component]
fn JoinForm(
    room: String,
    names: Vec<String>,
    wanted: Option<String>,
    last: LastTry,
) -> impl IntoView {
    let held = |wanted: &String| names.contains(wanted);
    // Without another choice it is the latest name: it may have just been claimed for this.
    let wanted = Some(last.typed("me"))
        .filter(held)
        .or(wanted.filter(held))
        .or_else(|| names.last().cloned());
    let choice = |name: String| {
        view! {
            <label class="choice">
                <input type="radio" name="me" value=name.clone() checked=wanted.as_ref() == Some(&name) />
                <Face name=&name />
                <span class="clip">{format!("@{name}")}</span>
            </label>
        }
    };
    view! {
        <form class="card" action="/api/join_room" method="post" aria-label="Join the room">
            <input type="hidden" name="name" value=room />
            <fieldset class="names">
                <legend>"Join as"</legend>
                {names.iter().cloned().map(choice).collect_view()}
            </fieldset>
            <KeyField id="key".to_owned() error=last.error_of("key") suggest=false />
            <FormError error=last.error_besides(&["key"]) />
            <button type="submit">"Join room"</button>
        </form>
    }
}
