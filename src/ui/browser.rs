//! What the pages ask of the browser itself. Nothing of it is ever called on the server, where effects and
//! event handlers do not run.

use std::cell::Cell;

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Element, FocusOptions, HtmlElement, RequestInit, Response, ScrollRestoration, Storage,
    UrlSearchParams,
};

use crate::domain::Millis;

/// Milliseconds that going on to another page may take. After that it has failed, or somebody has come back.
const ON_THE_WAY: f64 = 5_000.0;

thread_local! {
    /// When this page last went on to another, by the browser's clock.
    static GOING_ON: Cell<f64> = const { Cell::new(0.0) };
}

/// Under what this tab remembers that a page has gone on to the next.
const MOVED: &str = "latchkey:moved";

/// Whether the page has come alive: false on the server and while hydrating, true right after.
pub fn alive() -> ReadSignal<bool> {
    let (alive, set_alive) = signal(false);
    Effect::new(move || set_alive.set(true));
    alive
}

/// The origin that the page was loaded from: `https://chat.example`.
pub fn origin() -> String {
    location().origin().unwrap_or_default()
}

/// The path of the page's URL.
pub fn path() -> String {
    location().pathname().unwrap_or_default()
}

/// The query of the page's URL with its `?`; empty where there is none.
pub fn query() -> String {
    location().search().unwrap_or_default()
}

/// The fragment of the page's URL with its `#`; empty where there is none.
pub fn fragment() -> String {
    location().hash().unwrap_or_default()
}

/// Whether the address bar shows this path and query.
pub fn is_at(url: &str) -> bool {
    path() + &query() == url
}

/// This machine's time.
pub fn now() -> Millis {
    js_sys::Date::now() as Millis
}

/// Shows another path in the address bar, as a new entry of the history, without loading anything.
pub fn push_path(path: &str) {
    if let Ok(history) = window().history() {
        _ = history.push_state_with_url(&JsValue::NULL, "", Some(path));
    }
}

/// Shows another path in the address bar, in place of the history's entry at hand.
pub fn replace_path(path: &str) {
    if let Ok(history) = window().history() {
        _ = history.replace_state_with_url(&JsValue::NULL, "", Some(path));
    }
}

/// Loads the page anew.
pub fn reload() {
    // A browser that refuses to leaves the page as it is.
    _ = location().reload();
}

/// Shows another drawing in the tab, of those in `public/`.
pub fn set_icon(path: &str) {
    let link = document().query_selector("link[type='image/svg+xml']");
    if let Ok(Some(link)) = link
        && link.get_attribute("href").as_deref() != Some(path)
    {
        _ = link.set_attribute("href", path);
    }
}

/// How far the document is scrolled, in pixels.
pub fn scrolled() -> f64 {
    window().scroll_y().unwrap_or_default()
}

/// Closes whatever menus and drawers are open.
pub fn close_popovers() {
    if let Ok(open) = document().query_selector_all(":popover-open") {
        let open = (0..open.length()).filter_map(|index| open.get(index));
        for popover in open.filter_map(|node| node.dyn_into::<HtmlElement>().ok()) {
            // One that has just been closed with another is closed.
            _ = popover.hide_popover();
        }
    }
}

/// Scrolls the document, before it is shown the next time.
pub fn scroll_to(place: f64) {
    request_animation_frame(move || window().scroll_to_with_x_and_y(0.0, place));
}

/// Whether a finger, rather than a mouse, points at things here.
pub fn is_touched() -> bool {
    let coarse = window().match_media("(pointer: coarse)");
    coarse.is_ok_and(|query| query.is_some_and(|query| query.matches()))
}

/// Has this document see to its scroll places by itself for as long as it lasts; a reload finds the browser's.
pub fn keep_scroll_places() {
    let set = |how| {
        if let Ok(history) = window().history() {
            _ = history.set_scroll_restoration(how);
        }
    };
    set(ScrollRestoration::Manual);
    window_event_listener_untyped("pagehide", move |_| set(ScrollRestoration::Auto));
    window_event_listener_untyped("pageshow", move |_| set(ScrollRestoration::Manual));
}

/// Changes the address bar to the page's path with this query and fragment, without loading anything.
pub fn show_url(query: &str, fragment: &str) {
    replace_path(&(path() + query + fragment));
}

/// Puts text on the clipboard, and says whether that worked.
pub async fn copy(text: String) -> bool {
    // Where the page is not in a secure context there is no clipboard at all.
    if !window().is_secure_context() {
        return false;
    }
    let written = window().navigator().clipboard().write_text(&text);
    JsFuture::from(written).await.is_ok()
}

/// Fills `bytes` from the browser's cryptographic random numbers, and says whether that worked.
pub fn random(bytes: &mut [u8]) -> bool {
    window()
        .crypto()
        .is_ok_and(|crypto| crypto.get_random_values_with_u8_array(bytes).is_ok())
}

/// An answer over HTTP.
pub struct Answer {
    /// Whether its status is a success.
    pub ok: bool,
    pub text: String,
}

/// Posts a form's fields.
///
/// # Errors
/// Where no answer comes; there is no more to say about it.
pub async fn post(path: &str, fields: &UrlSearchParams) -> Result<Answer, JsValue> {
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_body(fields);
    let response = JsFuture::from(window().fetch_with_str_and_init(path, &request)).await?;
    let response: Response = response.unchecked_into();
    let text = JsFuture::from(response.text()?).await?;
    Ok(Answer {
        ok: response.ok(),
        text: text.as_string().unwrap_or_default(),
    })
}

/// The text of one of this server's files.
///
/// # Errors
/// Where it does not come.
pub async fn get(path: &str) -> Result<String, JsValue> {
    let response = JsFuture::from(window().fetch_with_str(path)).await?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        return Err(JsValue::NULL);
    }
    let text = JsFuture::from(response.text()?).await?;
    Ok(text.as_string().unwrap_or_default())
}

/// Goes on to another page, in place of this one where `replace` says so. What had the keyboard's place is
/// gone then, so [`arrive`] gives it to the main part.
///
/// A page that is going on already is left to: the answer to a form and the socket may both bring word that
/// ends it, and the second would break off what the first has asked for.
pub fn go_on(path: &str, replace: bool) {
    let now = js_sys::Date::now();
    if now - GOING_ON.replace(now) < ON_THE_WAY {
        return;
    }
    remember(MOVED, Some(""));
    let location = location();
    // A browser that refuses to go on leaves the page as it is.
    _ = if replace {
        location.replace(path)
    } else {
        location.assign(path)
    };
}

/// Moves the keyboard's place to the page's main part where the page before has gone on to this one. What is in
/// sight stays so: the part is longer than the window, and scrolling to it would take the header away.
pub fn arrive() {
    if recall(MOVED).is_some() {
        remember(MOVED, None);
        focus_main();
    }
}

/// Moves the keyboard's place to the page's main part where what had it is gone.
pub fn take_up() {
    let document = document();
    if document.active_element() == document.body().map(Into::into) {
        focus_main();
    }
}

fn focus_main() {
    let main = document().get_element_by_id("main");
    if let Some(main) = main.and_then(|main| main.dyn_into::<HtmlElement>().ok()) {
        focus_in_place(&main);
    }
}

/// Moves the keyboard's place to an element, where the browser lets it.
pub fn focus(element: &HtmlElement) {
    _ = element.focus();
}

/// Does something to each element of a kind.
pub fn each(within: &Element, kind: &str, mut what: impl FnMut(&HtmlElement)) {
    if let Ok(found) = within.query_selector_all(kind) {
        for index in 0..found.length() {
            if let Some(element) = found.get(index) {
                what(element.unchecked_ref());
            }
        }
    }
}

/// Has whoever listens to an element's input know that it is another.
pub fn tell_input(element: &HtmlElement) {
    let options = web_sys::EventInit::new();
    options.set_bubbles(true);
    if let Ok(event) = web_sys::Event::new_with_event_init_dict("input", &options) {
        _ = element.dispatch_event(&event);
    }
}

/// Moves the keyboard's place to an element, and leaves in sight what is.
pub fn focus_in_place(element: &HtmlElement) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    _ = element.focus_with_options(&options);
}

/// What this tab remembers under `name`, until it is closed.
pub fn recall(name: &str) -> Option<String> {
    of_this_tab()?.get_item(name).ok()?
}

/// Remembers `value` in this tab, or forgets it. A tab that cannot is no worse off than before.
pub fn remember(name: &str, value: Option<&str>) {
    put(of_this_tab(), name, value);
}

/// What this browser keeps under `name`, for all its tabs.
pub fn kept(name: &str) -> Option<String> {
    of_this_browser()?.get_item(name).ok()?
}

/// Keeps `value` in this browser, or forgets it, where it can.
pub fn keep(name: &str, value: Option<&str>) {
    put(of_this_browser(), name, value);
}

fn put(storage: Option<Storage>, name: &str, value: Option<&str>) {
    if let Some(storage) = storage {
        _ = match value {
            Some(value) => storage.set_item(name, value),
            None => storage.remove_item(name),
        };
    }
}

/// Forgets everything that this tab remembers under names that begin with `prefix`.
pub fn forget_all(prefix: &str) {
    if let Some(storage) = of_this_tab() {
        let names = names(&storage).filter(|name| name.starts_with(prefix));
        for name in names.collect::<Vec<_>>() {
            _ = storage.remove_item(&name);
        }
    }
}

/// The names of all that a storage holds.
pub fn names(storage: &Storage) -> impl Iterator<Item = String> {
    (0..storage.length().unwrap_or_default()).filter_map(|index| storage.key(index).ok().flatten())
}

/// What outlives the tab. It may be missing, in a private window.
pub fn of_this_browser() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn of_this_tab() -> Option<Storage> {
    window().session_storage().ok().flatten()
}
