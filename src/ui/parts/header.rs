//! The bar on top of every page: whose page it is, and the other names of this browser.

use leptos::{html, prelude::*};
use leptos_router::hooks::use_location;

use super::{Icon, Logo, PageLink, use_names};
use crate::ui::{browser, paths};

#[component]
pub fn Header() -> impl IntoView {
    let path = use_location().pathname;
    let acting = Memo::new(move |_| path.with(|path| paths::me(path)));
    view! {
        <header class="bar">
            <Transition>
                {move || Suspend::new(async move {
                    let names = use_names().await.unwrap_or_default();
                    let held = names.clone();
                    // A path can name anyone; only a name that this browser holds is who you are.
                    let me = Memo::new(move |_| {
                        acting.get().filter(|me| held.iter().any(|name| name.eq_ignore_ascii_case(me)))
                    });
                    view! {
                        <Home me />
                        <Switch me names />
                    }
                })}
            </Transition>
        </header>
    }
}

/// The product's mark. It leads to the dashboard of whoever is somebody here.
#[component]
fn Home(me: Memo<Option<String>>) -> impl IntoView {
    move || {
        let home = me
            .get()
            .map_or_else(|| paths::home().to_owned(), |me| paths::dashboard(&me));
        view! {
            <PageLink href=home>
                <Logo />
                <span class="wordmark">"Latchkey"</span>
            </PageLink>
        }
    }
}

/// A menu of the held names: a popover, which opens and closes without a script.
#[component]
fn Switch(me: Memo<Option<String>>, names: Vec<String>) -> impl IntoView {
    let menu = NodeRef::<html::Div>::new();
    // Going to another page leaves the bar where it is, so the menu has to be told.
    Effect::new(move |_| {
        me.track();
        if let Some(menu) = menu.get_untracked() {
            browser::hide_popover(&menu);
        }
    });
    let held = names.clone();
    let who = move || match me.get() {
        Some(me) => Some(format!("@{me}")),
        None if held.is_empty() => None,
        None => Some("Your names".to_owned()),
    };
    move || {
        who().map(|who| {
            let names = names.clone();
            view! {
                <nav class="switch" aria-label="Who you are">
                    <button type="button" class="switch-button" popovertarget="switch-menu">
                        <span class="clip">{who}</span>
                        {Icon::Chevron.view()}
                    </button>
                    <div class="menu" id="switch-menu" popover="auto" node_ref=menu>
                        <ul aria-label="Switch to">
                            {names
                                .into_iter()
                                .map(|name| {
                                    let current = me.get().as_ref() == Some(&name);
                                    view! {
                                        <li class:current=current>
                                            <PageLink href=paths::dashboard(&name)>
                                                <span class="clip">{format!("@{name}")}</span>
                                                {current.then(|| Icon::Check.view())}
                                            </PageLink>
                                        </li>
                                    }
                                })
                                .collect_view()}
                        </ul>
                        <PageLink href=paths::home().to_owned()>
                            {Icon::Plus.view()}
                            "Use another name"
                        </PageLink>
                    </div>
                </nav>
            }
        })
    }
}
