//! A room's settings: what it is called, who opens it and how, who is in it, and what becomes of it. Everyone sees what
//! is so, and the forms for what their role lets them do.

mod invites;
mod members;

use leptos::{either::Either, prelude::*};

use self::{invites::Invites, members::Members};
use crate::{
    domain::{Deed, Invite, Member, Posting, Room, limits},
    ui::{
        parts::{
            Field, FormError, PlainAsk, PlainButton, PlainForm, PlainHead, PlainSecret,
            PlainSection, Reader,
        },
        paths,
    },
};

#[component]
pub fn RoomSettings(
    reader: Reader,
    room: Room,
    /// All of them, by name.
    members: Vec<Member>,
    /// Those that still let somebody in, where *me* may know of them.
    invites: Option<Vec<Invite>>,
    /// The link with the invite that has just been made, where one was.
    made: Option<String>,
) -> impl IntoView {
    let (me, name, role) = (reader.me.clone(), room.name.clone(), room.role);
    let about = if role.may(Deed::Rename) {
        Either::Left(view! { <Name reader=reader.clone() room=room.clone() /> })
    } else {
        Either::Right(view! { <Topic topic=room.topic.clone() /> })
    };
    let key = role
        .may(Deed::ChangeKey)
        .then(|| view! { <Key reader=reader.clone() room=room.clone() /> });
    let invites = invites.map(|invites| {
        view! { <Invites reader=reader.clone() room=room.clone() invites made /> }
    });
    view! {
        <PlainHead to=paths::room(&me, &name) back=name.clone()>
            <bdi>{name}</bdi>
            " settings"
        </PlainHead>
        {about}
        {invites}
        {key}
        <Members reader=reader.clone() room=room.clone() members />
        <Writing reader=reader.clone() room=room.clone() />
        <Keeping reader=reader.clone() room=room.clone() />
        <Ends reader room />
    }
}

#[component]
fn Name(reader: Reader, room: Room) -> impl IntoView {
    let last = reader.last_try("describe_room", None);
    view! {
        <PlainSection id="about" title="Name and topic">
            <PlainForm id="about-form" action="describe_room" reader also=of(&room) done="Saved.">
                <Field id="name" label="Room name" name="name" value=room.name.clone() last=last.clone() />
                <Field
                    id="topic"
                    label="Topic"
                    name="topic"
                    hint="What it is about, on one line."
                    value=room.topic.clone()
                    last=last.clone()
                />
                <FormError error=last.error_besides(&["name", "topic"]) />
                <button type="submit" id="about-save">
                    "Save"
                </button>
            </PlainForm>
            <p class="hint">"Links with the old name lead here as long as no other room takes it."</p>
        </PlainSection>
    }
}

#[component]
fn Topic(topic: String) -> impl IntoView {
    let topic = if topic.is_empty() {
        "Nobody has said yet.".to_owned()
    } else {
        topic
    };
    view! {
        <PlainSection id="about" title="What it is about">
            <p dir="auto">{topic}</p>
        </PlainSection>
    }
}

#[component]
fn Key(reader: Reader, room: Room) -> impl IntoView {
    let last = reader.last_try("change_key", None);
    view! {
        <PlainSection id="key" title="Key">
            <PlainForm id="key-form" action="change_key" reader also=of(&room) done="The key is changed.">
                <PlainSecret
                    id="new-key"
                    label="New key"
                    name="key"
                    hint="The old one opens the room no more. Who is in stays in."
                    last=last.clone()
                    offer=("Suggest a key", "suggest")
                />
                <label class="choice">
                    <input type="checkbox" name="everyone_out" value="true" id="everyone-out" />
                    <span>
                        "Show everyone else out" <br />
                        <span class="hint">"All other members leave, and all invites end, at the same moment."</span>
                    </span>
                </label>
                <FormError error=last.error_besides(&["key"]) />
                <button type="submit" id="key-save">
                    "Change key"
                </button>
            </PlainForm>
        </PlainSection>
    }
}

#[component]
fn Writing(reader: Reader, room: Room) -> impl IntoView {
    let (is, other, text) = match room.posting {
        Posting::Everyone => (
            "Everyone in the room.",
            Posting::Moderators,
            "Let only moderators write",
        ),
        Posting::Moderators => (
            "Only its owner and moderators.",
            Posting::Everyone,
            "Let everyone write",
        ),
    };
    let mut also = of(&room);
    also.push(("posting", other.as_str().to_owned()));
    let error = reader.last_try("set_posting", None).error_besides(&[]);
    let button = room.role.may(Deed::SetPosting).then(|| {
        view! {
            <PlainButton id="set-posting" action="set_posting" reader also done="Saved." error>
                {text}
            </PlainButton>
        }
    });
    view! {
        <PlainSection id="writing" title="Who may write">
            <p>{is}</p>
            {button}
        </PlainSection>
    }
}

#[component]
fn Keeping(reader: Reader, room: Room) -> impl IntoView {
    let is = match room.keep {
        None => "For good.".to_owned(),
        Some(1) => "For a day.".to_owned(),
        Some(days) => format!("For {days} days."),
    };
    let last = reader.last_try("set_keep", None);
    let error = last.error_besides(&[]);
    let days = room.keep.map(|days| days.to_string()).unwrap_or_default();
    let days = if last.is_some() {
        last.typed("days")
    } else {
        days
    };
    let button = room.role.may(Deed::SetKeep).then(|| {
        view! {
            <PlainAsk
                id="keep"
                opener="Change how long"
                title="How long are messages kept?"
                text="What is older is erased for good, for everyone in the room."
                action="set_keep"
                reader
                also=of(&room)
                done="Saved."
                button="Keep them so long"
                error
            >
                <div class="field">
                    <label for="days">"Days"</label>
                    <p class="hint" id="days-hint">
                        "Leave it empty to keep them for good."
                    </p>
                    <input
                        type="number"
                        id="days"
                        name="days"
                        min="1"
                        max=limits::KEEP_DAYS.to_string()
                        value=days
                        aria-describedby="days-hint"
                    />
                </div>
            </PlainAsk>
        }
    });
    view! {
        <PlainSection id="keeping" title="How long messages are kept">
            <p>{is}</p>
            {button}
        </PlainSection>
    }
}

#[component]
fn Ends(reader: Reader, room: Room) -> impl IntoView {
    let delete = room.role.may(Deed::DeleteRoom).then(|| {
        let error = reader.last_try("delete_room", None).error_besides(&[]);
        view! {
            <PlainAsk
                id="delete"
                opener="Delete room"
                class="danger"
                title=format!("Delete {}?", room.name)
                text="The room and all its messages will be gone for good, for everyone in it."
                action="delete_room"
                reader=reader.clone()
                also=of(&room)
                button="Delete room"
                error
            />
        }
    });
    view! {
        <PlainSection id="ends" title="The way out">
            <div class="acts">
                <PlainAsk
                    id="leave"
                    opener="Leave room"
                    title=format!("Leave {}?", room.name)
                    text="To come back you need its key. A room of yours passes to the member who has been in it \
                          longest; one with no other member is deleted."
                    action="leave_room"
                    reader=reader.clone()
                    also=of(&room)
                    button="Leave room"
                    error=reader.last_try("leave_room", None).error_besides(&[])
                />
                {delete}
            </div>
        </PlainSection>
    }
}

/// What every form of a room's says: which room.
fn of(room: &Room) -> Vec<(&'static str, String)> {
    vec![("room", room.id.to_string())]
}
