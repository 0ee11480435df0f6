//! The list of *me*'s rooms on the dashboard.

use leptos::{form::ActionForm, prelude::*, task::spawn_local};

use super::{Confirm, FormError, PageLink, Post};
use crate::{
    api::{self, DeleteRoom, LeaveRoom},
    domain::{RoomId, RoomSummary},
    ui::{browser, paths},
};

/// Characters of a last message that are worth sending: its row shows one line.
const EXCERPT_CHARS: usize = 120;

/// The posts that all rows share.
#[derive(Clone, Copy)]
struct WaysOut {
    leave: ServerAction<LeaveRoom>,
    delete: ServerAction<DeleteRoom>,
    pending: Signal<bool>,
}

/// List "Your rooms": a link by room name, what is new in it, and the ways out of it.
#[component]
pub fn RoomList(me: String, rooms: RwSignal<Vec<RoomSummary>>) -> impl IntoView {
    let me = StoredValue::new(me);
    let refresh = move |()| {
        spawn_local(async move {
            if let Ok(list) = api::dashboard(me.get_value()).await {
                rooms.set(list);
                // The pressed button went with its room.
                request_animation_frame(browser::focus_main_if_lost);
            }
        });
    };
    let leave = Post::<LeaveRoom>::new(refresh);
    let delete = Post::<DeleteRoom>::new(refresh);
    let out = WaysOut {
        leave: leave.action,
        delete: delete.action,
        pending: Signal::derive(move || leave.pending.get() || delete.pending.get()),
    };
    view! {
        <section class="rooms">
            <h2 id="your-rooms">"Your rooms"</h2>
            <FormError refusal=leave.refusal />
            <FormError refusal=delete.refusal />
            <Show
                when=move || !rooms.read().is_empty()
                fallback=|| {
                    view! {
                        <p class="empty">"No rooms yet: create one, or join one whose name and key you were given."</p>
                    }
                }
            >
                <ul class="room-list" aria-labelledby="your-rooms">
                    <For each=move || rooms.get() key=|summary| summary.room.id let:summary>
                        <Row me=me.get_value() rooms first=summary out />
                    </For>
                </ul>
            </Show>
        </section>
    }
}

#[component]
fn Row(
    me: String,
    rooms: RwSignal<Vec<RoomSummary>>,
    first: RoomSummary,
    out: WaysOut,
) -> impl IntoView {
    let (id, name) = (first.room.id, first.room.name.clone());
    let (link, leave) = (paths::room(&me, &name), format!("Leave {name}"));
    let title = name.clone();
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
    let last = move || {
        summary.read().last.as_ref().map_or_else(
            || view! { <span>"Nothing said yet."</span> }.into_any(),
            |last| {
                let body: String = last.body.chars().take(EXCERPT_CHARS).collect();
                view! {
                    <b>{last.by.clone()}</b>
                    " "
                    {body}
                }
                .into_any()
            },
        )
    };
    view! {
        <li class="row">
            <div class="row-main">
                <h3>
                    <PageLink href=link>{title}</PageLink>
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
                <ActionForm action=out.leave>
                    {target}
                    <button type="submit" class="quiet" aria-label=leave disabled=out.pending>
                        "Leave"
                    </button>
                </ActionForm>
                {move || owned.get().then(|| view! { <Delete me=me.clone() id name=name.clone() out /> })}
            </div>
        </li>
    }
}

#[component]
fn Delete(me: String, id: RoomId, name: String, out: WaysOut) -> impl IntoView {
    view! {
        <Confirm
            id=format!("delete-{id}")
            opener="Delete"
            label=format!("Delete {name}")
            title=format!("Delete {name}?")
            text="The room and all its messages will be gone for good, for everyone in it."
        >
            <ActionForm action=out.delete>
                <Target me id />
                <button type="submit" class="danger" disabled=out.pending>
                    "Delete room"
                </button>
            </ActionForm>
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
