//! *me*'s rooms beside a conversation: where there is something new, and the way there.

use leptos::prelude::*;

use super::{Icon, PageLink};
use crate::{
    domain::{Room, RoomId},
    ui::{live, paths},
};

/// Navigation "Rooms". The room that is `here` has nothing unread: it is being read.
#[component]
pub fn RoomNav(me: String, here: RoomId, rooms: Vec<Room>) -> impl IntoView {
    let rooms = RwSignal::new(rooms);
    live::follow_heads(&me, rooms);
    let me = StoredValue::new(me);
    let unread = move |room: &Room| {
        if room.id == here {
            0
        } else {
            room.head.saturating_sub(room.seen)
        }
    };
    view! {
        <nav aria-labelledby="rooms-title">
            <h2 id="rooms-title">"Rooms"</h2>
            <ul class="room-nav">
                <For each=move || rooms.get() key=move |room| (room.id, unread(room)) let:room>
                    <Row me=me.get_value() here=room.id == here unread=unread(&room) room />
                </For>
            </ul>
            <p class="all-rooms">
                <PageLink href=me.with_value(|me| paths::dashboard(me))>{Icon::Back.view()} "All rooms"</PageLink>
            </p>
        </nav>
    }
}

#[component]
fn Row(me: String, here: bool, unread: u64, room: Room) -> impl IntoView {
    view! {
        <li class="room-link" class:here=here>
            <PageLink href=paths::room(&me, &room.name)>
                <span class="clip" dir="auto" aria-current=here.then_some("page")>
                    {room.name}
                </span>
                {(unread > 0)
                    .then(|| {
                        view! {
                            <span class="unread">
                                {unread} <span class="hush">" new"</span>
                            </span>
                        }
                    })}
            </PageLink>
        </li>
    }
}
