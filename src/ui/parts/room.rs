//! What makes a room's page live: the conversation that its islands share.

use leptos::{prelude::*, task::spawn_local};

use super::{farewell, notice};
use crate::{
    domain::RoomPage,
    ui::{
        browser,
        live::{self, Conversation, Gone},
        paths,
    },
};

/// Holds the room for the islands among its children, which find it as a [`Conversation`] in their context.
#[island]
pub fn LiveRoom(me: String, page: RoomPage, children: Children) -> impl IntoView {
    let conversation = Conversation::new(me, page);
    provide_context(conversation);
    Effect::new(move || untrack(|| conversation.go_live()));
    count_missed(conversation);
    leave_when_gone(conversation);
    children()
}

/// Shows in the tab's title how much was said while nobody looked.
fn count_missed(conversation: Conversation) {
    Effect::new(move |title: Option<String>| {
        let title = title.unwrap_or_else(|| document().title());
        match conversation.missed.get() {
            0 => document().set_title(&title),
            count => document().set_title(&format!("({count}) {title}")),
        }
        title
    });
}

/// Brings *me* to their dashboard, with a word why, when the room is gone.
fn leave_when_gone(conversation: Conversation) {
    Effect::new(move || {
        if let Some(gone) = conversation.gone.get() {
            if farewell::is_leaving() {
                say_farewell(conversation, gone);
            } else {
                spawn_local(leave(conversation, gone));
            }
        }
    });
}

/// *me* goes by their own wish. This does not wait for the form's answer, which may be lost.
fn say_farewell(conversation: Conversation, gone: Gone) {
    conversation.room.with_value(|room| match gone {
        Gone::Deleted => farewell::was_last(&room.name),
        Gone::NotMember => _ = farewell::has_left(&room.name),
    });
    browser::go_on(&paths::dashboard(&conversation.me.get_value()), true);
}

async fn leave(conversation: Conversation, gone: Gone) {
    let me = conversation.me.get_value();
    // A room also goes when its only member gives up their name, and their dashboard with it.
    if live::go_home_unless_still(&me).await {
        return;
    }
    notice::leave(&conversation.room.with_value(|room| {
        let name = &room.name;
        match gone {
            // Its owner may just have left it on another page, as its last member.
            Gone::Deleted if room.owned => format!("{name} is gone, with all its messages."),
            Gone::Deleted => format!("{name} was deleted by its owner, with all its messages."),
            Gone::NotMember => format!("You are not in {name} any more."),
        }
    }));
    // Going back to where there is nothing any more would only lead here again.
    browser::go_on(&paths::dashboard(&me), true);
}
