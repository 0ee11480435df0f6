//! *me*'s dashboard: their rooms, a form for a new one, a form for a key they were given, and the way out.

use leptos::{html, prelude::*};

use crate::{
    domain::Flash,
    ui::{
        browser,
        parts::{Clock, Confirm, Field, FormError, Icon, KeyField, LastTry, RoomList, Taps},
        paths,
        session::{Session, Shown},
    },
};

/// `flash` is what was refused the last time, where something was.
#[component]
pub fn DashboardPage(
    session: Session,
    flash: Option<Flash>,
    clock: RwSignal<Clock>,
) -> impl IntoView {
    let way_out = |endpoint| LastTry::at(endpoint, flash.as_ref()).error_besides(&[]);
    let me = session.me.get_value();
    let owns_some = Memo::new(move |_| session.rooms.any_owned());
    let here = Memo::new(move |_| session.navigator.shown() == Shown::Dashboard);
    let heading = NodeRef::<html::H1>::new();
    Effect::new(move || {
        if session.navigator.arrivals() > 0 && here.get_untracked() {
            if let Some(heading) = heading.get_untracked() {
                browser::focus_in_place(&heading);
            }
            browser::scroll_to(session.navigator.dashboard_place());
        }
    });
    view! {
        <main
            id=move || here.get().then_some("main")
            class="page dashboard"
            tabindex="-1"
            hidden=move || !here.get()
            inert=move || !here.get()
        >
            <div class="page-head">
                <h1 node_ref=heading tabindex="-1">
                    "Rooms"
                </h1>
                <a class="button quiet" href=paths::search(&me, "")>
                    {Icon::Search.view()}
                    "Search"
                </a>
                <a class="button quiet" href=paths::settings(&me)>
                    {Icon::Settings.view()}
                    "Settings"
                </a>
                <LogOut me=me.clone() error=way_out("log_out") />
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
                <RoomList session clock />
                {move || {
                    owns_some
                        .get()
                        .then(|| {
                            view! {
                                <p class="hint">
                                    "A room of yours that you leave passes to the member who has been in it longest. \
                                     One with no other member is deleted."
                                </p>
                            }
                        })
                }}
                <Taps session room=None />
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
fn LogOut(me: String, error: Option<String>) -> impl IntoView {
    let settings = paths::settings(&me);
    view! {
        <Confirm
            id="log-out"
            opener="Log out"
            title=format!("Log out @{me} in this browser?")
            text="The name stays yours, and you stay in your rooms: sign in again with a passphrase, a passkey, or a \
                  pass from another browser."
            more=(settings, "See how you can sign in, or give the name up")
            action="/api/log_out"
            fields=vec![("me", me)]
            button="Log out"
            error
        />
    }
}
