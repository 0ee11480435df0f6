//! A question before something that cannot be undone.

use leptos::{html, prelude::*};
use web_sys::MouseEvent;

use super::Icon;

/// The dialog that is open, by its id, where one is. A page provides it to its parts.
#[derive(Clone, Copy)]
pub struct Asked(pub RwSignal<Option<String>>);

/// A button that opens a dialog, and the dialog while it is open: a question, what follows from it, "Cancel", and
/// the children, which are the form that does it. "Cancel" comes first, so that Enter alone does no harm.
///
/// Without a script the button asks for the page again with the dialog open in it. With one the dialog is modal, and
/// closing it returns the keyboard's place to the button: the browser sees to that.
#[component]
pub fn Confirm<V>(
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
    #[prop(into)] title: String,
    text: &'static str,
    children: TypedChildrenFn<V>,
) -> impl IntoView
where
    V: IntoView + 'static,
{
    let Asked(asked) = expect_context();
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        if let Some(dialog) = dialog.get() {
            // As it comes it is open, but not modal.
            dialog.set_open(false);
            _ = dialog.show_modal();
        }
    });
    let is_open = Memo::new({
        let id = id.clone();
        move |_| asked.read().as_deref() == Some(&*id)
    });
    let ask = {
        let id = id.clone();
        move |event: MouseEvent| {
            event.prevent_default();
            asked.set(Some(id.clone()));
        }
    };
    let children = children.into_inner();
    let name = id.clone();
    view! {
        <form method="get">
            <button name="ask" value=name class=class aria-label=label on:click=ask>
                {icon.map(Icon::view)}
                {opener}
            </button>
        </form>
        {move || {
            let title_id = format!("{id}-title");
            is_open
                .get()
                .then(|| {
                    view! {
                        <dialog
                            node_ref=dialog
                            id=id.clone()
                            open=true
                            aria-labelledby=title_id.clone()
                            on:close=move |_| asked.set(None)
                        >
                            <h2 id=title_id.clone()>{title.clone()}</h2>
                            <p>{text}</p>
                            <form method="dialog">
                                <button class="quiet">"Cancel"</button>
                            </form>
                            {children()}
                        </dialog>
                    }
                })
        }}
    }
}
