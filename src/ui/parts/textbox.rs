//! Where *me* writes in a room.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::{
    domain::RoomId,
    ui::{browser, session::Conversation},
};

/// Moves the keyboard's place to where *me* writes.
pub fn focus_composer(conversation: Conversation) {
    if let Some(textbox) = document().get_element_by_id(&textbox(conversation.id())) {
        browser::focus_in_place(textbox.unchecked_ref());
    }
}

/// The id of a room's textbox.
pub fn textbox(room: RoomId) -> String {
    format!("message-{room}")
}
