//! A question before something that cannot be undone.

use leptos::prelude::*;

/// A button that opens a dialog, and the dialog: a question, what follows from it, "Cancel", and the children,
/// which are the form that does it. "Cancel" comes first, so that Enter alone does no harm.
///
/// Without a script the button asks for the page again with the dialog open in it. With one the dialog is
/// modal, see `ui/enhance/dialogs.rs`.
#[component]
pub fn Confirm<F: IntoView + 'static>(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    /// Whether the page was asked for with this dialog open.
    #[prop(optional)]
    open: bool,
    /// The button's text.
    opener: &'static str,
    /// The button's name, where its text alone does not say enough.
    #[prop(optional, into)]
    label: Option<String>,
    #[prop(into)] title: String,
    text: &'static str,
    children: TypedChildren<F>,
) -> impl IntoView {
    let title_id = format!("{id}-title");
    view! {
        <form method="get">
            <button name="ask" value=id.clone() class="quiet" aria-label=label>
                {opener}
            </button>
        </form>
        <dialog id=id open=open aria-labelledby=title_id.clone()>
            <h2 id=title_id.clone()>{title}</h2>
            <p>{text}</p>
            <form method="dialog">
                <button class="quiet">"Cancel"</button>
            </form>
            {children.into_inner()()}
        </dialog>
    }
}
