//! The reactions that a message has: toggle buttons, which are plain forms without a script.

use leptos::{ev::SubmitEvent, prelude::*};

use super::quote::anchor;
use crate::{
    domain::{Message, Reaction, Seq},
    ui::session::Conversation,
};

#[component]
pub fn Reactions(conversation: Conversation, message: Memo<Message>) -> impl IntoView {
    let kinds = move || {
        let message = message.read();
        let kinds = message.reactions.iter().map(|kind| kind.emoji.clone());
        kinds.collect::<Vec<_>>()
    };
    let any = Memo::new(move |_| !message.read().reactions.is_empty());
    move || {
        any.get().then(|| {
            view! {
                <div class="reactions">
                    <For each=kinds key=String::clone let:emoji>
                        <Kind conversation message emoji />
                    </For>
                </div>
            }
        })
    }
}

#[component]
fn Kind(conversation: Conversation, message: Memo<Message>, emoji: String) -> impl IntoView {
    let seq = message.with_untracked(|message| message.seq);
    let me = conversation.session.me.get_value();
    let kind = Memo::new({
        let emoji = emoji.clone();
        move |_| {
            let message = message.read();
            let kind = message.reactions.iter().find(|kind| kind.emoji == emoji);
            kind.cloned()
        }
    });
    let by = move || kind.get().map_or_else(Vec::new, |Reaction { by, .. }| by);
    let given = Memo::new(move |_| by().contains(&me));
    let name = {
        let emoji = emoji.clone();
        move || format!("{emoji} {}: {}", by().len(), by().join(", "))
    };
    let toggle = {
        let emoji = emoji.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            conversation.react(seq, emoji.clone(), !given.get_untracked());
        }
    };
    view! {
        <form action="/api/react" method="post" on:submit=toggle>
            <Target conversation seq />
            <input type="hidden" name="emoji" value=emoji.clone() />
            <input type="hidden" name="on" value=move || (!given.get()).to_string() />
            <button
                class="reaction"
                aria-pressed=move || given.get().to_string()
                aria-label=name
                title=move || by().join(", ")
            >
                <span>{emoji}</span>
                {move || by().len()}
            </button>
        </form>
    }
}

/// What a plain form says of a message that something is done to: who does it, where, and where that leads.
#[component]
pub fn Target(conversation: Conversation, seq: Seq) -> impl IntoView {
    let me = conversation.session.me.get_value();
    let room = conversation.id().to_string();
    let then = format!(
        "{}?at={seq}#{}",
        conversation.address(),
        anchor(conversation)
    );
    view! {
        <input type="hidden" name="me" value=me />
        <input type="hidden" name="room" value=room />
        <input type="hidden" name="seq" value=seq.to_string() />
        <input type="hidden" name="then" value=then />
    }
}
