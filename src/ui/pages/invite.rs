//! An invitation to a room, neutral of identity: choose or claim a name, give the key.
//!
//! It says the same whether or not there is such a room; only those who are inside already are shown the way.

use leptos::{form::ActionForm, html, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_navigate;

use crate::{
    api::{self, JoinRoom},
    domain::ApiError,
    ui::{
        browser,
        parts::{About, ClaimForm, FormError, KeyField, PageLink, Post, remember_key, use_names},
        paths,
    },
};

/// A name that this browser holds.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Guest {
    name: String,
    /// Whether it is in the room already.
    inside: bool,
}

/// What the page keeps while a name is being claimed.
#[derive(Clone, Copy)]
struct Kept {
    /// The key that came with the link.
    key: RwSignal<Option<String>>,
    /// The name to join as, where one was just claimed.
    chosen: RwSignal<Option<String>>,
}

#[component]
pub fn InvitePage(name: String) -> impl IntoView {
    let names = use_names();
    let room = name.clone();
    let guests = Resource::new_blocking(|| (), move |()| guests(room.clone()));
    let kept = Kept {
        key: RwSignal::new(None),
        chosen: RwSignal::new(None),
    };
    // Once read, the fragment is taken out of the address bar: a key should not stay on show, nor in the
    // history.
    Effect::new(move |_| {
        if let Some(key) =
            browser::take_fragment().and_then(|fragment| paths::key_in_fragment(&fragment))
        {
            kept.key.set(Some(key));
        }
    });
    let claimed = Callback::new(move |name: String| {
        kept.chosen.set(Some(name));
        names.refetch();
        guests.refetch();
    });
    view! {
        <Title text=format!("Join {name}") />
        <main id="main" class="page invite" tabindex="-1">
            <p class="eyebrow">"You are invited to"</p>
            <h1>{name.clone()}</h1>
            <Transition fallback=|| {
                view! {
                    <p class="opening" role="status">
                        "Opening…"
                    </p>
                }
            }>
                {move || {
                    let room = name.clone();
                    Suspend::new(async move {
                        match guests.await {
                            Ok(guests) => view! { <Threshold room guests kept claimed /> }.into_any(),
                            Err(error) => {
                                view! {
                                    <p class="error" role="alert">
                                        {error.message}
                                    </p>
                                }
                                    .into_any()
                            }
                        }
                    })
                }}
            </Transition>
        </main>
    }
}

/// The names of this browser, and which of them are in `room`.
async fn guests(room: String) -> Result<Vec<Guest>, ApiError> {
    let mut guests = Vec::new();
    for name in api::my_names().await? {
        let rooms = api::my_rooms(name.clone()).await?;
        let inside = rooms
            .iter()
            .any(|inside| inside.name.eq_ignore_ascii_case(&room));
        guests.push(Guest { name, inside });
    }
    Ok(guests)
}

#[component]
fn Threshold(
    room: String,
    guests: Vec<Guest>,
    kept: Kept,
    claimed: Callback<String>,
) -> impl IntoView {
    let (inside, outside): (Vec<_>, Vec<_>) = guests.into_iter().partition(|guest| guest.inside);
    let stranger = inside.is_empty() && outside.is_empty();
    let then = paths::invite(&room);
    // The form that had the keyboard's place is gone once its name is claimed.
    Effect::new(move |_| {
        if kept.chosen.read_untracked().is_some() {
            browser::focus_main_if_lost();
        }
    });
    let claim = view! { <ClaimForm then done=move |name| claimed.run(name) /> };
    view! {
        {(!inside.is_empty()).then(|| view! { <Inside room=room.clone() guests=inside /> })}
        {(!outside.is_empty()).then(|| view! { <JoinForm room guests=outside kept /> })}
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
    }
}

#[component]
fn Inside(room: String, guests: Vec<Guest>) -> impl IntoView {
    view! {
        <section class="card">
            <h2>"You are already inside"</h2>
            <ul class="choices" aria-label="Open the room">
                {guests
                    .into_iter()
                    .map(|guest| {
                        view! {
                            <li>
                                <PageLink href=paths::room(&guest.name, &room)>
                                    <span class="clip">{format!("Open as @{}", guest.name)}</span>
                                </PageLink>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </section>
    }
}

#[component]
fn JoinForm(room: String, guests: Vec<Guest>, kept: Kept) -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    let navigate = use_navigate();
    let post = Post::<JoinRoom>::new(move |room| {
        let Some(form) = form.get_untracked() else {
            return;
        };
        if let Some(key) = browser::form_value(&form, "key") {
            remember_key(room.id, &key);
        }
        if let Some(me) = browser::form_value(&form, "me") {
            navigate(&paths::room(&me, &room.name), Default::default());
        }
    });
    let wanted = kept
        .chosen
        .get_untracked()
        .unwrap_or_else(|| post.typed("me"));
    let checked = guests
        .iter()
        .position(|guest| guest.name == wanted)
        .unwrap_or_default();
    view! {
        <ActionForm action=post.action node_ref=form attr:class="card" attr:aria-label="Join the room">
            <input type="hidden" name="name" value=room />
            <fieldset class="names">
                <legend>"Join as"</legend>
                {guests
                    .into_iter()
                    .enumerate()
                    .map(|(index, guest)| {
                        view! {
                            <label class="choice">
                                <input type="radio" name="me" value=guest.name.clone() checked=index == checked />
                                <span class="clip">{format!("@{}", guest.name)}</span>
                            </label>
                        }
                    })
                    .collect_view()}
            </fieldset>
            <KeyField id="key" refusal=post.refusal fill=kept.key />
            <FormError refusal=post.refusal fields=&[About::Key] />
            <button type="submit" disabled=post.pending>
                "Join room"
            </button>
        </ActionForm>
    }
}
