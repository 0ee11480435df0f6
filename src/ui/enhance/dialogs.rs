//! Makes the dialogs of [`Confirm`](crate::ui::parts::Confirm) modal. Closing one returns the keyboard's
//! place to the button that opened it: the browser sees to that.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlButtonElement, HtmlDialogElement};

pub fn start() {
    window_event_listener(ev::click, |event| {
        let Some(dialog) = event.target().and_then(|target| asked_for(&target)) else {
            return;
        };
        event.prevent_default();
        // One that a plain page opened is not modal yet.
        dialog.close();
        _ = dialog.show_modal();
    });
}

/// The dialog that a press on this element asks for.
fn asked_for(pressed: &web_sys::EventTarget) -> Option<HtmlDialogElement> {
    let button = pressed
        .dyn_ref::<Element>()?
        .closest("button[name=ask]")
        .ok()??;
    let id = button.unchecked_into::<HtmlButtonElement>().value();
    document().get_element_by_id(&id)?.dyn_into().ok()
}
