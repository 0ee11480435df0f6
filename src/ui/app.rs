//! The document's shell and the routes.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    hooks::{use_location, use_params_map},
    path,
};

use super::{
    browser,
    pages::{
        dashboard::DashboardPage, invite::InvitePage, landing::LandingPage, not_found::NotFound,
        room::RoomPage,
    },
    parts::{
        Header, Notice, forget_flash_on_leaving, provide_flash, provide_names, provide_notice,
    },
    paths,
};

/// URLs of the browser's files, with the hashes of their contents in them.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, Default)]
pub struct Assets {
    pub js: String,
    pub wasm: String,
    pub css: String,
}

/// The HTML document around the app.
#[cfg(feature = "ssr")]
pub fn shell() -> impl IntoView {
    let assets = expect_context::<Assets>();
    let nonce = leptos::nonce::use_nonce();
    let start = format!(
        "import('{js}').then(m => m.default({{ module_or_path: '{wasm}' }}).then(() => m.hydrate()))",
        js = assets.js,
        wasm = assets.wasm,
    );
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta
                    name="viewport"
                    content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
                />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#faf6ed" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#151a20" />
                <meta
                    name="description"
                    content="Claim a name, open a room, hand over the key, and talk."
                />
                <link rel="icon" href="/favicon.ico" sizes="32x32" />
                <link rel="icon" href="/icon.svg" r#type="image/svg+xml" />
                <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
                <link rel="manifest" href="/site.webmanifest" />
                <link rel="stylesheet" href=assets.css.clone() />
                <link rel="modulepreload" href=assets.js.clone() nonce=nonce.clone() />
                <link rel="preload" href=assets.wasm.clone() r#as="fetch" r#type="application/wasm" crossorigin="" />
                <leptos_meta::MetaTags />
                <script type="module" nonce=nonce>
                    {start}
                </script>
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The whole app, on both sides.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_flash();
    provide_names();
    provide_notice();
    view! {
        <Title formatter=page_title />
        <Router>
            // The browser's own jump moves the keyboard's place too; the router's would only scroll.
            <a class="skip" href="#main" rel="external">
                "Skip to content"
            </a>
            <Header />
            <Notice />
            <Arrival />
            <FlatRoutes fallback=NotFound>
                <Route path=path!("/") view=LandingPage ssr=SsrMode::Async />
                <Route path=path!("/:me") view=Dashboard ssr=SsrMode::Async />
                <Route path=path!("/:me/rooms/:name") view=Room ssr=SsrMode::Async />
                <Route path=path!("/rooms/:name") view=Invite ssr=SsrMode::Async />
            </FlatRoutes>
        </Router>
    }
}

/// A page's title in full. The server writes it into the page as it is, so there it has to be markup; in the
/// browser it is text.
fn page_title(title: String) -> String {
    let title = match title.as_str() {
        "" => "Latchkey".to_owned(),
        title => format!("{title} · Latchkey"),
    };
    if cfg!(feature = "ssr") {
        title.replace('&', "&amp;").replace('<', "&lt;")
    } else {
        title
    }
}

#[component]
fn Dashboard() -> impl IntoView {
    let me = acting();
    move || match me.get() {
        Some(me) => view! { <DashboardPage me /> }.into_any(),
        None => NotFound().into_any(),
    }
}

#[component]
fn Room() -> impl IntoView {
    let (me, name) = (acting(), room_name());
    move || match me.get() {
        Some(me) => view! { <RoomPage me name=name.get() /> }.into_any(),
        None => NotFound().into_any(),
    }
}

#[component]
fn Invite() -> impl IntoView {
    let name = room_name();
    move || view! { <InvitePage name=name.get() /> }
}

/// Who the path acts as. The router cannot match part of a segment, so the `@` is asked for here.
fn acting() -> Memo<Option<String>> {
    let params = use_params_map();
    Memo::new(move |_| {
        params
            .read()
            .get_str("me")
            .and_then(paths::acting)
            .map(str::to_owned)
    })
}

fn room_name() -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.read().get("name").unwrap_or_default())
}

/// Tidies up after going from page to page: the keyboard's place moves along with the page where the old
/// one took it away.
#[component]
fn Arrival() -> impl IntoView {
    forget_flash_on_leaving();
    let path = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now) {
            request_animation_frame(browser::focus_main_if_lost);
        }
        now
    });
}
