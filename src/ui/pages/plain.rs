//! A page of *me*'s that is the server's HTML and nothing else, as a pane; see [`crate::ui::session::Plain`].

use leptos::{html, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::ui::{
    browser,
    parts::presses,
    session::{Plain, Session, Shown},
};

#[component]
pub fn PlainPage(session: Session, which: Plain, html: String) -> impl IntoView {
    let here = Memo::new(move |_| session.navigator.shown() == Shown::Plain(which));
    let main = NodeRef::<html::Main>::new();
    Effect::new(move || {
        if session.navigator.arrivals() > 0
            && here.get_untracked()
            && let Some(main) = main.get_untracked()
        {
            // Where one comes to type, that is the place.
            let place = ["[autofocus]", "h1"].into_iter();
            let mut place = place.filter_map(|it| main.query_selector(it).ok().flatten());
            if let Some(place) = place.next() {
                browser::focus_in_place(place.unchecked_ref::<HtmlElement>());
            }
            browser::scroll_to(0.0);
        }
    });
    Effect::new(move || {
        if let Some(main) = main.get() {
            spawn_local(async move { _ = presses::attend(main).await });
        }
    });
    Effect::new(move || {
        let renewed = session.navigator.plain.renewed.get();
        if let (Some(html), Some(main)) = (renewed, main.get_untracked()) {
            spawn_local(async move {
                if presses::renew(main.clone(), html.clone()).await.is_err() {
                    main.set_inner_html(&html);
                }
            });
        }
    });
    view! {
        <main
            id=move || here.get().then_some("main")
            class="page plain"
            tabindex="-1"
            hidden=move || !here.get()
            inert=move || !here.get()
            node_ref=main
            inner_html=html
        ></main>
    }
}
