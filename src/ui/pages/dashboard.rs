//! *me*'s dashboard: their rooms, a form for a new one, a form for a key they were given, and the way out.

use leptos::{form::ActionForm, html, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_navigate;

use super::not_found::Refused;
use crate::{
    api::{self, CreateRoom, GiveUpUsername, JoinRoom},
    domain::{ApiError, Room, RoomSummary},
    ui::{
        browser,
        live::follow_rooms,
        parts::{
            About, Confirm, Field, FormError, KeyField, Post, RoomList, forget_keys, remember_key,
            use_names,
        },
        paths,
    },
};

#[component]
pub fn DashboardPage(me: String) -> impl IntoView {
    let asked = me.clone();
    let first = Resource::new_blocking(move || asked.clone(), api::dashboard);
    // Kept here and not in the resource, so that what happens while the page is open can change it.
    let rooms = RwSignal::new(Vec::<RoomSummary>::new());
    view! {
        <Title text=format!("@{me}") />
        <Transition fallback=Opening>
            {move || {
                let me = me.clone();
                Suspend::new(async move {
                    match first.await {
                        Ok(list) => {
                            rooms.set(list);
                            view! { <Rooms me rooms /> }.into_any()
                        }
                        Err(error) => view! { <Refused error me /> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
}

/// In place of a page whose data is on its way.
#[component]
fn Opening() -> impl IntoView {
    view! {
        <main id="main" class="page" tabindex="-1">
            <p class="opening" role="status">
                "Opening…"
            </p>
        </main>
    }
}

#[component]
fn Rooms(me: String, rooms: RwSignal<Vec<RoomSummary>>) -> impl IntoView {
    follow_rooms(&me, rooms);
    view! {
        <main id="main" class="page dashboard" tabindex="-1">
            <div class="page-head">
                <h1>"Rooms"</h1>
                <LogOut me=me.clone() />
            </div>
            <RoomList me=me.clone() rooms />
            <div class="doors">
                <CreateForm me=me.clone() />
                <JoinForm me />
            </div>
        </main>
    }
}

#[component]
fn CreateForm(me: String) -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    let post = Post::<CreateRoom>::new(enter(me.clone(), form));
    view! {
        <ActionForm action=post.action node_ref=form attr:class="card" attr:aria-labelledby="create">
            <h2 id="create">"Create a room"</h2>
            <RoomFields
                me
                ids=("create-name", "create-key")
                typed=post.typed("name")
                refusal=post.refusal
                suggest=true
            />
            <button type="submit" disabled=post.pending>
                "Create room"
            </button>
        </ActionForm>
    }
}

#[component]
fn JoinForm(me: String) -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    let post = Post::<JoinRoom>::new(enter(me.clone(), form));
    view! {
        <ActionForm action=post.action node_ref=form attr:class="card" attr:aria-labelledby="join">
            <h2 id="join">"Join a room"</h2>
            <RoomFields
                me
                ids=("join-name", "join-key")
                typed=post.typed("name")
                refusal=post.refusal
            />
            <button type="submit" disabled=post.pending>
                "Join room"
            </button>
        </ActionForm>
    }
}

/// The boxes that creating and joining have in common.
#[component]
fn RoomFields(
    me: String,
    ids: (&'static str, &'static str),
    typed: String,
    refusal: Signal<Option<ApiError>>,
    #[prop(optional)] suggest: bool,
) -> impl IntoView {
    view! {
        <input type="hidden" name="me" value=me />
        <Field id=ids.0 label="Room name" name="name" about=About::RoomName refusal value=typed />
        <KeyField id=ids.1 refusal suggest />
        <FormError refusal fields=&[About::RoomName, About::Key] />
    }
}

/// What follows a room being created or joined: it opens, and this tab can still tell its key.
fn enter(me: String, form: NodeRef<html::Form>) -> impl Fn(Room) {
    let navigate = use_navigate();
    move |room| {
        if let Some(key) = form
            .get_untracked()
            .and_then(|form| browser::form_value(&form, "key"))
        {
            remember_key(room.id, &key);
        }
        navigate(&paths::room(&me, &room.name), Default::default());
    }
}

#[component]
fn LogOut(me: String) -> impl IntoView {
    let names = use_names();
    let navigate = use_navigate();
    let post = Post::<GiveUpUsername>::new(move |()| {
        forget_keys();
        names.refetch();
        navigate(paths::home(), Default::default());
    });
    view! {
        <Confirm
            id="log-out"
            opener="Log out"
            title=format!("Log out @{me}?")
            text="The name becomes free, and anyone may claim it. You leave all your rooms. A room you own passes to \
                  the member who has been in it longest; one with no other member is deleted, with its messages."
        >
            <ActionForm action=post.action>
                <input type="hidden" name="me" value=me />
                <FormError refusal=post.refusal />
                <button type="submit" class="danger" disabled=post.pending>
                    "Log out"
                </button>
            </ActionForm>
        </Confirm>
    }
}
