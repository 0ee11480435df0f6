//! What a plain form says of a message that something is done to.

use leptos::prelude::*;

use super::{html::hidden, quote::anchor};
use crate::{domain::Seq, ui::session::Conversation};

/// Who does it, to which message, and where that leads: names and values.
pub fn fields(conversation: Conversation, seq: Seq) -> [(&'static str, String); 4] {
    let then = format!(
        "{}?at={seq}#{}",
        conversation.address(),
        anchor(conversation)
    );
    [
        ("me", conversation.session.me.get_value()),
        ("room", conversation.id().to_string()),
        ("seq", seq.to_string()),
        ("then", then),
    ]
}

/// The same as hidden fields, in HTML.
pub fn push(out: &mut String, conversation: Conversation, seq: Seq) {
    for (name, value) in fields(conversation, seq) {
        hidden(out, name, &value);
    }
}

/// The same, within a view.
#[component]
pub fn Target(conversation: Conversation, seq: Seq) -> impl IntoView {
    let mut html = String::new();
    push(&mut html, conversation, seq);
    view! { <span hidden inner_html=html></span> }
}
