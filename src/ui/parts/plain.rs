//! What plain pages are made of, see [`crate::ui::session::Plain`]: rendered by the server, with no script in them.
//!
//! Every form, field and button has an id, by which the keyboard's place is found again in a newer page.

use leptos::prelude::*;
use uuid::Uuid;

use super::{Clock, FieldError, FormError, Icon, LastTry, forms::described_by};
use crate::domain::Flash;

/// Whom a plain page is rendered for, and what they came with.
#[derive(Clone, Debug)]
pub struct Reader {
    pub me: String,
    /// What was refused the last time, where something was.
    pub flash: Option<Flash>,
    /// The dialog that the page was asked for with, where it was.
    pub asked: Option<String>,
    /// What a form has just made and is shown this once: the answer to it, as JSON.
    pub made: Option<String>,
    pub clock: Clock,
}

impl Reader {
    /// What came of the last try at the form that posts to `endpoint`, where it was refused. Of forms of one kind it is
    /// the one whose field `name` was that `value`.
    pub fn last_try(&self, endpoint: &str, of: Option<(&str, &str)>) -> LastTry {
        let flash = self.flash.as_ref().filter(|flash| match of {
            Some((name, value)) => flash.fields.get(name).is_some_and(|field| field == value),
            None => true,
        });
        LastTry::at(endpoint, flash)
    }
}

/// The heading, and the way `back` to where this page belongs.
#[component]
pub fn PlainHead(to: String, #[prop(into)] back: String, children: Children) -> impl IntoView {
    view! {
        <p class="way-back">
            <a href=to>{Icon::Back.view()} <span class="clip" dir="auto">{back}</span></a>
        </p>
        <h1 tabindex="-1">{children()}</h1>
    }
}

/// A part of the page with a heading of its own.
#[component]
pub fn PlainSection(
    /// Unique on the page.
    id: &'static str,
    title: &'static str,
    /// Whether what it does cannot be undone.
    #[prop(optional)]
    danger: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card" class:danger-zone=danger aria-labelledby=id>
            <h2 id=id tabindex="-1">{title}</h2>
            {children()}
        </section>
    }
}

/// A form that posts to the server function `action`, as *me*.
#[component]
pub fn PlainForm(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    action: &'static str,
    reader: Reader,
    /// What it says besides its fields: names and values.
    #[prop(optional)]
    also: Vec<(&'static str, String)>,
    /// What is said once it went well.
    #[prop(optional, into)]
    done: String,
    #[prop(default = "")] class: &'static str,
    children: Children,
) -> impl IntoView {
    let done = Some(done).filter(|done| !done.is_empty());
    // Sending it twice, by going back, does it once.
    let once = Uuid::now_v7().to_string();
    view! {
        <form id=id class=class action=format!("/api/{action}") method="post" data-done=done>
            <input type="hidden" name="me" value=reader.me />
            <input type="hidden" name="id" value=once />
            {hidden(also)}
            {children()}
        </form>
    }
}

fn hidden(fields: Vec<(&'static str, String)>) -> impl IntoView {
    let field = |(name, value)| view! { <input type="hidden" name=name value=value /> };
    fields.into_iter().map(field).collect_view()
}

/// A form that is one button: what it does needs no more to be said.
#[component]
pub fn PlainButton(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    action: &'static str,
    reader: Reader,
    #[prop(optional)] also: Vec<(&'static str, String)>,
    #[prop(optional, into)] done: String,
    #[prop(default = "quiet")] class: &'static str,
    /// Why it was refused the last time.
    #[prop(default = None)]
    error: Option<String>,
    /// The button's text.
    children: Children,
) -> impl IntoView {
    view! {
        <PlainForm id=format!("{id}-form") action reader also done>
            <FormError error />
            <button type="submit" id=id class=class>
                {children()}
            </button>
        </PlainForm>
    }
}

/// A link that is shown this once: to be copied, or read by another machine's camera.
#[component]
pub fn PlainLink(
    /// Unique on the page.
    id: &'static str,
    link: String,
    /// What it is good for.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="made">
            <p>{children()}</p>
            <p>
                <code class="secret" id=format!("{id}-link")>
                    {link.clone()}
                </code>
            </p>
            <p>
                <button
                    type="button"
                    class="quiet needs-script"
                    id=format!("{id}-copy")
                    data-does="copy"
                    data-text=link.clone()
                >
                    {Icon::Link.view()}
                    "Copy link"
                </button>
            </p>
            <div class="qr" data-qr=link></div>
        </div>
    }
}

/// A question before something that cannot be undone: a button that opens a dialog, and the dialog with what follows
/// from it, "Cancel", and the form that does it. Without a script the button asks for the page again with the dialog
/// open in it.
#[component]
pub fn PlainAsk(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    /// The button's text.
    opener: &'static str,
    /// The button's name, where its text alone does not say enough.
    #[prop(optional, into)]
    label: Option<String>,
    #[prop(default = "quiet")] class: &'static str,
    #[prop(into)] title: String,
    text: &'static str,
    action: &'static str,
    reader: Reader,
    #[prop(optional)] also: Vec<(&'static str, String)>,
    #[prop(optional, into)] done: String,
    /// The text of the button that does it.
    button: &'static str,
    /// Why it was refused the last time.
    #[prop(default = None)]
    error: Option<String>,
    /// What else is to be said to do it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let open = reader.asked.as_deref() == Some(&*id);
    let title_id = format!("{id}-title");
    view! {
        <form method="get">
            <button id=format!("ask-{id}") class=class name="ask" value=id.clone() aria-label=label data-does="open">
                {opener}
            </button>
        </form>
        <dialog id=id.clone() open=open aria-labelledby=title_id.clone()>
            <h2 id=title_id.clone()>{title}</h2>
            <p>{text}</p>
            <form method="dialog">
                <button class="quiet">"Cancel"</button>
            </form>
            <PlainForm id=format!("{id}-form") action reader also done>
                {children.map(|children| children())}
                <FormError error />
                <button type="submit" class="danger">
                    {button}
                </button>
            </PlainForm>
        </dialog>
    }
}

/// A secret that is typed: masked until its reader wants to see it. It is a text field that CSS masks, as
/// [`KeyField`](super::KeyField) is.
#[component]
pub fn PlainSecret(
    /// Unique on the page.
    id: &'static str,
    label: &'static str,
    name: &'static str,
    last: LastTry,
    #[prop(optional, into)] hint: String,
    #[prop(default = "off")] autocomplete: &'static str,
    /// What offers a strong one: a button's text, and what it does.
    #[prop(optional)]
    offer: Option<(&'static str, &'static str)>,
) -> impl IntoView {
    let error = last.error_of(name);
    let described_by = described_by(id, !hint.is_empty(), error.is_some());
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=format!("{id}-hint")>{hint}</p> })}
            <div class="key">
                <input
                    type="text"
                    id=id
                    name=name
                    class="key-text masked"
                    autocomplete=autocomplete
                    autocapitalize="none"
                    spellcheck="false"
                    data-1p-ignore=""
                    data-lpignore="true"
                    aria-describedby=described_by
                    aria-invalid=error.is_some().then_some("true")
                    autofocus=error.is_some()
                />
                <button
                    type="button"
                    class="icon-button needs-script"
                    value=id
                    data-does="reveal"
                    aria-pressed="false"
                    aria-label="Show what is typed"
                >
                    {Icon::Eye.view()}
                </button>
            </div>
            {offer
                .map(|(text, does)| {
                    view! {
                        <button type="button" class="text-button needs-script" value=id data-does=does>
                            {text}
                        </button>
                    }
                })}
            {error.map(|error| view! { <FieldError id error /> })}
        </div>
    }
}
