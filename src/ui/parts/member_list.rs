//! Who is in the room: those who are online first.

use leptos::prelude::*;

use crate::{domain::Member, ui::session::Conversation};

/// How many are online, with a dot that tells whether anybody is.
#[component]
pub fn OnlineCount(conversation: Conversation) -> impl IntoView {
    let online = conversation.online;
    view! {
        <span class="dot" class:someone=move || { online.get() > 0 } aria-hidden="true"></span>
        {move || online.get()}
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
        <h2 id=title.clone()>"Members"</h2>
        <p class="side-note">
            {move || conversation.online.get()} " online of "
            {move || conversation.members.with(Vec::len).max(conversation.online.get())}
        </p>
        <ul class="members" aria-labelledby=title tabindex="0">
            <For each=sorted key=Member::clone children=row />
        </ul>
    }
}

/// Says what leaving does where nobody else is in the room.
#[component]
pub fn LeaveHint(conversation: Conversation) -> impl IntoView {
    let alone = Memo::new(move |_| {
        conversation.members.with(Vec::len) <= 1 && conversation.online.get() <= 1
    });
    view! {
        <p class="hint">
            {move || alone.get().then_some("You are its only member: leaving deletes it.")}
        </p>
    }
}

fn row(member: Member) -> impl IntoView {
    let Member {
        name,
        online,
        owner,
    } = member;
    view! {
        <li class="member" class:present=online>
            <span class="dot" aria-hidden="true"></span>
            <span class="clip" dir="auto" title=name.clone()>
                {name.clone()}
            </span>
            {owner.then(|| view! { <span class="tag">"owner"</span> })}
            <span class="hush">{if online { "online" } else { "offline" }}</span>
        </li>
    }
}
