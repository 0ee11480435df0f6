//! What the pages ask of the browser itself. On the server, where none of it is ever called, each does
//! nothing, so that views need no `cfg` of their own.

use leptos::{
    prelude::*,
    web_sys::{HtmlDialogElement, HtmlElement, HtmlFormElement},
};

/// Whether the page has come alive: false on the server and while hydrating, true right after.
pub fn alive() -> ReadSignal<bool> {
    let (alive, set_alive) = signal(false);
    Effect::new(move |_| set_alive.set(true));
    alive
}

/// The origin that the page was loaded from: `https://chat.example`.
pub fn origin() -> String {
    #[cfg(feature = "hydrate")]
    let origin = window().location().origin().unwrap_or_default();
    #[cfg(not(feature = "hydrate"))]
    let origin = String::new();
    origin
}

/// The fragment of the page's URL with its `#`, once: it is taken out of the address bar.
pub fn take_fragment() -> Option<String> {
    #[cfg(feature = "hydrate")]
    {
        let location = window().location();
        let fragment = location.hash().ok().filter(|hash| !hash.is_empty())?;
        let rest = location.pathname().ok()? + &location.search().ok()?;
        replace_url(&rest);
        Some(fragment)
    }
    #[cfg(not(feature = "hydrate"))]
    None
}

/// Takes the query out of the address bar, without loading anything.
pub fn drop_query() {
    #[cfg(feature = "hydrate")]
    {
        let location = window().location();
        if let (Ok(path), Ok(hash)) = (location.pathname(), location.hash()) {
            replace_url(&(path + &hash));
        }
    }
}

#[cfg(feature = "hydrate")]
fn replace_url(url: &str) {
    if let Ok(history) = window().history() {
        _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(url));
    }
}

/// What a form's control called `name` holds now.
pub fn form_value(form: &HtmlFormElement, name: &str) -> Option<String> {
    #[cfg(feature = "hydrate")]
    {
        web_sys::FormData::new_with_form(form)
            .ok()?
            .get(name)
            .as_string()
    }
    #[cfg(not(feature = "hydrate"))]
    {
        _ = (form, name);
        None
    }
}

/// Puts text on the clipboard, and says whether that worked.
pub async fn copy(text: String) -> bool {
    #[cfg(feature = "hydrate")]
    {
        // Where the page is not in a secure context there is no clipboard at all.
        if !window().is_secure_context() {
            return false;
        }
        let written = window().navigator().clipboard().write_text(&text);
        wasm_bindgen_futures::JsFuture::from(written).await.is_ok()
    }
    #[cfg(not(feature = "hydrate"))]
    {
        _ = text;
        false
    }
}

/// Fills `bytes` from the browser's cryptographic random numbers, and says whether that worked.
pub fn random(bytes: &mut [u8]) -> bool {
    #[cfg(feature = "hydrate")]
    {
        window()
            .crypto()
            .is_ok_and(|crypto| crypto.get_random_values_with_u8_array(bytes).is_ok())
    }
    #[cfg(not(feature = "hydrate"))]
    {
        _ = bytes;
        false
    }
}

/// What this tab remembers under `name`, until it is closed.
pub fn recall(name: &str) -> Option<String> {
    #[cfg(feature = "hydrate")]
    {
        window().session_storage().ok()??.get_item(name).ok()?
    }
    #[cfg(not(feature = "hydrate"))]
    {
        _ = name;
        None
    }
}

/// Remembers `value` in this tab, or forgets it. A tab that cannot is no worse off than before.
pub fn remember(name: &str, value: Option<&str>) {
    #[cfg(feature = "hydrate")]
    if let Ok(Some(storage)) = window().session_storage() {
        _ = match value {
            Some(value) => storage.set_item(name, value),
            None => storage.remove_item(name),
        };
    }
    #[cfg(not(feature = "hydrate"))]
    {
        _ = (name, value);
    }
}

/// Forgets everything that this tab remembers under names that begin with `prefix`.
pub fn forget_all(prefix: &str) {
    #[cfg(feature = "hydrate")]
    if let Ok(Some(storage)) = window().session_storage() {
        let count = storage.length().unwrap_or_default();
        let names: Vec<_> = (0..count)
            .filter_map(|index| storage.key(index).ok().flatten())
            .collect();
        for name in names.iter().filter(|name| name.starts_with(prefix)) {
            _ = storage.remove_item(name);
        }
    }
    #[cfg(not(feature = "hydrate"))]
    {
        _ = prefix;
    }
}

/// Moves the keyboard's place to an element.
pub fn focus(element: &HtmlElement) {
    #[cfg(feature = "hydrate")]
    {
        _ = element.focus();
    }
    #[cfg(not(feature = "hydrate"))]
    {
        _ = element;
    }
}

/// Moves the keyboard's place to the page's main part where what had it is gone.
pub fn focus_main_if_lost() {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;

        let document = document();
        let lost = document
            .active_element()
            .is_none_or(|active| active.tag_name() == "BODY");
        if let Some(main) = document.get_element_by_id("main").filter(|_| lost)
            && let Ok(main) = main.dyn_into::<HtmlElement>()
        {
            focus(&main);
        }
    }
}

/// Closes a popover that may be open.
pub fn hide_popover(element: &HtmlElement) {
    #[cfg(feature = "hydrate")]
    {
        _ = element.hide_popover();
    }
    #[cfg(not(feature = "hydrate"))]
    {
        _ = element;
    }
}

/// Shows a dialog in front of everything else. The browser gives the keyboard's place back when it closes.
pub fn show_modal(dialog: &HtmlDialogElement) {
    #[cfg(feature = "hydrate")]
    {
        // One that a plain page opened is not modal yet.
        dialog.close();
        _ = dialog.show_modal();
    }
    #[cfg(not(feature = "hydrate"))]
    {
        _ = dialog;
    }
}
