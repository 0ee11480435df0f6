//! A question before something that cannot be undone.

use leptos::{ev::MouseEvent, html, prelude::*};
use leptos_router::hooks::use_query_map;

use crate::ui::browser;

/// A button that opens a dialog, and the dialog: a question, what follows from it, "Cancel", and the children,
/// which are the form that does it. "Cancel" comes first, so that Enter alone does no harm.
///
/// With a script the dialog is modal, and closing it returns the keyboard's place to the button. Without, the
/// button asks for the page again with the dialog open in it.
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
    #[prop(into)] title: String,
    text: &'static str,
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let asked = use_query_map().read_untracked().get_str("ask") == Some(id.as_str());
    let open = move |event: MouseEvent| {
        if let Some(dialog) = dialog.get_untracked() {
            event.prevent_default();
            browser::show_modal(&dialog);
        }
    };
    let title_id = format!("{id}-title");
    view! {
        <form method="get">
            <button name="ask" value=id class="quiet" aria-label=label on:click=open>
                {opener}
            </button>
        </form>
        <dialog node_ref=dialog open=asked aria-labelledby=title_id.clone()>
            <h2 id=title_id.clone()>{title}</h2>
            <p>{text}</p>
            <form method="dialog">
                <button class="quiet">"Cancel"</button>
            </form>
            {children()}
        </dialog>
    }
}
