//! What makes a room's page live: the conversation that its islands share.

use leptos::prelude::*;

use super::notice;
use crate::{
    domain::RoomPage,
    ui::{
        browser,
        live::{Conversation, Gone},
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
        let Some(gone) = conversation.gone.get() else {
            return;
        };
        let name = conversation.room.with_value(|room| room.name.clone());
        notice::leave(&match gone {
            Gone::Deleted => format!("{name} was deleted by its owner, with all its messages."),
            Gone::NotMember => format!("You are not in {name} any more."),
        });
        let home = conversation.me.with_value(|me| paths::dashboard(me));
        // Going back to where there is nothing any more would only lead here again.
        browser::go_on(&home, true);
    });
}
