//! What can be done to a message: at hand in its row while somebody points at it, is in it with the keyboard, or has
//! touched it. Without a script its row leads to the page with them in it, where they are plain forms.

use leptos::{
    ev::{KeyboardEvent, MouseEvent, SubmitEvent},
    html,
    prelude::*,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, FocusEvent, HtmlElement, Node, PointerEvent};

use super::{
    Confirm, Icon, composer::focus_composer, emoji_picker::EmojiPicker, quote::anchor,
    reactions::Target,
};
use crate::{
    domain::{Deed, Message, Seq},
    ui::{
        browser,
        session::{Conversation, Doing},
    },
};

/// The row's door to its actions, for those who do not point, and the actions while they are at hand.
#[component]
pub fn Actions(
    conversation: Conversation,
    message: Memo<Message>,
    /// Whether the keyboard comes by here, rather than by another row.
    is_stop: Signal<bool>,
) -> impl IntoView {
    let seq = message.with_untracked(|message| message.seq);
    let at_hand = Memo::new(move |_| conversation.at_hand.get() == Some(seq));
    let open = move |event: MouseEvent| {
        event.prevent_default();
        conversation.at_hand.set(Some(seq));
        if let Some(row) = row_of(event.target()) {
            request_animation_frame(move || {
                focus_within(&row, ".actions button");
            });
        }
    };
    view! {
        <form method="get" action=format!("#{}", anchor(conversation)) class="more">
            <button
                name="act"
                value=seq.to_string()
                class="icon-button"
                aria-label="Actions"
                tabindex=move || (!is_stop.get()).then_some("-1")
                on:click=open
            >
                {Icon::More.view()}
            </button>
        </form>
        {move || at_hand.get().then(|| view! { <AtHand conversation message /> })}
    }
}

#[component]
fn AtHand(conversation: Conversation, message: Memo<Message>) -> impl IntoView {
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
        leptos::task::spawn_local(async move {
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
                                <button name="reply" value=seq.to_string() class="icon-button" title="Reply" on:click=reply>
                                    {Icon::Reply.view()}
                                    <span class="hush">"Reply"</span>
                                </button>
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
                                        >
                                            <form action="/api/delete_message" method="post" on:submit=erase>
                                                <Target conversation seq />
                                                <button type="submit" class="danger">
                                                    "Delete message"
                                                </button>
                                            </form>
                                        </Confirm>
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
        {move || picking.get().then(|| view! { <EmojiPicker conversation seq /> })}
    }
}

/// The id of the dialog that asks before a message is erased: `erase-ROOM-SEQ`.
pub fn erase_id(room: i64, seq: Seq) -> String {
    format!("erase-{room}-{seq}")
}

/// What of a log's events decides which row's actions are at hand.
#[derive(Clone, Copy)]
pub struct Hand {
    conversation: Conversation,
    log: NodeRef<html::Div>,
    /// The row by which the keyboard goes on from the log; 0 for none.
    pub stop: RwSignal<Seq>,
}

impl Hand {
    pub fn new(conversation: Conversation, log: NodeRef<html::Div>) -> Self {
        Self {
            conversation,
            log,
            stop: RwSignal::new(0),
        }
    }

    /// A mouse has come to something.
    pub fn pointed(self, event: &PointerEvent) {
        if event.pointer_type() == "mouse"
            && !self.is_busy()
            && let Some(seq) = row_of(event.target()).and_then(|row| seq_of(&row))
        {
            self.reach(Some(seq));
        }
    }

    /// The mouse has left the log.
    pub fn left(self) {
        if !self.is_busy() {
            let focused = document().active_element().map(Into::into);
            self.reach(row_of(focused).and_then(|row| seq_of(&row)));
        }
    }

    /// Something was pressed, perhaps with a finger.
    pub fn pressed(self, event: &MouseEvent) {
        let touch = event
            .dyn_ref::<PointerEvent>()
            .is_some_and(|event| event.pointer_type() == "touch");
        let on_control = || {
            let element = event.target()?.dyn_into::<Element>().ok()?;
            element.closest("a, button, form, dialog, .picker").ok()?
        };
        if touch && on_control().is_none() {
            let seq = row_of(event.target()).and_then(|row| seq_of(&row));
            let again = self.conversation.at_hand.get_untracked() == seq;
            self.conversation.doing.set(None);
            self.reach(seq.filter(|_| !again));
        }
    }

    /// The keyboard's place has come to something.
    pub fn focused(self, event: &FocusEvent) {
        let seq = row_of(event.target()).and_then(|row| seq_of(&row));
        if seq.is_some() {
            self.reach(seq);
        }
        // From the log itself it is the newest.
        let window = self.conversation.window.read_untracked();
        let newest = window.messages().last().map(|said| said.seq);
        self.stop.set(seq.or(newest).unwrap_or(0));
    }

    /// The keyboard's place goes elsewhere.
    pub fn blurred(self, event: &FocusEvent) {
        let to = event
            .related_target()
            .and_then(|to| to.dyn_into::<Node>().ok());
        let stays = self
            .log
            .get_untracked()
            .is_some_and(|log| log.contains(to.as_ref()));
        if to.is_some() && !stays && !self.is_busy() {
            self.reach(None);
        }
    }

    /// Arrows go from row to row; Escape lets go of what is being done.
    pub fn key(self, event: &KeyboardEvent) {
        let typing = || {
            let element = event.target()?.dyn_into::<Element>().ok()?;
            element.closest("textarea, input, .picker, dialog").ok()?
        };
        let Some(row) = row_of(event.target()) else {
            return;
        };
        if event.key() == "Escape" && self.conversation.doing.get_untracked().is_some() {
            event.prevent_default();
            event.stop_propagation();
            self.conversation.doing.set(None);
            return focus_row(&row);
        }
        if typing().is_some() || event.alt_key() || event.ctrl_key() || event.meta_key() {
            return;
        }
        let next = |from: &Element| match &*event.key() {
            "ArrowUp" => from.previous_element_sibling(),
            "ArrowDown" => from.next_element_sibling(),
            _ => None,
        };
        let mut at = next(&row);
        while let Some(element) = at {
            if element.has_attribute("data-seq") {
                event.prevent_default();
                return focus_row(&element);
            }
            at = next(&element);
        }
    }

    /// Whether what is at hand is in use: a choice of emoji, an editor, a question.
    fn is_busy(self) -> bool {
        self.conversation.doing.get_untracked().is_some()
            || self.log.get_untracked().is_some_and(|log| {
                log.query_selector("dialog[open]")
                    .is_ok_and(|dialog| dialog.is_some())
            })
    }

    fn reach(self, seq: Option<Seq>) {
        self.conversation
            .at_hand
            .maybe_update(|at_hand| std::mem::replace(at_hand, seq) != seq);
    }
}

/// Moves the keyboard's place to a row.
pub fn focus_row(row: &Element) {
    if !focus_within(row, ".more button")
        && let Some(row) = row.dyn_ref::<HtmlElement>()
    {
        browser::focus(row);
    }
}

fn focus_within(row: &Element, what: &str) -> bool {
    let found = row.query_selector(what).ok().flatten();
    let found = found.and_then(|found| found.dyn_into::<HtmlElement>().ok());
    found.inspect(browser::focus).is_some()
}

fn close_dialogs(row: &Element) {
    if let Ok(Some(dialog)) = row.query_selector("dialog[open]")
        && let Ok(dialog) = dialog.dyn_into::<web_sys::HtmlDialogElement>()
    {
        dialog.close();
    }
}

/// The row that something is in.
fn row_of(target: Option<EventTarget>) -> Option<Element> {
    target?
        .dyn_into::<Element>()
        .ok()?
        .closest("[data-seq]")
        .ok()?
}

fn seq_of(row: &Element) -> Option<Seq> {
    row.get_attribute("data-seq")?.parse().ok()
}
