//! The list of *me*'s rooms on the dashboard.

use leptos::prelude::*;

use super::{Clock, Confirm, LastWords, RoomDoor, When, banner::CutOff, steady::steady};
use crate::{
    domain::RoomId,
    ui::{
        paths,
        session::{Known, Session},
    },
};

/// List "Your rooms": a link by room name, what is new in it, and the ways out of it.
#[component]
pub fn RoomList(session: Session, clock: RwSignal<Clock>) -> impl IntoView {
    let empty = Memo::new(move |_| session.rooms.is_empty());
    let (rooms, hold) = steady(session.rooms);
    view! {
        <CutOff
            link=session.link
            meanwhile=" This list stays as it is until the connection is back, and catches up then."
        />
        {move || {
            empty
                .get()
                .then(|| {
                    view! {
                        <p class="empty">"No rooms yet: create one, or join one whose name and key you were given."</p>
                    }
                })
        }}
        <ul class="room-list" aria-labelledby="your-rooms" hidden=move || empty.get() {..hold}>
            <For each=move || rooms.get() key=|known| (known.id, known.name.clone()) let:known>
                <Row session known clock />
            </For>
        </ul>
    }
}

#[component]
fn Row(session: Session, known: Known, clock: RwSignal<Clock>) -> impl IntoView {
    let id = known.id;
    let (summary, name) = (RwSignal::from(known.summary), known.name);
    let me = session.me.get_value();
    let owned = Memo::new(move |_| summary.read().room.owned);
    let unread = Memo::new(move |_| summary.read().room.unread());
    let count = move || match unread.get() {
        0 => None,
        count => Some(view! { <span class="count">{count} " new"</span> }),
    };
    let online = Memo::new(move |_| summary.read().room.online);
    view! {
        <li class="room-row" class:ajar=move || { unread.get() > 0 } class:named=move || { summary.read().room.mentions > 0 }>
            <RoomDoor name=&name />
            <div class="row-main">
                <h3 class="clip" dir="auto">
                    <a href=paths::room(&me, &name)>{name.clone()}</a>
                </h3>
                <LastWords summary />
            </div>
            <p class="row-state">
                <span class="row-news">{count} <When summary clock /></span>
                <span class="online" class:someone=move || { online.get() > 0 }>
                    {move || online.get()}
                    " online"
                </span>
            </p>
            <div class="row-out">
                <Leave me=me.clone() id name=name.clone() />
                {move || owned.get().then(|| view! { <Delete me=me.clone() id name=name.clone() /> })}
            </div>
        </li>
    }
}

#[component]
fn Leave(me: String, id: RoomId, name: String) -> impl IntoView {
    view! {
        <Confirm
            id=format!("leave-{id}")
            opener="Leave"
            label=format!("Leave {name}")
            title=format!("Leave {name}?")
            text="To come back you need its key. A room of yours passes to the member who has been in it longest; one \
                  with no other member is deleted."
            action="/api/leave_room"
            fields=vec![("me", me), ("room", id.to_string())]
            button="Leave room"
        />
    }
}

#[component]
fn Delete(me: String, id: RoomId, name: String) -> impl IntoView {
    view! {
        <Confirm
            id=format!("delete-{id}")
            opener="Delete"
            label=format!("Delete {name}")
            title=format!("Delete {name}?")
            text="The room and all its messages will be gone for good, for everyone in it."
            action="/api/delete_room"
            fields=vec![("me", me), ("room", id.to_string())]
            button="Delete room"
        />
    }
}
