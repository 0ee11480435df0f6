//! Where *me* writes. What is typed is never lost: a draft survives a reload, what is sent goes through the
//! outbox, and without a script it is a plain form.

use leptos::{
    ev::{Event, KeyboardEvent, SubmitEvent},
    html,
    prelude::*,
};
use uuid::Uuid;

use super::{
    LastTry, as_text,
    naming::{Names, Naming},
    quote::Answering,
    textbox::{focus_composer, textbox},
    tools,
};
use crate::{
    domain::{Body, Code, Flash, limits},
    ui::{
        browser,
        session::{Conversation, Doing},
    },
};

/// The counter shows from here on.
const NEARLY_FULL: usize = limits::BODY_CHARS - 500;
/// Lines that the box grows to in a browser that does not size it by its content.
const MOST_LINES: usize = 8;

/// What the plain form starts from: the id that its message will have, so that sending it twice, by going
/// back, says it once; and what was refused the last time, where something was.
pub struct Sheet {
    pub id: Uuid,
    pub typed: String,
    pub refusal: Option<String>,
}

impl Sheet {
    /// The one with this id, after what was refused.
    pub fn after(flash: Option<&Flash>, id: Uuid) -> Self {
        let last = LastTry::at("post_message", flash);
        Self {
            id,
            typed: last.typed("body"),
            refusal: last.error_besides(&[]),
        }
    }
}

/// Textbox "Message" and button "Send".
#[component]
pub fn Composer(conversation: Conversation, sheet: Sheet) -> impl IntoView {
    let me = conversation.session.me.get_value();
    let room = conversation.id();
    let placeholder = move || {
        let terms = conversation.terms.read();
        ["Write to ", &terms.name].concat()
    };
    let Sheet { id, typed, refusal } = sheet;
    let refusal = RwSignal::new(refusal);
    let chars = RwSignal::new(typed.chars().count());
    let lines = RwSignal::new(1);
    let input = NodeRef::<html::Textarea>::new();
    let draft = StoredValue::new(format!("latchkey:draft:{me}:{room}"));

    let touched = RwSignal::new(false);
    Effect::new(move || touched.set(browser::is_touched()));
    let measure = move |text: &str| {
        chars.set(text.trim().chars().count());
        lines.set(text.split('\n').count().min(MOST_LINES));
        draft.with_value(|draft| {
            browser::remember(draft, Some(text).filter(|text| !text.is_empty()))
        });
    };
    let fill = move |text: &str| {
        if let Some(input) = input.get_untracked() {
            input.set_value(text);
            measure(text);
        }
    };
    Effect::new(move || {
        let Some(input) = input.get() else { return };
        // Text may have been typed before the page came alive: it comes first.
        let text = Some(input.value()).filter(|text| !text.is_empty());
        if let Some(text) = text.or_else(|| draft.with_value(|draft| browser::recall(draft))) {
            fill(&text);
        }
    });
    Effect::new(move || {
        let (Some(text), Some(input)) = (conversation.taken_back.get(), input.get_untracked())
        else {
            return;
        };
        let typed = input.value();
        fill(&if typed.is_empty() {
            text
        } else {
            format!("{text}\n{typed}")
        });
        browser::focus(&input);
    });
    let naming = Naming::new(conversation, input);
    let say = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(input) = input.get_untracked() else {
            return;
        };
        match Body::parse(&input.value()) {
            Ok(body) => {
                fill("");
                naming.forget();
                refusal.set(None);
                conversation.say(body.into_string());
            }
            Err(error) if error.code == Code::EmptyBody => {}
            Err(error) => refusal.set(Some(error.message)),
        }
        browser::focus(&input);
    };
    let pressed = move |event: KeyboardEvent| {
        // While an input method composes, Enter chooses a word; Safari tells it by 229 alone.
        let composing = event.is_composing() || event.key_code() == 229;
        if !composing && naming.key(&event) {
            return;
        }
        // On a touch keyboard there is no other way to break a line, and a button to send.
        let sends = event.ctrl_key() || event.meta_key() || !browser::is_touched();
        if event.key() == "Enter" && !event.shift_key() && !composing && sends {
            event.prevent_default();
            if let Some(form) = input.get_untracked().and_then(|input| input.form()) {
                // Only a form that is not in the page refuses.
                _ = form.request_submit();
            }
        }
        let untouched = || {
            input
                .get_untracked()
                .is_some_and(|input| input.value().is_empty())
        };
        match &*event.key() {
            "ArrowUp" if untouched() => {
                if conversation.take_back_last() {
                    event.prevent_default();
                } else if let Some(message) = conversation.last_of_mine() {
                    event.prevent_default();
                    conversation.at_hand.set(None);
                    conversation.doing.set(Some((message.seq, Doing::Edit)));
                }
            }
            "Escape" if conversation.answering.get_untracked().is_some() => {
                event.prevent_default();
                conversation.answering.set(None);
            }
            _ => {}
        }
    };
    let wrote = move |event: Event| {
        let text = event_target_value(&event);
        measure(&text);
        naming.look();
        refusal.set(None);
        if !text.trim().is_empty() {
            conversation.types();
        }
    };
    let over = Memo::new(move |_| chars.get() > limits::BODY_CHARS);
    view! {
        <form class="composer" hidden=move || !conversation.may_post() action="/api/post_message" method="post" on:submit=say>
            <input type="hidden" name="me" value=me />
            <input type="hidden" name="room" value=room.to_string() />
            <input type="hidden" name="id" value=id.to_string() />
            <Answering conversation put_back=Callback::new(move |()| focus_composer(conversation)) />
            <Names naming />
            <label class="hush" for=textbox(room)>
                "Message"
            </label>
            <textarea
                node_ref=input
                id=textbox(room)
                name="body"
                rows=move || lines.get().to_string()
                dir="auto"
                placeholder=placeholder
                autocomplete="off"
                enterkeyhint=move || if touched.get() { "enter" } else { "send" }
                aria-describedby=format!("message-hint-{room}")
                aria-autocomplete="list"
                aria-controls=move || naming.list()
                aria-activedescendant=move || naming.active()
                aria-invalid=move || (over.get() || refusal.read().is_some()).then_some("true")
                on:input=wrote
                on:keydown=pressed
                on:focus=move |_| tools::fetch()
                on:blur=move |_| naming.forget()
                inner_html=as_text(&typed)
            ></textarea>
            <button type="submit">"Send"</button>
            <div id=format!("message-hint-{room}") class="composer-hint">
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
                {move || {
                    (chars.get() > NEARLY_FULL)
                        .then(|| {
                            view! {
                                <p class="counter" class:over=over>
                                    {space_left(chars.get())}
                                </p>
                            }
                        })
                }}
            </div>
        </form>
    }
}

/// How much more fits.
fn space_left(chars: usize) -> String {
    let (count, what) = match limits::BODY_CHARS.checked_sub(chars) {
        Some(left) => (left, "left"),
        None => (chars - limits::BODY_CHARS, "too many"),
    };
    let unit = if count == 1 {
        "character"
    } else {
        "characters"
    };
    format!("{count} {unit} {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_tells_what_fits_and_what_does_not() {
        assert_eq!(space_left(3_900), "100 characters left");
        assert_eq!(space_left(3_999), "1 character left");
        assert_eq!(space_left(4_000), "0 characters left");
        assert_eq!(space_left(4_001), "1 character too many");
    }
}
