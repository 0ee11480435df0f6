//! What a running script adds to pages that work without one: forms that are answered in place, a tidy
//! address bar. All of it looks at the markup that the server has sent, and holds no state.

mod forms;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::{
    browser,
    parts::{keep_invited_key, passkeys, presses},
    paths,
};

/// Attaches all of it to the page.
pub fn start() {
    // What a form left is shown once: neither a reload nor a bookmark should bring it back.
    if ["flash=", "made="]
        .iter()
        .any(|left| browser::query().contains(left))
    {
        browser::show_url("", &browser::fragment());
    }
    // Once read, a key is taken out of the address bar: it should not stay on show, nor in the history.
    if let Some(key) = paths::key_in_fragment(&browser::fragment()) {
        keep_invited_key(&key);
        browser::show_url(&browser::query(), "");
    }
    if let Some(pass) = paths::pass_in_fragment(&browser::fragment()) {
        if let Ok(Some(input)) = document().query_selector("input[name=pass]") {
            input.unchecked_ref::<HtmlInputElement>().set_value(&pass);
            // Whoever brings one has come for nothing else.
            if let (Ok(Some(way)), Ok(Some(first))) = (
                input.closest("section"),
                document().query_selector("main > section"),
            ) {
                _ = first.before_with_node_1(&way);
            }
        }
        browser::show_url(&browser::query(), "");
    }
    passkeys::look();
    browser::arrive();
    forms::start();
    presses::listen();
}
