//! A message's text while its author changes it, in the place of what it says.

use leptos::{
    ev::{KeyboardEvent, MouseEvent, SubmitEvent},
    html,
    prelude::*,
};

use super::{LastTry, as_text, target::Target, textbox::focus_composer};
use crate::{
    domain::{Body, Seq},
    ui::{
        browser,
        session::{Conversation, Of},
    },
};

/// Textbox "Edit message", with "Save" and "Cancel".
#[component]
pub fn Editor(conversation: Conversation, seq: Seq, body: String) -> impl IntoView {
    let last = conversation.take_refused_edit(seq);
    let last = LastTry::at("edit_message", last.as_ref());
    let refusal = RwSignal::new(last.error_besides(&[]));
    let input = NodeRef::<html::Textarea>::new();
    let text = if last.is_some() {
        last.typed("body")
    } else {
        body.clone()
    };
    let was = body;
    Effect::new(move || {
        if let Some(input) = input.get() {
            browser::focus(&input);
            let end = input.value().encode_utf16().count() as u32;
            _ = input.set_selection_range(end, end);
        }
    });
    let close = move || {
        conversation.doing.set(None);
        focus_composer(conversation);
    };
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(input) = input.get_untracked() else {
            return;
        };
        match Body::parse(&input.value()) {
            Ok(body) => {
                let body = body.into_string();
                if body != was {
                    conversation.edit(Of::Seq(seq), body);
                }
                close();
            }
            Err(error) => refusal.set(Some(error.message)),
        }
    };
    let pressed = move |event: KeyboardEvent| {
        let composing = event.is_composing() || event.key_code() == 229;
        let sends = event.ctrl_key() || event.meta_key() || !browser::is_touched();
        if event.key() == "Enter" && !event.shift_key() && !composing && sends {
            event.prevent_default();
            if let Some(form) = input.get_untracked().and_then(|input| input.form()) {
                // Only a form that is not in the page refuses.
                _ = form.request_submit();
            }
        } else if event.key() == "Escape" && !composing {
            event.prevent_default();
            event.stop_propagation();
            close();
        }
    };
    let cancel = move |event: MouseEvent| {
        event.prevent_default();
        close();
    };
    view! {
        <div class="editor">
            <form id=format!("editor-{seq}") action="/api/edit_message" method="post" on:submit=save>
                <Target conversation seq />
                // Above the box: that may reach down to where the log ends.
                {move || {
                    refusal
                        .get()
                        .map(|why| {
                            view! {
                                <p class="error" role="alert">
                                    {why}
                                </p>
                            }
                        })
                }}
                <textarea
                    node_ref=input
                    name="body"
                    aria-label="Edit message"
                    dir="auto"
                    aria-invalid=move || refusal.read().is_some().then_some("true")
                    on:keydown=pressed
                    autofocus
                    inner_html=as_text(&text)
                ></textarea>
            </form>
            <form method="get">
                <button type="submit" form=format!("editor-{seq}")>
                    "Save"
                </button>
                <button name="at" value=seq.to_string() class="quiet" on:click=cancel>
                    "Cancel"
                </button>
            </form>
        </div>
    }
}
