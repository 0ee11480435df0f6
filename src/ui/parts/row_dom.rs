//! Rows of the log as they are on the page: elements with their message's seq, `data-seq`.

use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, HtmlDialogElement, HtmlElement};

use crate::{domain::Seq, ui::browser};

/// Moves the keyboard's place to a row.
pub fn focus_row(row: &Element) {
    if !focus_within(row, ".more button")
        && let Some(row) = row.dyn_ref::<HtmlElement>()
    {
        browser::focus(row);
    }
}

/// Moves the keyboard's place to the first element of a kind in a row. Says whether there is one.
pub fn focus_within(row: &Element, what: &str) -> bool {
    let found = row.query_selector(what).ok().flatten();
    let found = found.and_then(|found| found.dyn_into::<HtmlElement>().ok());
    found.inspect(browser::focus).is_some()
}

/// Closes the question that is open in a row.
pub fn close_dialogs(row: &Element) {
    if let Ok(Some(dialog)) = row.query_selector("dialog[open]")
        && let Ok(dialog) = dialog.dyn_into::<HtmlDialogElement>()
    {
        dialog.close();
    }
}

/// The row that something is in.
pub fn row_of(target: Option<EventTarget>) -> Option<Element> {
    target?
        .dyn_into::<Element>()
        .ok()?
        .closest("[data-seq]")
        .ok()?
}

/// The seq of a row's message.
pub fn seq_of(row: &Element) -> Option<Seq> {
    row.get_attribute("data-seq")?.parse().ok()
}
