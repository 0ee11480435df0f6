//! Who is in the room: those who are online first.

use leptos::prelude::*;

use crate::{domain::Member, ui::live::Conversation};

/// How many are online, with a dot that tells whether anybody is.
#[island]
pub fn OnlineCount() -> impl IntoView {
    let online = expect_context::<Conversation>().online;
    view! {
        <span class="dot" class:someone=move || { online.get() > 0 } aria-hidden="true"></span>
        {move || online.get()}
    }
}

/// List "Members".
#[island]
pub fn MemberList() -> impl IntoView {
    let conversation = expect_context::<Conversation>();
    view! {
        <h2 id="members-title">"Members"</h2>
        <p class="side-note">
            {move || conversation.online.get()} " online of "
            {move || conversation.members.with(Vec::len).max(conversation.online.get())}
        </p>
        <ul class="members" aria-labelledby="members-title" tabindex="0">
            {move || {
                let mut members = conversation.members.get();
                members.sort_by_key(|member| !member.online);
                members.into_iter().map(row).collect_view()
            }}
        </ul>
    }
}

/// Says what leaving does where nobody else is in the room.
#[island]
pub fn LeaveHint() -> impl IntoView {
    let conversation = expect_context::<Conversation>();
    let alone = Memo::new(move |_| {
        conversation.members.with(Vec::len) <= 1 && conversation.online.get() <= 1
    });
    view! {
        <p class="hint" id="leave-hint">
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
