//! What the buttons of plain pages do where a script runs, told by their attribute `data-does`; and how such a page is
//! brought up to date. All but the opening of dialogs is a part of the WASM of its own, which comes when a plain page
//! does, or a press.

use leptos::{
    ev,
    prelude::*,
    task::spawn_local,
    wasm_split::{SplitLoaderError, wasm_split},
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlInputElement};

use super::{key_field::random_key, passkeys, qr};
use crate::ui::{browser, notices};

const NOT_LOADED: &str = "That could not be loaded. Try it again when the connection is back.";

/// Listens for as long as the document is there.
pub fn listen() {
    window_event_listener(ev::click, |event| {
        let pressed = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .and_then(|target| target.closest("[data-does]").ok().flatten());
        let Some(button) = pressed.and_then(|button| button.dyn_into::<HtmlElement>().ok()) else {
            return;
        };
        event.prevent_default();
        if button.get_attribute("data-does").as_deref() == Some("open") {
            open(&button);
            return;
        }
        spawn_local(async move {
            if press(button).await.is_err() {
                notices::say(NOT_LOADED);
            }
        });
    });
}

/// Opens the dialog that the button's value names, and so it is modal.
fn open(button: &HtmlElement) -> Option<()> {
    let id = button.get_attribute("value")?;
    let dialog = document().get_element_by_id(&id)?;
    let dialog: HtmlDialogElement = dialog.dyn_into().ok()?;
    show(&dialog);
    Some(())
}

fn show(dialog: &HtmlDialogElement) {
    // As the server may have sent it it is open, but not modal.
    dialog.set_open(false);
    _ = dialog.show_modal();
}

/// Does what a button is there for.
///
/// # Errors
/// Where it cannot be loaded.
#[wasm_split(plain, wasm_split_path = ::leptos::wasm_split, fallible)]
fn press(button: HtmlElement) -> Result<(), SplitLoaderError> {
    match button.get_attribute("data-does").as_deref() {
        Some("copy") => copy(&button),
        Some("reveal") => _ = reveal(&button),
        Some("qr") => show_qr(&button),
        Some("suggest") => _ = suggest(&button),
        Some("add-passkey") => passkeys::add(&button),
        Some("use-passkey") => passkeys::sign_in(),
        _ => {}
    }
    Ok(())
}

/// Puts the text that a button is about on the clipboard, and says so in its place.
fn copy(button: &HtmlElement) {
    let Some(text) = button.get_attribute("data-text") else {
        return;
    };
    spawn_local(async move {
        notices::say(if browser::copy(text).await {
            "Copied."
        } else {
            "This browser does not let the page copy that: select the text and copy it by hand."
        });
    });
}

/// Draws the QR codes that a page has places for.
///
/// # Errors
/// Where this cannot be loaded.
#[wasm_split(plain, wasm_split_path = ::leptos::wasm_split, fallible)]
pub fn attend(page: HtmlElement) -> Result<(), SplitLoaderError> {
    draw_qrs(&page);
    Ok(())
}

fn draw_qrs(page: &HtmlElement) {
    browser::each(page, "[data-qr]", |place| {
        let (place, text) = (place.clone(), place.get_attribute("data-qr"));
        spawn_local(async move {
            // The link is there in words, too.
            if let Ok(svg) = qr::svg(text.unwrap_or_default()).await {
                place.set_inner_html(&svg);
            }
        });
    });
}

/// Shows the text that a button is about as a QR code, large enough for a camera.
fn show_qr(button: &HtmlElement) {
    let text = button.get_attribute("data-text").unwrap_or_default();
    spawn_local(async move {
        let Ok(svg) = qr::svg(text).await else {
            return notices::say(NOT_LOADED);
        };
        _ = put_dialog(&svg);
    });
}

fn put_dialog(svg: &str) -> Option<()> {
    let page = document();
    let dialog: HtmlDialogElement = page.create_element("dialog").ok()?.dyn_into().ok()?;
    dialog.set_attribute("aria-label", "QR code").ok()?;
    dialog.set_class_name("qr-dialog");
    dialog.set_inner_html(
        &[
            svg,
            "<form method=\"dialog\"><button class=\"quiet\">Close</button></form>",
        ]
        .concat(),
    );
    page.body()?.append_child(&dialog).ok()?;
    let shown = dialog.clone();
    let gone = Closure::once_into_js(move || shown.remove());
    dialog.set_onclose(Some(gone.unchecked_ref()));
    dialog.show_modal().ok()
}

/// Shows or hides what is in the field that the button's value names.
fn reveal(button: &HtmlElement) -> Option<()> {
    let input = find::<HtmlInputElement>(&button.get_attribute("value")?)?;
    let masked = input.class_list().toggle("masked").ok()?;
    button
        .set_attribute("aria-pressed", if masked { "false" } else { "true" })
        .ok()
}

/// Fills the field that the button's value names with a strong random key, and shows it.
fn suggest(button: &HtmlElement) -> Option<()> {
    let input = find::<HtmlInputElement>(&button.get_attribute("value")?)?;
    input.set_value(&random_key()?);
    _ = input.class_list().remove_1("masked");
    let reveal = input.parent_element()?.query_selector("[data-does=reveal]");
    reveal.ok()??.set_attribute("aria-pressed", "true").ok()
}

/// Puts a newer page into the place of one that is shown. What was being typed stays, and so does the keyboard's
/// place.
///
/// # Errors
/// Where this cannot be loaded.
#[wasm_split(plain, wasm_split_path = ::leptos::wasm_split, fallible)]
pub fn renew(place: HtmlElement, html: String) -> Result<(), SplitLoaderError> {
    let typed = typed(&place);
    // A button that was pressed cannot be again while its form is on its way, and so has lost the keyboard's place.
    let pressed = place.query_selector("[data-sent] button[type=submit]");
    let active = document().active_element();
    let held = active
        .filter(|active| place.contains(Some(active)))
        .or(pressed.ok().flatten());
    let held = held.map(|held| (held.id(), heading_of(&held)));
    let asks = open_dialog(&place);
    place.set_inner_html(&html);
    for (id, value) in typed {
        if let Some(input) = find::<HtmlInputElement>(&id) {
            input.set_value(&value);
        }
    }
    draw_qrs(&place);
    if let Some((id, heading)) = held {
        // What had it may have gone with what it was about.
        let next = find::<HtmlElement>(&id).or_else(|| find(&heading?));
        browser::focus_in_place(&next.unwrap_or(place));
    }
    if let Some(id) = asks {
        // Closing it leads back to what opened it.
        if let Some(opener) = find::<HtmlElement>(&["ask-", &id].concat()) {
            browser::focus_in_place(&opener);
        }
        find(&id).inspect(show);
    }
    Ok(())
}

/// The id of the heading of the part that an element is in.
fn heading_of(element: &Element) -> Option<String> {
    let section = element.closest("section").ok()??;
    section.get_attribute("aria-labelledby")
}

/// The id of the dialog that is open, unless its form is what was sent.
fn open_dialog(place: &HtmlElement) -> Option<String> {
    let dialog = place.query_selector("dialog[open]").ok()??;
    let sent = dialog.query_selector("[data-sent]").ok()?;
    sent.is_none().then(|| dialog.id())
}

/// What has been typed into fields and not been sent, by their ids.
fn typed(place: &HtmlElement) -> Vec<(String, String)> {
    let mut typed = Vec::new();
    browser::each(place, "input[id]", |input| {
        let input: &HtmlInputElement = input.unchecked_ref();
        let sent = input.closest("[data-sent]").is_ok_and(|it| it.is_some());
        if !sent && input.value() != input.default_value() {
            typed.push((input.id(), input.value()));
        }
    });
    typed
}

fn find<T: JsCast>(id: &str) -> Option<T> {
    document().get_element_by_id(id)?.dyn_into().ok()
}
