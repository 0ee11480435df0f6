//! What is pressed, pointed at and focused in the log: which row's tools are at hand, and what the rest of a row does.
//! A row is HTML that holds no listeners, see [`super::row_html`]: all that happens in one is heard here.

use std::{any::Any, time::Duration};

use futures::FutureExt;
use leptos::{
    ev::{KeyboardEvent, MouseEvent, SubmitEvent},
    html,
    prelude::*,
    task::spawn_local,
};
use uuid::Uuid;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, FocusEvent, HtmlButtonElement, Node, PointerEvent};

use super::{
    place::find_row,
    row_dom::{focus_row, focus_within, row_of, seq_of},
    textbox::focus_composer,
    tools::{self, Tool},
};
use crate::{
    domain::Seq,
    ui::{browser, notices, session::Conversation},
};

/// Tools that nobody has reached for are loaded when the page has been there for this long.
const SOON: Duration = Duration::from_secs(10);

/// Hears what happens in a log.
#[derive(Clone, Copy)]
pub struct Hand {
    conversation: Conversation,
    log: NodeRef<html::Div>,
    /// The row by whose door the keyboard goes on from the log; 0 for none.
    stop: StoredValue<Seq>,
    /// Whether the tools are loaded.
    tools: RwSignal<bool>,
    /// Whether a finger was the last to come down on the log, and has pressed nothing yet.
    finger: StoredValue<bool>,
}

impl Hand {
    pub fn new(conversation: Conversation, log: NodeRef<html::Div>) -> Self {
        Self {
            conversation,
            log,
            stop: StoredValue::new(0),
            tools: RwSignal::new(false),
            finger: StoredValue::new(false),
        }
    }

    /// Comes alive.
    pub fn go_live(self) {
        // Whoever loses the connection later should have them.
        Effect::new(move || self.conversation.later(SOON, move || self.fetch()));
        // Without a script the keyboard goes by all doors.
        Effect::new(move || {
            if let Some(log) = self.log.get() {
                browser::each(&log, ".more button", |door| door.set_tab_index(-1));
            }
        });
        let Conversation {
            at_hand,
            doing,
            window,
            ..
        } = self.conversation;
        let bar = Memo::new(move |_| Some((at_hand.get()?, Tool::Bar)));
        let rest = Memo::new(move |_| doing.get().map(|(seq, doing)| (seq, doing.tool())));
        for tool in [bar, rest] {
            Effect::new(move |_: Option<Option<Box<dyn Any>>>| {
                let (seq, tool) = tool.get()?;
                if !self.tools.get() {
                    self.fetch();
                    return None;
                }
                let said = window.with_untracked(|window| window.said(seq))?;
                let place = self.row(seq)?.query_selector(".tools").ok()??;
                if place.has_attribute("data-plain") {
                    place.set_inner_html("");
                    _ = place.remove_attribute("data-plain");
                }
                let place = place.unchecked_into();
                let put = tools::put(place, tool, self.conversation, said.message);
                put.now_or_never()?.ok()
            });
        }
    }

    /// Loads the tools, if they are not here yet: somebody reaches for the page.
    pub fn fetch(self) {
        if self.tools.get_untracked() {
            return;
        }
        spawn_local(async move {
            let came = tools::load().await.is_ok();
            let doing = self.conversation.doing;
            if came {
                // Of a room that has been let go of nothing is left to tell.
                _ = self
                    .tools
                    .try_maybe_update(|here| (!std::mem::replace(here, true), ()));
            } else if doing.try_update(Option::take).flatten().is_some() {
                notices::say("That could not be loaded. Try it again when the connection is back.");
            }
        });
    }

    fn row(self, seq: Seq) -> Option<Element> {
        let log = self.log.get_untracked()?;
        find_row(&log, seq)
    }

    /// A mouse has come to something.
    pub fn pointed(self, event: &PointerEvent) {
        self.fetch();
        if event.pointer_type() == "mouse"
            && !self.is_busy()
            && let Some(seq) = row_of(event.target()).and_then(|row| seq_of(&row))
        {
            self.reach(Some(seq));
        }
    }

    /// The mouse has left the log.
    pub fn left(self, event: &PointerEvent) {
        if event.pointer_type() == "mouse" && !self.is_busy() {
            let focused = document().active_element().map(Into::into);
            self.reach(row_of(focused).and_then(|row| seq_of(&row)));
        }
    }

    /// A mouse, a pen or a finger comes down.
    pub fn comes_down(self, event: &PointerEvent) {
        self.finger.set_value(event.pointer_type() == "touch");
    }

    /// Something was pressed, perhaps with a finger.
    pub fn pressed(self, event: &MouseEvent) {
        self.finger.set_value(false);
        if self.opens(event) {
            return event.prevent_default();
        }
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

    /// What a row's own links and buttons do.
    fn opens(self, event: &MouseEvent) -> bool {
        let Some(control) = control_of(event.target()) else {
            return false;
        };
        let Some(seq) = row_of(event.target()).and_then(|row| seq_of(&row)) else {
            return self.amends(&control);
        };
        if control.class_name().starts_with("quoted") {
            let href = control.get_attribute("href").unwrap_or_default();
            let digits = href.trim_start_matches("?at=").split('#').next();
            if let Some(to) = digits.and_then(|digits| digits.parse().ok()) {
                self.conversation.to_message(to);
            }
        } else if control.get_attribute("name").as_deref() == Some("act") {
            self.conversation.at_hand.set(Some(seq));
            self.focus_tools(seq);
        } else {
            return self.amends(&control);
        }
        true
    }

    /// Moves the keyboard's place into a row's tools, as soon as they are there.
    fn focus_tools(self, seq: Seq) {
        spawn_local(async move {
            if tools::load().await.is_ok() {
                request_animation_frame(move || {
                    if let Some(row) = self.row(seq) {
                        focus_within(&row, ".actions button");
                    }
                });
            }
        });
    }

    /// What can be done where something was refused.
    fn amends(self, control: &Element) -> bool {
        let button = control.dyn_ref::<HtmlButtonElement>();
        let Some((button, id)) =
            button.and_then(|button| Some((button, Uuid::parse_str(&button.value()).ok()?)))
        else {
            return false;
        };
        let conversation = self.conversation;
        match &*button.name() {
            "retry" => conversation.retry(id),
            "edit" => conversation.take_back(id),
            "discard" => {
                conversation.discard(id);
                // The button goes with what it is about.
                focus_composer(conversation);
            }
            _ => return false,
        }
        true
    }

    /// A reaction was pressed: a form that is answered here.
    pub fn submitted(self, event: &SubmitEvent) {
        let pressed = || {
            let form = event.target()?.dyn_into::<Element>().ok()?;
            let button = form.query_selector(".reaction").ok()??;
            let seq = seq_of(&row_of(event.target())?)?;
            let on = button.get_attribute("aria-pressed")? != "true";
            Some((seq, button.get_attribute("value")?, on))
        };
        if let Some((seq, emoji, on)) = pressed() {
            event.prevent_default();
            self.conversation.react(seq, emoji, on);
        }
    }

    /// The keyboard's place has come to something.
    pub fn focused(self, event: &FocusEvent) {
        self.fetch();
        let row = row_of(event.target());
        let seq = row.as_ref().and_then(seq_of);
        // A finger that comes to the row itself is told of by its press.
        let by_press = self.finger.get_value() && row.map(Into::into) == event.target();
        if seq.is_some() && !by_press {
            self.reach(seq);
        }
        // From the log itself it is the newest.
        let window = self.conversation.window.read_untracked();
        let newest = window.messages().last().map(|said| said.seq);
        let stop = seq.or(newest).unwrap_or(0);
        let was = self
            .stop
            .try_update_value(|was| std::mem::replace(was, stop));
        for (row, index) in [(was, -1), (Some(stop), 0)] {
            if let Some(row) = row.and_then(|seq| self.row(seq)) {
                browser::each(&row, ".more button", |door| door.set_tab_index(index));
            }
        }
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

/// The link or button that something is in.
fn control_of(target: Option<EventTarget>) -> Option<Element> {
    target?
        .dyn_into::<Element>()
        .ok()?
        .closest("a, button")
        .ok()?
}
