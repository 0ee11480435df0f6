//! *me*'s rooms beside a conversation: where there is something new, and the way there.

use leptos::prelude::*;

use crate::{
    domain::Room,
    ui::{
        live::{self, Conversation},
        paths,
    },
};

/// The list of rooms. The one that is open has nothing unread: it is being read.
#[island]
pub fn RoomNav(rooms: Vec<Room>) -> impl IntoView {
    let conversation = expect_context::<Conversation>();
    let (me, here) = (conversation.me, conversation.id());
    let rooms = RwSignal::new(rooms);
    Effect::new(move || live::follow_heads(me.get_value(), rooms));
    let unread = move |room: &Room| {
        if room.id == here {
            0
        } else {
            room.head.saturating_sub(room.seen)
        }
    };
    view! {
        <ul class="room-nav">
            <For each=move || rooms.get() key=move |room| (room.id, unread(room)) let:room>
                <Row me=me.get_value() here=room.id == here unread=unread(&room) room />
            </For>
        </ul>
    }
}

#[component]
fn Row(me: String, here: bool, unread: u64, room: Room) -> impl IntoView {
    let href = paths::room(&me, &room.name);
    view! {
        <li class="room-link" class:here=here>
            <a href=href>
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
            </a>
        </li>
    }
}
