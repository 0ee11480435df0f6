//! A question before something that cannot be undone.

use leptos::{ev::SubmitEvent, html, prelude::*};
use web_sys::MouseEvent;

use super::{FormError, Icon};

/// The dialog that is open, by its id, where one is. A page provides it to its parts.
#[derive(Clone, Copy)]
pub struct Asked(pub RwSignal<Option<String>>);

/// A button that opens a dialog, and the dialog while it is open: a question, what follows from it, "Cancel", and the
/// form that does it. "Cancel" comes first, so that Enter alone does no harm.
///
/// Without a script the button asks for the page again with the dialog open in it. With one the dialog is modal, and
/// closing it returns the keyboard's place to the button: the browser sees to that.
#[component]
pub fn Confirm(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    /// The button's text.
    opener: &'static str,
    /// The button's name, where its text alone does not say enough.
    #[prop(optional, into)]
    label: Option<String>,
    #[prop(default = "quiet")] class: &'static str,
    #[prop(optional, into)] icon: Option<Icon>,
    #[prop(into)] title: Signal<String>,
    text: &'static str,
    /// What follows from it besides, as things are now.
    #[prop(optional, into)]
    hint: Option<Signal<Option<&'static str>>>,
    /// Where more can be done about it: a link and its text.
    #[prop(optional, into)]
    more: Option<(String, &'static str)>,
    /// Where the form goes.
    action: &'static str,
    /// What it says there: names and values.
    fields: Vec<(&'static str, String)>,
    /// The text of its button.
    button: &'static str,
    /// Why it was refused the last time.
    #[prop(default = None)]
    error: Option<String>,
    /// What is done in its place.
    #[prop(optional, into)]
    submit: Option<Callback<SubmitEvent>>,
) -> impl IntoView {
    let Asked(asked) = expect_context();
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        if let Some(dialog) = dialog.get() {
            // As it comes it is open, but not modal.
            dialog.set_open(false);
            _ = dialog.show_modal();
        }
    });
    let name = id.clone();
    let id = StoredValue::new(id);
    let is_open =
        Memo::new(move |_| id.with_value(|id| asked.read().as_deref() == Some(id.as_str())));
    let ask = move |event: MouseEvent| {
        event.prevent_default();
        asked.set(Some(id.get_value()));
    };
    let said = move |event: SubmitEvent| {
        if let Some(submit) = submit {
            submit.run(event);
        }
    };
    let field = |(name, value): &(&'static str, String)| {
        view! { <input type="hidden" name=*name value=value.clone() /> }
    };
    view! {
        <form method="get">
            <button name="ask" value=name class=class aria-label=label on:click=ask>
                {icon.map(Icon::view)}
                {opener}
            </button>
        </form>
        {move || {
            let id = id.get_value();
            let title_id = format!("{id}-title");
            is_open
                .get()
                .then(|| {
                    view! {
                        <dialog
                            node_ref=dialog
                            id=id
                            open=true
                            aria-labelledby=title_id.clone()
                            on:close=move |_| asked.set(None)
                        >
                            <h2 id=title_id.clone()>{title}</h2>
                            <p>{text}</p>
                            {hint
                                .map(|hint| {
                                    view! { <p class="hint">{move || hint.get()}</p> }
                                })}
                            {more
                                .clone()
                                .map(|(href, text)| {
                                    view! {
                                        <p>
                                            <a href=href on:click=move |_| asked.set(None)>
                                                {text}
                                            </a>
                                        </p>
                                    }
                                })}
                            <form method="dialog">
                                <button class="quiet">"Cancel"</button>
                            </form>
                            <form action=action method="post" on:submit=said>
                                {fields.iter().map(field).collect_view()}
                                <FormError error=error.clone() />
                                <button type="submit" class="danger">
                                    {button}
                                </button>
                            </form>
                        </dialog>
                    }
                })
        }}
    }
}
