//! What can be done to a message, at hand in its row: the toolbar, the choice of a reaction, the box to edit in. They
//! are loaded when somebody first reaches for a message, see [`super::hand`]. Without a script a row leads to the page
//! with them in it, where they are plain forms.

use std::any::Any;

use leptos::{
    either::EitherOf3,
    ev::{MouseEvent, SubmitEvent},
    mount::mount_to,
    prelude::*,
    task::spawn_local,
    wasm_split::{SplitLoaderError, wasm_split},
};
use web_sys::HtmlElement;

use super::{
    Confirm, Icon,
    editor::Editor,
    emoji_picker::EmojiPicker,
    quote::anchor,
    row_dom::{close_dialogs, focus_row, row_of},
    target,
    textbox::focus_composer,
};
use crate::{
    domain::{Deed, Message, Seq},
    ui::{
        browser,
        session::{Conversation, Doing},
    },
};

/// What is put into a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Bar,
    Picker,
    Editor,
}

impl Tool {
    fn view(self, conversation: Conversation, message: ArcRwSignal<Message>) -> impl IntoView {
        let (seq, body) = message.with_untracked(|message| (message.seq, message.body.clone()));
        match self {
            Self::Bar => EitherOf3::A(view! { <Bar conversation message=message.into() /> }),
            Self::Picker => EitherOf3::B(view! { <EmojiPicker conversation seq /> }),
            Self::Editor => EitherOf3::C(view! { <Editor conversation seq body /> }),
        }
    }
}

/// Puts a tool into its place in a row, where it is until what is answered is dropped.
///
/// # Errors
/// Where the tools cannot be loaded.
#[wasm_split(tools, wasm_split_path = ::leptos::wasm_split, preload(load), fallible)]
pub fn put(
    place: HtmlElement,
    tool: Tool,
    conversation: Conversation,
    message: ArcRwSignal<Message>,
) -> Result<Box<dyn Any>, SplitLoaderError> {
    Ok(Box::new(mount_to(place, move || {
        tool.view(conversation, message)
    })))
}

/// Has the tools loaded, for whoever may need them soon.
pub fn fetch() {
    spawn_local(async {
        // Whoever needs them then asks again.
        _ = load().await;
    });
}

/// What is at hand in a message's row as the server renders it.
#[cfg(feature = "ssr")]
pub fn html(conversation: Conversation, message: &ArcRwSignal<Message>) -> String {
    let seq = message.read_untracked().seq;
    let bar = conversation.at_hand.get_untracked() == Some(seq);
    let doing = conversation
        .doing
        .get_untracked()
        .filter(|(of, _)| *of == seq);
    let tools = [
        bar.then_some(Tool::Bar),
        doing.map(|(_, doing)| doing.tool()),
    ];
    let tools = tools.into_iter().flatten();
    tools
        .map(|tool| tool.view(conversation, message.clone()).to_html())
        .collect()
}

impl Doing {
    pub fn tool(self) -> Tool {
        match self {
            Self::React => Tool::Picker,
            Self::Edit => Tool::Editor,
        }
    }
}

#[component]
fn Bar(conversation: Conversation, message: RwSignal<Message>) -> impl IntoView {
    let (seq, own) = message.with_untracked(|message| {
        let own = conversation.session.me.with_value(|me| *me == message.by);
        (message.seq, own)
    });
    let deleted = Memo::new(move |_| message.read().deleted);
    let room = conversation.id();
    let copied = RwSignal::new(None);
    let reply = move |event: MouseEvent| {
        event.prevent_default();
        message.with_untracked(|message| conversation.answer(message));
        focus_composer(conversation);
    };
    let picking = Memo::new(move |_| conversation.doing.get() == Some((seq, Doing::React)));
    let react = move |event: MouseEvent| {
        event.prevent_default();
        let next = (!picking.get_untracked()).then_some((seq, Doing::React));
        conversation.doing.set(next);
    };
    let edit = move |event: MouseEvent| {
        event.prevent_default();
        conversation.doing.set(Some((seq, Doing::Edit)));
    };
    let erase = move |event: SubmitEvent| {
        event.prevent_default();
        conversation.erase(seq);
        if let Some(row) = row_of(event.target()) {
            close_dialogs(&row);
            request_animation_frame(move || focus_row(&row));
        }
    };
    let copy = move |event: MouseEvent| {
        if event.ctrl_key() || event.meta_key() || event.shift_key() {
            return;
        }
        event.prevent_default();
        let url = format!("{}{}?at={seq}", browser::origin(), conversation.address());
        spawn_local(async move {
            let done = browser::copy(url).await;
            _ = copied.try_set(Some(if done {
                "Link copied"
            } else {
                "The link could not be copied"
            }));
        });
    };
    view! {
        <div class="actions">
            {move || {
                (!deleted.get())
                    .then(|| {
                        view! {
                            <form method="get" action=format!("#{}", anchor(conversation))>
                                {conversation
                                    .may_post()
                                    .then(|| {
                                        view! {
                                            <button
                                                name="reply"
                                                value=seq.to_string()
                                                class="icon-button"
                                                title="Reply"
                                                on:click=reply
                                            >
                                                {Icon::Reply.view()}
                                                <span class="hush">"Reply"</span>
                                            </button>
                                        }
                                    })}
                                <button
                                    name="react"
                                    value=seq.to_string()
                                    class="icon-button"
                                    title="React"
                                    aria-expanded=move || picking.get().to_string()
                                    on:click=react
                                >
                                    {Icon::Smile.view()}
                                    <span class="hush">"React"</span>
                                </button>
                                {conversation
                                    .may(Deed::Edit { own })
                                    .then(|| {
                                        view! {
                                            <button
                                                name="edit"
                                                value=seq.to_string()
                                                class="icon-button"
                                                title="Edit"
                                                on:click=edit
                                            >
                                                {Icon::Edit.view()}
                                                <span class="hush">"Edit"</span>
                                            </button>
                                        }
                                    })}
                            </form>
                            {conversation
                                .may(Deed::Erase { own })
                                .then(|| {
                                    view! {
                                        <Confirm
                                            id=erase_id(room, seq)
                                            opener=""
                                            label="Delete"
                                            class="icon-button"
                                            icon=Icon::Delete
                                            title="Delete this message?"
                                            text="Its words will be gone for good, for everyone in the room. That there was a message stays."
                                            action="/api/delete_message"
                                            fields=target::fields(conversation, seq).into()
                                            button="Delete message"
                                            submit=Callback::new(erase)
                                        />
                                    }
                                })}
                        }
                    })
            }}
            <a class="icon-button" href=format!("?at={seq}") title="Copy link" on:click=copy>
                {Icon::Link.view()}
                <span class="hush">"Copy link"</span>
            </a>
            <span class="copied" role="status">{copied}</span>
        </div>
    }
}

/// The id of the dialog that asks before a message is erased: `erase-ROOM-SEQ`.
pub fn erase_id(room: i64, seq: Seq) -> String {
    format!("erase-{room}-{seq}")
}
