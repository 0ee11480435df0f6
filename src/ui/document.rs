//! The HTML document around a page, and the loader that brings its islands to life.

use leptos::prelude::*;

use super::parts::{Header, Notice, as_text};

/// URLs of the browser's files, with the hashes of their contents in them.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    pub js: String,
    /// What `js` imports: it loads the parts of the WASM that are split off.
    pub split: String,
    pub wasm: String,
    pub css: String,
}

/// What every page has around its own part.
#[derive(Clone, Debug)]
pub struct Frame {
    pub title: String,
    /// Who the page acts as, if that is a name that this browser holds.
    pub me: Option<String>,
    /// The names that this browser holds.
    pub names: Vec<String>,
    /// What `me` is told before anything else, where there is something.
    pub warning: Option<String>,
    /// What everybody is told.
    pub announced: Option<String>,
    /// Lets the loader pass the page's policy.
    pub nonce: String,
    pub assets: &'static Assets,
}

/// Loads the WASM and hands it the page's islands in the order of the document, so that one within another
/// finds what the outer one has provided.
const LOADER: &str = include_str!("loader.js");

/// A whole document: `main` in its frame.
#[component]
pub fn Document(frame: Frame, children: Children) -> impl IntoView {
    let Frame {
        title,
        me,
        names,
        warning,
        announced,
        nonce,
        assets,
    } = frame;
    let title = match title.as_str() {
        "" => "Latchkey".to_owned(),
        title => format!("{title} · Latchkey"),
    };
    let Assets {
        js,
        split,
        wasm,
        css,
    } = assets;
    let loader = format!("{LOADER}load('{js}', '{wasm}');");
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta
                    name="viewport"
                    content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
                />
                // Nothing of a page is painted before all of it is there: what is last decides how what is first looks.
                <link rel="expect" href="#whole" blocking="render" />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#fcf9f4" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#13181e" />
                <meta
                    name="description"
                    content="Claim a name, open a room, hand over the key, and talk."
                />
                <link rel="icon" href="/favicon.ico" sizes="32x32" />
                <link rel="icon" href="/icon.svg" r#type="image/svg+xml" />
                <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
                <link rel="manifest" href="/site.webmanifest" />
                <link rel="stylesheet" href=css.as_str() />
                <link rel="modulepreload" href=js.as_str() nonce=nonce.clone() />
                <link rel="modulepreload" href=split.as_str() nonce=nonce.clone() />
                <link rel="preload" href=wasm.as_str() r#as="fetch" r#type="application/wasm" crossorigin="" />
                <title inner_html=as_text(&title)></title>
                <script type="module" nonce=nonce>
                    {loader}
                </script>
            </head>
            <body>
                <a class="skip" href="#main">
                    "Skip to content"
                </a>
                <Header me names />
                <div class="told">
                    <Notice announced />
                    {warning.map(|warning| view! { <p class="warning" role="status">{warning}</p> })}
                </div>
                {children()}
                <template id="whole"></template>
            </body>
        </html>
    }
}
