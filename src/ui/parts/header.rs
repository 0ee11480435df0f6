//! The bar on top of every page: whose page it is, and the other names of this browser.

use leptos::prelude::*;

use super::{Face, Icon, Logo};
use crate::ui::paths;

/// `me` is who the page acts as, if that is one of the `names` that this browser holds.
#[component]
pub fn Header(me: Option<String>, names: Vec<String>) -> impl IntoView {
    // The product's mark leads to the dashboard of whoever is somebody here.
    let home = me
        .as_deref()
        .map_or_else(|| paths::home().to_owned(), paths::dashboard);
    view! {
        <header class="bar">
            <a class="home" href=home>
                <Logo />
                <span class="wordmark">"Latchkey"</span>
            </a>
            {(!names.is_empty()).then(|| view! { <Switch me names /> })}
        </header>
    }
}

/// A menu of the held names: a popover, which opens and closes without a script.
#[component]
fn Switch(me: Option<String>, names: Vec<String>) -> impl IntoView {
    let who = me
        .as_ref()
        .map_or_else(|| "Your names".to_owned(), |me| format!("@{me}"));
    let choice = |name: &String| {
        let current = me.as_ref() == Some(name);
        view! {
            <li class:current=current>
                <a href=paths::dashboard(name)>
                    <Face name />
                    <span class="clip">{format!("@{name}")}</span>
                    {current.then(|| Icon::Check.view())}
                </a>
            </li>
        }
    };
    view! {
        <nav class="switch" aria-label="Who you are">
            <button type="button" class="switch-button" popovertarget="switch-menu">
                {me.as_ref().map(|me| view! { <Face name=me /> })}
                <span class="clip">{who}</span>
                {Icon::Chevron.view()}
            </button>
            <div class="menu" id="switch-menu" popover="auto">
                <ul aria-label="Switch to">{names.iter().map(choice).collect_view()}</ul>
                {me.as_deref()
                    .map(|me| {
                        view! { <a href=paths::settings(me)>{Icon::Settings.view()} "Settings"</a> }
                    })}
                <a href=paths::home()>{Icon::Plus.view()} "Use another name"</a>
            </div>
        </nav>
    }
}
