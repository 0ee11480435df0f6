//! Forms: what was posted, why it was refused, and fields that say so, whether the answer came from a server
//! function or from a plain form's way back.

use std::collections::BTreeMap;

use leptos::{html, prelude::*, server_fn::ServerFn};

use super::flash;
use crate::{
    domain::{ApiError, Code},
    ui::browser,
};

/// Which part of a form an error is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum About {
    Username,
    RoomName,
    Key,
    /// None of its fields.
    Form,
}

impl About {
    fn of(code: Code) -> Self {
        match code {
            Code::InvalidUsername | Code::UsernameTaken => About::Username,
            Code::InvalidRoomName | Code::RoomTaken => About::RoomName,
            Code::InvalidKey | Code::WrongKey => About::Key,
            _ => About::Form,
        }
    }
}

/// One form's post: how to send it, and what came of the last try.
pub struct Post<S>
where
    S: ServerFn + 'static,
    S::Output: 'static,
{
    pub action: ServerAction<S>,
    pub pending: Signal<bool>,
    pub refusal: Signal<Option<ApiError>>,
    /// What had been typed, where the page is shown because a plain form was refused.
    pub typed: BTreeMap<String, String>,
}

impl<S> Post<S>
where
    S: ServerFn<Error = ApiError> + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    /// A post that, in the browser, runs `then` each time it succeeds.
    pub fn new(then: impl Fn(S::Output) + 'static) -> Self {
        let action = ServerAction::<S>::new();
        let value = action.value();
        let flash = S::PATH.strip_prefix("/api/").and_then(flash);
        let typed = flash.map(|flash| {
            value.set(Some(Err(flash.error)));
            flash.fields
        });
        Effect::new(move |_| {
            if let Some(Ok(output)) = value.get() {
                then(output);
            }
        });
        Self {
            action,
            pending: action.pending().into(),
            refusal: Signal::derive(move || value.read().as_ref()?.as_ref().err().cloned()),
            typed: typed.unwrap_or_default(),
        }
    }

    /// What had been typed into the field called `name`.
    pub fn typed(&self, name: &str) -> String {
        self.typed.get(name).cloned().unwrap_or_default()
    }
}

/// A line of text with its label, and its error beside it.
#[component]
pub fn Field(
    /// Unique on the page.
    id: &'static str,
    label: &'static str,
    name: &'static str,
    about: About,
    #[prop(into)] refusal: Signal<Option<ApiError>>,
    #[prop(optional)] value: String,
    #[prop(optional, into)] hint: String,
    #[prop(default = "off")] autocomplete: &'static str,
) -> impl IntoView {
    let input = NodeRef::new();
    let error = FieldState::new(id, about, refusal, input);
    let described_by = error.described_by(!hint.is_empty());
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=format!("{id}-hint")>{hint}</p> })}
            <input
                node_ref=input
                type="text"
                id=id
                name=name
                value=value
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                aria-describedby=described_by
                aria-invalid=error.invalid()
            />
            {error.view()}
        </div>
    }
}

/// What a field knows of its own error.
#[derive(Clone, Copy)]
pub(super) struct FieldState {
    id: &'static str,
    message: Signal<Option<String>>,
}

impl FieldState {
    /// The keyboard's place moves to the field when its error comes from a post.
    pub fn new(
        id: &'static str,
        about: About,
        refusal: Signal<Option<ApiError>>,
        input: NodeRef<html::Input>,
    ) -> Self {
        let message = Signal::derive(move || {
            refusal
                .get()
                .filter(|error| About::of(error.code) == about)
                .map(|error| error.message)
        });
        Effect::new(move |first: Option<()>| {
            if message.read().is_some()
                && first.is_some()
                && let Some(input) = input.get_untracked()
            {
                browser::focus(&input);
            }
        });
        Self { id, message }
    }

    pub fn described_by(self, hint: bool) -> impl Fn() -> Option<String> + Clone {
        let id = self.id;
        move || match (hint, self.message.read().is_some()) {
            (false, false) => None,
            (true, false) => Some(format!("{id}-hint")),
            (false, true) => Some(format!("{id}-error")),
            (true, true) => Some(format!("{id}-hint {id}-error")),
        }
    }

    pub fn invalid(self) -> impl Fn() -> Option<&'static str> + Clone {
        move || self.message.read().is_some().then_some("true")
    }

    pub fn view(self) -> impl IntoView {
        let id = format!("{}-error", self.id);
        move || {
            self.message.get().map(|message| {
                view! {
                    <p class="error" role="alert" id=id.clone()>
                        {message}
                    </p>
                }
            })
        }
    }
}

/// A form's error that is about none of the fields it shows.
#[component]
pub fn FormError(
    #[prop(into)] refusal: Signal<Option<ApiError>>,
    /// The fields that the form shows.
    #[prop(optional)]
    fields: &'static [About],
) -> impl IntoView {
    move || {
        refusal
            .get()
            .filter(|error| !fields.contains(&About::of(error.code)))
            .map(|error| {
                view! {
                    <p class="error" role="alert">
                        {error.message}
                    </p>
                }
            })
    }
}
