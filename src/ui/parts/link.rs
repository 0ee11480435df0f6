//! A link from page to page.

use leptos::prelude::*;

/// A link to another page, under its own name.
#[component]
pub fn PageLink(href: String, children: Children) -> impl IntoView {
    // The router decodes an escaped percent sign on its way to the address bar, which a reload would then
    // read as another name. Such paths are left to the browser.
    let rel = href.contains("%25").then_some("external");
    view! {
        <a href=href rel=rel>
            {children()}
        </a>
    }
}
