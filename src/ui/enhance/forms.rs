//! Posts the plain forms without leaving the page, so that a refusal is shown beside what it is about and
//! all that was typed stays, keys included. What goes well leads where the plain form would.

use leptos::{ev, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{
    Element, FormData, HtmlButtonElement, HtmlElement, HtmlFormElement, UrlSearchParams,
};

use crate::{
    domain::ApiError,
    ui::{
        browser,
        parts::{forget_keys, remember_key},
        paths::{self, Outcome},
        session,
    },
};

pub fn start() {
    window_event_listener(ev::submit, |event| {
        let form = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        // The composer has an outbox of its own.
        let Some(form) = form.filter(|_| !event.default_prevented()) else {
            return;
        };
        let action = form.get_attribute("action").unwrap_or_default();
        if action.starts_with("/api/") {
            event.prevent_default();
            spawn_local(post(form, action));
        } else if let Some(session) = session::current()
            && action.starts_with("/@")
            && let Some(fields) = fields(&form)
        {
            // What is searched for.
            event.prevent_default();
            session.go_to(&[&action, "?", &*String::from(fields.to_string())].concat());
        }
    });
    // A page that is come back to is as it was left: what was pressed then can be pressed again.
    window_event_listener_untyped("pagehide", |_| {
        if let Some(page) = document().document_element() {
            browser::each(&page, "form", |form| {
                set_pending(form.unchecked_ref(), false)
            });
        }
    });
}

async fn post(form: HtmlFormElement, path: String) {
    let Some(fields) = fields(&form) else { return };
    let endpoint = path.trim_start_matches("/api/");
    set_pending(&form, true);
    forget_refusal(&form);
    let session = session::current();
    if let Some(session) = session {
        session.form_sent(&form, endpoint, &fields);
    }
    let answer = browser::post(&path, &fields).await;
    let refusal = match answer {
        Ok(answer) if answer.ok => return go_on(&form, endpoint, &fields, &answer.text),
        Ok(answer) => {
            serde_json::from_str(&answer.text).unwrap_or_else(|_| ApiError::unavailable())
        }
        Err(_) => ApiError::offline(),
    };
    if let Some(session) = session {
        session.form_refused(&form);
    }
    set_pending(&form, false);
    show_refusal(&form, &refusal);
}

fn fields(form: &HtmlFormElement) -> Option<UrlSearchParams> {
    let data = FormData::new_with_form(form).ok()?;
    UrlSearchParams::new_with_str_sequence_sequence(&data).ok()
}

/// The form went well: remembers and forgets what only this browser knows, and goes to the next page.
fn go_on(form: &HtmlFormElement, endpoint: &str, fields: &UrlSearchParams, answer: &str) {
    let outcome: Outcome = serde_json::from_str::<Option<Outcome>>(answer)
        .ok()
        .flatten()
        .unwrap_or_default();
    if let (Some(room), Some(key)) = (outcome.id, fields.get("key")) {
        remember_key(room, &key);
    }
    if let ("give_up_username" | "log_out", Some(me)) = (endpoint, fields.get("me")) {
        forget_keys();
        session::forget(&me);
    }
    if session::current().is_some_and(|session| session.form_went_well(endpoint, fields, answer)) {
        // The page stays, and the form may be filled in again.
        form.reset();
        set_pending(form, false);
        // The form may have gone with what it was about, and the keyboard's place with it.
        return request_animation_frame(browser::take_up);
    }
    let next = paths::onwards(endpoint, &outcome, |name| fields.get(name));
    if let Some(session) = session::current()
        && next.as_ref().is_none_or(|next| session.is_at(next))
        && session.plain_form_went_well(form, answer)
    {
        return set_pending(form, false);
    }
    browser::go_on(&next.unwrap_or_else(browser::path), false);
}

/// A press counts once.
fn set_pending(form: &HtmlFormElement, pending: bool) {
    if let Some(button) = submit_button(form) {
        button.set_disabled(pending);
    }
}

fn submit_button(form: &HtmlFormElement) -> Option<HtmlButtonElement> {
    form.query_selector("button[type=submit]")
        .ok()??
        .dyn_into()
        .ok()
}

/// Says why, beside the field that it is about, and moves the keyboard's place there. The markup is that of
/// [`Field`](crate::ui::parts::Field) and [`FormError`](crate::ui::parts::FormError).
fn show_refusal(form: &HtmlFormElement, refusal: &ApiError) -> Option<()> {
    let error = document().create_element("p").ok()?;
    error.set_class_name("error");
    error.set_attribute("role", "alert").ok()?;
    error.set_text_content(Some(&refusal.message));
    let Some(input) = refusal
        .code
        .field()
        .and_then(|name| shown_input(form, name))
    else {
        let button = submit_button(form)?;
        return button.before_with_node_1(&error).ok();
    };
    let id = format!("{}-error", input.id());
    error.set_id(&id);
    input.closest(".field").ok()??.append_child(&error).ok()?;
    let described_by = match input.get_attribute("aria-describedby") {
        Some(hint) => format!("{hint} {id}"),
        None => id,
    };
    input
        .set_attribute("aria-describedby", &described_by)
        .ok()?;
    input.set_attribute("aria-invalid", "true").ok()?;
    browser::focus(input.unchecked_ref::<HtmlElement>());
    Some(())
}

fn forget_refusal(form: &HtmlFormElement) {
    while let Ok(Some(error)) = form.query_selector(".error") {
        error.remove();
    }
    while let Ok(Some(input)) = form.query_selector("[aria-invalid]") {
        _ = input.remove_attribute("aria-invalid");
        let hint = format!("{}-hint", input.id());
        _ = match document().get_element_by_id(&hint) {
            Some(_) => input.set_attribute("aria-describedby", &hint),
            None => input.remove_attribute("aria-describedby"),
        };
    }
}

fn shown_input(form: &HtmlFormElement, name: &str) -> Option<Element> {
    form.query_selector(&format!("input[name={name}]:not([type=hidden])"))
        .ok()?
}
