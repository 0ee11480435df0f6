//! Who is in the room and as what, and what can be done about that.

use leptos::prelude::*;

use super::of;
use crate::{
    domain::{Deed, Member, Role, Room},
    ui::{
        parts::{Face, FormError, PlainButton, PlainSection, Reader},
        paths,
    },
};

/// What can be done about a member.
const DEEDS: [&str; 2] = ["set_role", "remove_member"];

#[component]
pub fn Members(
    reader: Reader,
    room: Room,
    /// By name.
    members: Vec<Member>,
) -> impl IntoView {
    // Of somebody who is not in the room any more there is no row to say it in.
    let gone = DEEDS.into_iter().find_map(|action| {
        let last = reader.last_try(action, None);
        let who = last.typed("who");
        let is_here = members.iter().any(|member| member.name == who);
        last.error_besides(&[]).filter(|_| !is_here)
    });
    let row = |member| view! { <Row reader=reader.clone() room=room.clone() member /> };
    let rows = members.into_iter().map(row).collect_view();
    view! {
        <PlainSection id="members" title="Members">
            <FormError error=gone />
            <ul class="members" aria-labelledby="members">
                {rows}
            </ul>
        </PlainSection>
    }
}

#[component]
fn Row(reader: Reader, room: Room, member: Member) -> impl IntoView {
    let Member { name, role, .. } = member;
    // An id is one word.
    let id = paths::encode(&name);
    let tag = (role != Role::Member).then(|| view! { <span class="tag">{role.as_str()}</span> });
    let about = |role: Option<Role>| {
        let role = role.map(|role| ("role", role.as_str().to_owned()));
        let mut fields = of(&room);
        fields.push(("who", name.clone()));
        fields.extend(role);
        fields
    };
    let other = match role {
        Role::Moderator => Role::Member,
        Role::Member | Role::Owner => Role::Moderator,
    };
    let sets = room.role.may(Deed::SetRole) && role != Role::Owner;
    let set = sets.then(|| {
        let (who, heir) = (name.clone(), name.clone());
        view! {
            <PlainButton
                id=format!("role-{id}")
                action="set_role"
                reader=reader.clone()
                also=about(Some(other))
                done=format!("{name} is a {} now.", other.as_str())
            >
                "Make"
                <span class="hush">" " {who}</span>
                " "
                {other.as_str()}
            </PlainButton>
            <PlainButton
                id=format!("hand-over-{id}")
                action="set_role"
                reader=reader.clone()
                also=about(Some(Role::Owner))
                done=format!("{name} owns the room now, and you are one of its moderators.")
                class="quiet danger"
            >
                "Hand over"
                <span class="hush">" to " {heir}</span>
            </PlainButton>
        }
    });
    let remove = room.role.may(Deed::Remove { whom: role }).then(|| {
        let who = name.clone();
        view! {
            <PlainButton
                id=format!("remove-{id}")
                action="remove_member"
                reader=reader.clone()
                also=about(None)
                done=format!("{name} is shown out.")
                class="quiet danger"
            >
                "Remove"
                <span class="hush">" " {who}</span>
            </PlainButton>
        }
    });
    let refused = DEEDS.into_iter().find_map(|action| {
        let last = reader.last_try(action, Some(("who", &name)));
        last.error_besides(&[])
    });
    view! {
        <li class="member">
            <Face name=&name />
            <span class="clip" dir="auto" title=name.clone()>
                {name.clone()}
            </span>
            {tag}
            <div class="acts">{set} {remove}</div>
            <FormError error=refused />
        </li>
    }
}
