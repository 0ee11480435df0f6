//! A room's settings: what it is called, who opens it and how, who is in it, and what becomes of it. Everyone sees what
//! is so, and the forms for what their role lets them do.

use leptos::prelude::*;

use crate::{
    domain::{Member, Role, Room},
    ui::{
        parts::{Face, PlainHead, PlainSection, Reader},
        paths,
    },
};

#[component]
pub fn RoomSettings(
    reader: Reader,
    room: Room,
    /// All of them, by name.
    members: Vec<Member>,
) -> impl IntoView {
    let me = reader.me;
    let name = room.name;
    view! {
        <PlainHead to=paths::room(&me, &name) back=name.clone()>
            <bdi>{name.clone()}</bdi>
            " settings"
        </PlainHead>
        <PlainSection id="members" title="Members">
            <ul class="members" aria-labelledby="members">
                {members.into_iter().map(member_row).collect_view()}
            </ul>
        </PlainSection>
    }
}

fn member_row(member: Member) -> impl IntoView {
    let Member { name, role, .. } = member;
    let tag = match role {
        Role::Owner => Some("owner"),
        Role::Moderator => Some("moderator"),
        Role::Member => None,
    };
    view! {
        <li class="member">
            <Face name=&name />
            <span class="clip" dir="auto">
                {name.clone()}
            </span>
            {tag.map(|tag| view! { <span class="tag">{tag}</span> })}
        </li>
    }
}
