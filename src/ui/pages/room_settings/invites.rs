//! What lets others in without the key: the invites there are, and a form for another.

use leptos::{either::Either, prelude::*};

use super::of;
use crate::{
    domain::{Invite, Millis, Room, limits},
    ui::parts::{
        Clock, FormError, PlainButton, PlainForm, PlainLink, PlainSection, Reader, machine,
    },
};

/// For how long an invite may be good: hours, and how that is said. Empty is for good.
const TIMES: [(&str, &str); 5] = [
    ("1", "an hour"),
    ("24", "a day"),
    ("168", "a week"),
    ("720", "30 days"),
    ("", "good"),
];

#[component]
pub fn Invites(
    reader: Reader,
    room: Room,
    /// Those that still let somebody in.
    invites: Vec<Invite>,
    /// The link with the one that has just been made, where one was.
    made: Option<String>,
) -> impl IntoView {
    let last = reader.last_try("new_invite", None);
    let made = made.map(|link| {
        view! {
            <PlainLink id="invite" link>
                "Hand this on: whoever has it can come in. It is shown this once."
            </PlainLink>
        }
    });
    let time = |(hours, name): (&'static str, &'static str)| {
        view! {
            <option value=hours selected=hours == "168">
                {name}
            </option>
        }
    };
    let none = invites.is_empty();
    let row = |invite| view! { <Row reader=reader.clone() room=room.clone() invite /> };
    let rows = invites.into_iter().map(row).collect_view();
    let list = if none {
        Either::Left(view! { <p class="hint">"There is no invite."</p> })
    } else {
        Either::Right(view! {
            <ul class="ways" aria-labelledby="invites">
                {rows}
            </ul>
        })
    };
    view! {
        <PlainSection id="invites" title="Invites">
            <p class="hint">"An invite lets people in without telling them the key."</p>
            {made}
            <PlainForm id="invite-form" action="new_invite" reader=reader.clone() also=of(&room)>
                <div class="side-by-side">
                    <div class="field">
                        <label for="uses">"How many people"</label>
                        <input
                            type="number"
                            id="uses"
                            name="uses"
                            min="1"
                            max=limits::INVITE_USES.to_string()
                            value=last.typed("uses")
                            placeholder="any number"
                        />
                    </div>
                    <div class="field">
                        <label for="hours">"For how long"</label>
                        <select id="hours" name="hours">
                            {TIMES.map(time).collect_view()}
                        </select>
                    </div>
                </div>
                <FormError error=last.error_besides(&[]) />
                <button type="submit" id="invite-new">
                    "New invite"
                </button>
            </PlainForm>
            {list}
        </PlainSection>
    }
}

#[component]
fn Row(reader: Reader, room: Room, invite: Invite) -> impl IntoView {
    let Invite {
        invite,
        by,
        left,
        expires,
        ..
    } = invite;
    let mut also = of(&room);
    also.push(("invite", invite.clone()));
    let error = reader
        .last_try("end_invite", Some(("invite", &invite)))
        .error_besides(&[]);
    let left = match left {
        None => "any number of people".to_owned(),
        Some(1) => "1 more person".to_owned(),
        Some(left) => format!("{left} more people"),
    };
    let until = match expires {
        None => Either::Left("for good"),
        Some(at) => Either::Right(view! { "until " {time(reader.clock, at)} }),
    };
    let id = format!("end-{invite}");
    view! {
        <li class="way">
            <p>
                <code>{invite.clone()}</code>
                " by "
                <bdi>{by}</bdi>
            </p>
            <p class="hint">{left} ", " {until}</p>
            <PlainButton id action="end_invite" reader also done="The invite is ended." error>
                "End invite"
                <span class="hush">" " {invite}</span>
            </PlainButton>
        </li>
    }
}

fn time(clock: Clock, at: Millis) -> impl IntoView {
    view! { <time datetime=machine(at)>{clock.full(at)}</time> }
}
