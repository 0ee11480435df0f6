//! A room: its conversation, composer and members, with *me*'s other rooms beside it.

use leptos::{form::ActionForm, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::not_found::Refused;
use crate::{
    api::{self, LeaveRoom},
    domain::{Room, RoomId, RoomPage as Page, Seq},
    ui::{
        live::{Conversation, Gone},
        parts::{
            Banner, Composer, FormError, Icon, InvitationCopy, MemberList, Post, RoomNav, Timeline,
            Typing, announce, use_clock,
        },
        paths,
    },
};

/// The room called `name`, as `me` sees it. `?before=SEQ` shows the messages before that one.
#[component]
pub fn RoomPage(me: String, name: String) -> impl IntoView {
    let query = use_query_map();
    let before = Memo::new(move |_| {
        query
            .read()
            .get_str("before")
            .and_then(|seq| seq.parse::<Seq>().ok())
    });
    let asked = (me.clone(), name.clone());
    let page = Resource::new_blocking(
        move || (asked.clone(), before.get()),
        |((me, name), before)| api::room_page(me, name, before),
    );
    let acting = me.clone();
    let rooms = Resource::new_blocking(move || acting.clone(), api::my_rooms);
    view! {
        <Transition fallback=Opening>
            {move || {
                let (me, name) = (me.clone(), name.clone());
                Suspend::new(async move {
                    let rooms = rooms.await.unwrap_or_default();
                    match page.await {
                        Ok(page) => view! { <Open me page rooms /> }.into_any(),
                        Err(error) => view! { <Refused error me room=name /> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
}

/// In place of the room while it is on its way.
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
fn Open(me: String, page: Page, rooms: Vec<Room>) -> impl IntoView {
    let Room { id, name, .. } = page.room.clone();
    let conversation = Conversation::new(me.clone(), page);
    let clock = use_clock();
    let (edited, edit) = signal(None);
    Effect::new(move || untrack(|| conversation.go_live()));
    leave_when_gone(conversation);
    let title = {
        let name = name.clone();
        move || match conversation.missed.get() {
            0 => name.clone(),
            count => format!("({count}) {name}"),
        }
    };
    view! {
        <Title text=title />
        <div class="room">
            <aside class="side" id="rooms-side" popover="auto">
                <RoomNav me=me.clone() here=id rooms />
                <Close side="rooms-side" />
            </aside>
            <main id="main" class="conversation" tabindex="-1">
                <header class="room-head">
                    <h1 class="clip" dir="auto" title=name.clone()>
                        {name.clone()}
                    </h1>
                    <div class="room-doors">
                        <button type="button" class="quiet to-rooms" popovertarget="rooms-side">
                            {Icon::Back.view()}
                            <span class="word">"Rooms"</span>
                        </button>
                        <button type="button" class="quiet to-members" popovertarget="members-side">
                            <span class="dot" aria-hidden="true"></span>
                            {move || conversation.online.get()}
                            <span class="hush">" online, "</span>
                            <span class="word">"Members"</span>
                        </button>
                    </div>
                </header>
                <Timeline conversation clock edit />
                <Banner conversation />
                <Composer conversation edit=edited />
                <Typing conversation />
            </main>
            <aside class="side" id="members-side" popover="auto" aria-label="About this room">
                <MemberList conversation />
                <div class="side-end">
                    <h2>"Invite"</h2>
                    <InvitationCopy room=id name />
                    <Leave me room=id />
                </div>
                <Close side="members-side" />
            </aside>
        </div>
    }
}

/// Closes a drawer, for those who cannot press Escape or beside it.
#[component]
fn Close(side: &'static str) -> impl IntoView {
    view! {
        <button type="button" class="quiet side-close" popovertarget=side popovertargetaction="hide">
            "Close"
        </button>
    }
}

/// Button "Leave room".
#[component]
fn Leave(me: String, room: RoomId) -> impl IntoView {
    let navigate = use_navigate();
    let home = paths::dashboard(&me);
    let post = Post::<LeaveRoom>::new(move |()| navigate(&home, Default::default()));
    view! {
        <ActionForm action=post.action attr:class="leave">
            <input type="hidden" name="me" value=me />
            <input type="hidden" name="room" value=room.to_string() />
            <FormError refusal=post.refusal />
            <button type="submit" class="quiet danger" disabled=post.pending>
                "Leave room"
            </button>
        </ActionForm>
    }
}

/// Brings *me* to their dashboard, with a word why, when the room is gone.
fn leave_when_gone(conversation: Conversation) {
    let navigate = use_navigate();
    Effect::new(move || {
        if let Some(gone) = conversation.gone.get() {
            let name = conversation.room.with_value(|room| room.name.clone());
            announce(match gone {
                Gone::Deleted => format!("{name} was deleted by its owner, with all its messages."),
                Gone::NotMember => format!("You are not in {name} any more."),
            });
            let home = conversation.me.with_value(|me| paths::dashboard(me));
            navigate(&home, Default::default());
        }
    });
}
