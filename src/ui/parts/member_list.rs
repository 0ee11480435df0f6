//! Who is in the room: those who are online first.

use leptos::prelude::*;

use super::Face;
use crate::{
    domain::{Member, Role},
    ui::session::Conversation,
};

/// Faces that stand for all who are online.
const FACES: usize = 3;

/// Who is online: the first faces, and how many there are.
#[component]
pub fn OnlineCount(conversation: Conversation) -> impl IntoView {
    let faces = Memo::new(move |_| {
        conversation.members.with(|members| {
            let online = members.iter().filter(|member| member.online);
            let names = online.map(|member| member.name.clone());
            names.take(FACES).collect::<Vec<_>>()
        })
    });
    let face = |name: &String| view! { <Face name /> };
    view! {
        <span class="stack">{move || faces.read().iter().map(face).collect_view()}</span>
        {move || conversation.online.get()}
    }
}

/// List "Members".
#[component]
pub fn MemberList(conversation: Conversation) -> impl IntoView {
    let title = format!("members-title-{}", conversation.id());
    let sorted = move || {
        let mut members = conversation.members.get();
        members.sort_by_key(|member| !member.online);
        members
    };
    view! {
        <div class="side-head">
            <h2 id=title.clone()>"Members"</h2>
            <p class="side-note">
                {move || conversation.online.get()} " online of "
                {move || conversation.members.with(Vec::len).max(conversation.online.get())}
            </p>
        </div>
        <ul class="members" aria-labelledby=title tabindex="0">
            <For each=sorted key=Member::clone children=row />
        </ul>
    }
}

/// What leaving does where nobody else is in the room.
pub fn leave_hint(conversation: Conversation) -> Signal<Option<&'static str>> {
    Signal::derive(move || {
        let alone = conversation.members.with(Vec::len) <= 1 && conversation.online.get() <= 1;
        alone.then_some("You are its only member: leaving deletes it.")
    })
}

fn row(member: Member) -> impl IntoView {
    let Member { name, online, role } = member;
    view! {
        <li class="member" class:present=online>
            <Face name=&name />
            <span class="clip" dir="auto" title=name.clone()>
                {name.clone()}
            </span>
            {(role != Role::Member)
                .then(|| view! { <span class="tag">{if role == Role::Owner { "owner" } else { "moderator" }}</span> })}
            <span class="hush">{if online { "online" } else { "offline" }}</span>
        </li>
    }
}
