//! Who is in the room: those who are online first.

use leptos::prelude::*;

use crate::{domain::Member, ui::live::Conversation};

/// List "Members".
#[component]
pub fn MemberList(conversation: Conversation) -> impl IntoView {
    let members = Memo::new(move |_| {
        let mut members = conversation.members.get();
        members.sort_by_key(|member| !member.online);
        members
    });
    view! {
        <h2 id="members-title">"Members"</h2>
        <p class="side-note">
            {move || conversation.online.get()} " online of "
            {move || members.with(Vec::len).max(conversation.online.get())}
        </p>
        <ul class="members" aria-labelledby="members-title">
            <For
                each=move || members.get()
                key=|member| (member.name.clone(), member.online, member.owner)
                let:member
            >
                <Row member />
            </For>
        </ul>
    }
}

#[component]
fn Row(member: Member) -> impl IntoView {
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
