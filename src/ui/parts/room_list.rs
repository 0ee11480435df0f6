//! The list of *me*'s rooms on the dashboard.

use leptos::{either::Either, prelude::*};

use super::{Confirm, banner::CutOff};
use crate::{
    domain::{RoomId, RoomSummary},
    ui::{
        live::{self, State},
        paths,
    },
};

/// Characters of a last message that are worth sending: its row shows one line.
const EXCERPT_CHARS: usize = 120;

/// List "Your rooms": a link by room name, what is new in it, and the ways out of it. `asked` is the dialog
/// that the page was asked for with, where it was.
#[island]
pub fn RoomList(me: String, rooms: Vec<RoomSummary>, asked: Option<String>) -> impl IntoView {
    let rooms = RwSignal::new(rooms);
    let me = StoredValue::new(me);
    let asked = StoredValue::new(asked.unwrap_or_default());
    let empty = Memo::new(move |_| rooms.read().is_empty());
    let link = RwSignal::new(State::Connecting);
    Effect::new(move || live::follow_rooms(me.get_value(), rooms, link));
    view! {
        <CutOff
            link
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
        <ul class="room-list" aria-labelledby="your-rooms" hidden=move || empty.get()>
            <For each=move || rooms.get() key=|summary| summary.room.id let:summary>
                <Row me=me.get_value() rooms first=summary asked />
            </For>
        </ul>
    }
}

#[component]
fn Row(
    me: String,
    rooms: RwSignal<Vec<RoomSummary>>,
    first: RoomSummary,
    asked: StoredValue<String>,
) -> impl IntoView {
    let (id, name) = (first.room.id, first.room.name.clone());
    let (link, leave) = (paths::room(&me, &name), format!("Leave {name}"));
    let (title, left) = (name.clone(), name.clone());
    let summary = Memo::new(move |_| {
        rooms
            .with(|rooms| rooms.iter().find(|summary| summary.room.id == id).cloned())
            .unwrap_or_else(|| first.clone())
    });
    let owned = Memo::new(move |_| summary.read().room.owned);
    let target = Target(TargetProps { me: me.clone(), id });
    let unread = move || {
        let summary = summary.read();
        match summary.room.head.saturating_sub(summary.room.seen) {
            0 => None,
            count => Some(view! { <span class="unread">{count} " new"</span> }),
        }
    };
    let last = move || match &summary.read().last {
        None => Either::Left(view! { <span>"Nothing said yet."</span> }),
        Some(last) => {
            let body: String = last.body.chars().take(EXCERPT_CHARS).collect();
            Either::Right(view! {
                <b>{last.by.clone()}</b>
                " "
                {body}
            })
        }
    };
    view! {
        <li class="row">
            <div class="row-main">
                <h3>
                    <a href=link>{title}</a>
                </h3>
                <p class="last clip">{last}</p>
            </div>
            <p class="row-state">
                {unread} <span class="online" class:someone=move || { summary.read().room.online > 0 }>
                    {move || summary.read().room.online}
                    " online"
                </span>
            </p>
            <div class="row-out">
                <form action="/api/leave_room" method="post" data-room=left>
                    {target} <button type="submit" class="quiet" aria-label=leave>
                        "Leave"
                    </button>
                </form>
                {move || owned.get().then(|| view! { <Delete me=me.clone() id name=name.clone() asked /> })}
            </div>
        </li>
    }
}

#[component]
fn Delete(me: String, id: RoomId, name: String, asked: StoredValue<String>) -> impl IntoView {
    let dialog = format!("delete-{id}");
    let open = asked.with_value(|asked| *asked == dialog);
    view! {
        <Confirm
            id=dialog
            open
            opener="Delete"
            label=format!("Delete {name}")
            title=format!("Delete {name}?")
            text="The room and all its messages will be gone for good, for everyone in it."
        >
            <form action="/api/delete_room" method="post">
                <Target me id />
                <button type="submit" class="danger">
                    "Delete room"
                </button>
            </form>
        </Confirm>
    }
}

/// Who does it, and to which room.
#[component]
fn Target(me: String, id: RoomId) -> impl IntoView {
    view! {
        <input type="hidden" name="me" value=me />
        <input type="hidden" name="room" value=id.to_string() />
    }
}
