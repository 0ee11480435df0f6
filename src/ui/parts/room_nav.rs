//! *me*'s rooms beside a conversation: where there is something new, and the way there.

use leptos::{html, prelude::*};
use web_sys::{ScrollIntoViewOptions, ScrollLogicalPosition};

use super::{Clock, LastWords, RoomDoor, When, steady::steady};
use crate::ui::{
    paths,
    session::{Known, Session, Shown},
};

/// The list of rooms. The one that is open has nothing unread: it is being read.
#[component]
pub fn RoomNav(session: Session, clock: RwSignal<Clock>) -> impl IntoView {
    let (rooms, hold) = steady(session.rooms);
    view! {
        <ul class="room-nav" {..hold}>
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
    let href = session.me.with_value(|me| paths::room(me, &name));
    let here = Memo::new(move |_| session.navigator.shown() == Shown::Room(id));
    let unread = Memo::new(move |_| {
        if here.get() {
            0
        } else {
            summary.read().room.unread()
        }
    });
    let named = Memo::new(move |_| !here.get() && summary.read().room.mentions > 0);
    let row = NodeRef::<html::Li>::new();
    Effect::new(move || {
        if let (true, Some(row)) = (here.get(), row.get()) {
            let nearest = ScrollIntoViewOptions::new();
            nearest.set_block(ScrollLogicalPosition::Nearest);
            row.scroll_into_view_with_scroll_into_view_options(&nearest);
        }
    });
    view! {
        <li node_ref=row class="room-link" class:open=here class:ajar=move || { unread.get() > 0 } class:named=named>
            <RoomDoor name=&name />
            <a href=href class="clip" aria-current=move || here.get().then_some("page")>
                <span dir="auto">{name}</span>
                {move || {
                    (unread.get() > 0)
                        .then(|| {
                            view! {
                                <span class="count">
                                    {unread.get()} <span class="hush">" new"</span>
                                </span>
                            }
                        })
                }}
            </a>
            <When summary clock />
            <LastWords summary />
        </li>
    }
}
