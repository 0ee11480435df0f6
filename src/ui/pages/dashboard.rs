//! *me*'s dashboard: their rooms, a form for a new one, a form for a key they were given, and the way out.

use leptos::prelude::*;

use crate::{
    domain::{Flash, RoomSummary},
    ui::parts::{Confirm, Field, FormError, KeyField, LastTry, RoomList},
};

/// `asked` is the dialog that the page was asked for with, where it was.
#[component]
pub fn DashboardPage(
    me: String,
    rooms: Vec<RoomSummary>,
    flash: Option<Flash>,
    asked: Option<String>,
) -> impl IntoView {
    let way_out = |endpoint| LastTry::at(endpoint, flash.as_ref()).error_besides(&[]);
    let owns_some = rooms.iter().any(|summary| summary.room.owned);
    let log_out = asked.as_deref() == Some("log-out");
    view! {
        <main id="main" class="page dashboard" tabindex="-1">
            <div class="page-head">
                <h1>"Rooms"</h1>
                <LogOut me=me.clone() open=log_out error=way_out("give_up_username") />
            </div>
            // Where the forms come after all the rooms.
            <p class="to-doors">
                <a class="button quiet" href="#create">
                    "New room"
                </a>
                <a class="button quiet" href="#join">
                    "Join with a key"
                </a>
            </p>
            <section class="rooms">
                <h2 id="your-rooms">"Your rooms"</h2>
                <FormError error=way_out("leave_room") />
                <FormError error=way_out("delete_room") />
                <RoomList me=me.clone() rooms asked />
                {owns_some
                    .then(|| {
                        view! {
                            <p class="hint">
                                "A room of yours that you leave passes to the member who has been in it longest. \
                                 One with no other member is deleted."
                            </p>
                        }
                    })}
            </section>
            <div class="doors">
                <form class="card" action="/api/create_room" method="post" aria-labelledby="create">
                    <h2 id="create">"Create a room"</h2>
                    <RoomFields
                        me=me.clone()
                        ids=("create-name", "create-key")
                        last=LastTry::at("create_room", flash.as_ref())
                        suggest=true
                    />
                    <button type="submit">"Create room"</button>
                </form>
                <form class="card" action="/api/join_room" method="post" aria-labelledby="join">
                    <h2 id="join">"Join a room"</h2>
                    <RoomFields
                        me
                        ids=("join-name", "join-key")
                        last=LastTry::at("join_room", flash.as_ref())
                        suggest=false
                    />
                    <button type="submit">"Join room"</button>
                </form>
            </div>
        </main>
    }
}

/// The boxes that creating and joining have in common.
#[component]
fn RoomFields(
    me: String,
    ids: (&'static str, &'static str),
    last: LastTry,
    suggest: bool,
) -> impl IntoView {
    view! {
        <input type="hidden" name="me" value=me />
        <Field id=ids.0 label="Room name" name="name" last=last.clone() />
        <KeyField id=ids.1.to_owned() error=last.error_of("key") suggest />
        <FormError error=last.error_besides(&["name", "key"]) />
    }
}

#[component]
fn LogOut(me: String, open: bool, error: Option<String>) -> impl IntoView {
    view! {
        <Confirm
            id="log-out"
            open
            opener="Log out"
            title=format!("Log out @{me}?")
            text="The name becomes free, and anyone may claim it. You leave all your rooms. A room you own passes to \
                  the member who has been in it longest; one with no other member is deleted, with its messages."
        >
            <form action="/api/give_up_username" method="post">
                <input type="hidden" name="me" value=me />
                <FormError error />
                <button type="submit" class="danger">
                    "Log out"
                </button>
            </form>
        </Confirm>
    }
}
