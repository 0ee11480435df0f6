//! Forms as the server renders them: fields that say what was wrong with them, and keep what was typed. A
//! running script posts them in place, see `ui/enhance/forms.rs`.

use leptos::prelude::*;

use crate::domain::{ApiError, Flash};

/// What came of the last try at a form, where the page is shown because it was refused.
#[derive(Clone, Debug, Default)]
pub struct LastTry(Option<Flash>);

impl LastTry {
    /// Of the form that posts to `endpoint`, given what was refused.
    pub fn at(endpoint: &str, flash: Option<&Flash>) -> Self {
        Self(flash.filter(|flash| flash.form == endpoint).cloned())
    }

    /// Whether there was one.
    pub fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// What had been typed into the field called `name`.
    pub fn typed(&self, name: &str) -> String {
        let flash = self.0.as_ref();
        flash
            .and_then(|flash| flash.fields.get(name).cloned())
            .unwrap_or_default()
    }

    /// Why it was refused, if that is about the field called `name`.
    pub fn error_of(&self, name: &str) -> Option<String> {
        self.refusal()
            .filter(|error| error.code.field() == Some(name))
            .map(|error| error.message.clone())
    }

    /// Why it was refused, if that is about none of these fields.
    pub fn error_besides(&self, fields: &[&str]) -> Option<String> {
        self.refusal()
            .filter(|error| {
                error
                    .code
                    .field()
                    .is_none_or(|name| !fields.contains(&name))
            })
            .map(|error| error.message.clone())
    }

    fn refusal(&self) -> Option<&ApiError> {
        self.0.as_ref().map(|flash| &flash.error)
    }
}

/// A line of text with its label, and its error beside it. A page that comes back with an error begins there.
#[component]
pub fn Field(
    /// Unique on the page.
    id: &'static str,
    label: &'static str,
    name: &'static str,
    last: LastTry,
    #[prop(optional, into)] hint: String,
    #[prop(default = "off")] autocomplete: &'static str,
    /// What is in it where nothing was typed.
    #[prop(optional, into)]
    value: String,
) -> impl IntoView {
    let error = last.error_of(name);
    let described_by = described_by(id, !hint.is_empty(), error.is_some());
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=format!("{id}-hint")>{hint}</p> })}
            <input
                type="text"
                id=id
                name=name
                value=if last.is_some() { last.typed(name) } else { value }
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                aria-describedby=described_by
                aria-invalid=error.is_some().then_some("true")
                autofocus=error.is_some()
            />
            {error.map(|error| view! { <FieldError id error /> })}
        </div>
    }
}

/// Why a field was refused.
#[component]
pub fn FieldError(#[prop(into)] id: String, error: String) -> impl IntoView {
    view! {
        <p class="error" role="alert" id=format!("{id}-error")>
            {error}
        </p>
    }
}

/// A form's error that is about none of the fields it shows.
#[component]
pub fn FormError(error: Option<String>) -> impl IntoView {
    error.map(|error| {
        view! {
            <p class="error" role="alert">
                {error}
            </p>
        }
    })
}

/// The ids of what describes the field called `id`.
pub fn described_by(id: &str, hint: bool, error: bool) -> Option<String> {
    match (hint, error) {
        (false, false) => None,
        (true, false) => Some(format!("{id}-hint")),
        (false, true) => Some(format!("{id}-error")),
        (true, true) => Some(format!("{id}-hint {id}-error")),
    }
}
