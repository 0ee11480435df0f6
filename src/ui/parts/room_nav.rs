//! *me*'s rooms beside a conversation: where there is something new, and the way there.

use leptos::prelude::*;

use super::steady::steady;
use crate::ui::{
    paths,
    session::{Known, Session, Shown},
};

/// The list of rooms. The one that is open has nothing unread: it is being read.
#[component]
pub fn RoomNav(session: Session) -> impl IntoView {
    let (rooms, hold) = steady(session.rooms);
    view! {
        <ul class="room-nav" {..hold}>
            <For each=move || rooms.get() key=|known| known.id let:known>
                <Row session known />
            </For>
        </ul>
    }
}

#[component]
fn Row(session: Session, known: Known) -> impl IntoView {
    let id = known.id;
    let summary = RwSignal::from(known.summary);
    let name = summary.read_untracked().room.name.clone();
    let href = session.me.with_value(|me| paths::room(me, &name));
    let here = Memo::new(move |_| session.navigator.shown() == Shown::Room(id));
    let unread = Memo::new(move |_| {
        if here.get() {
            0
        } else {
            summary.read().room.unread()
        }
    });
    view! {
        <li class="room-link" class:here=here>
            <a href=href>
                <span class="clip" dir="auto" aria-current=move || here.get().then_some("page")>
                    {name}
                </span>
                {move || {
                    (unread.get() > 0)
                        .then(|| {
                            view! {
                                <span class="unread">
                                    {unread.get()} <span class="hush">" new"</span>
                                </span>
                            }
                        })
                }}
            </a>
        </li>
    }
}
