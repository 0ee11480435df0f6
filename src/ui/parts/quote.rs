//! What an answer shows of the message that it answers.

use leptos::{ev::MouseEvent, prelude::*};

use super::Icon;
use crate::{domain::Quote, ui::session::Conversation};

/// Above the composer: what is being answered, and the way out of it. A plain form carries it along.
#[component]
pub fn Answering(conversation: Conversation, put_back: Callback<()>) -> impl IntoView {
    move || {
        conversation.answering.get().map(|quote| {
            let cancel = move |event: MouseEvent| {
                event.prevent_default();
                conversation.answering.set(None);
                put_back.run(());
            };
            view! {
                <div class="answering">
                    <input type="hidden" name="re" value=quote.seq.to_string() />
                    <p class="clip">
                        {Icon::Reply.view()} "Reply to " <b dir="auto">{quote.by.clone()}</b> " " <Words quote />
                    </p>
                    <a class="icon-button" role="button" href="?" aria-label="Cancel reply" title="Cancel reply" on:click=cancel>
                        {Icon::Close.view()}
                    </a>
                </div>
            }
        })
    }
}

#[component]
fn Words(quote: Quote) -> impl IntoView {
    let gone = quote.body.is_empty();
    view! {
        <span dir="auto" class:gone=gone>
            {if gone { "deleted".to_owned() } else { quote.body.replace('\n', " ") }}
        </span>
    }
}

/// The id of the message that a room's page is about: where it begins without a script.
pub fn anchor(conversation: Conversation) -> String {
    format!("at-{}", conversation.id())
}
