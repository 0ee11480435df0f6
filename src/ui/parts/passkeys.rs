//! Passkeys, as far as the browser has a part in them (WebAuthn Level 3): it makes one, or signs with one. Part of what
//! comes with a press, see [`super::presses`].

use js_sys::{Function, JSON, Object, Promise, Reflect};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlElement, UrlSearchParams};

use crate::{
    domain::ApiError,
    ui::{browser, notices, paths, session},
};

/// What reads options in JSON, where the browser knows passkeys at all and the connection is one that they may be used
/// over.
const READS: &str = "parseCreationOptionsFromJSON";

/// Lets the page's styles know whether there can be passkeys.
pub fn look() {
    let possible = class().is_some_and(|class| Reflect::has(&class, &READS.into()) == Ok(true));
    if let (true, Some(page)) = (possible, document().document_element()) {
        _ = page.set_attribute("data-passkeys", "");
    }
}

fn class() -> Option<JsValue> {
    let class = get(&window(), "PublicKeyCredential").ok()?;
    class.is_function().then_some(class)
}

/// Makes a passkey for the name that a button says.
pub fn add(button: &HtmlElement) {
    let me = button.get_attribute("data-me").unwrap_or_default();
    let Ok(fields) = UrlSearchParams::new() else {
        return;
    };
    fields.append("me", &me);
    spawn_local(async move {
        match run(
            "/api/new_passkey",
            fields,
            READS,
            "create",
            "/api/add_passkey",
        )
        .await
        {
            Ok(_) => {
                notices::say("The passkey is added.");
                if let Some(session) = session::current() {
                    session.renew_plain(None);
                }
            }
            Err(why) => notices::say(&why),
        }
    });
}

/// Signs in with whichever passkey is chosen.
pub fn sign_in() {
    let Ok(fields) = UrlSearchParams::new() else {
        return;
    };
    spawn_local(async move {
        let reads = "parseRequestOptionsFromJSON";
        match run("/api/ask_passkey", fields, reads, "get", "/api/use_passkey").await {
            Ok(answer) => {
                let username = JSON::parse(&answer).and_then(|answer| get(&answer, "username"));
                let username = username.ok().and_then(|name| name.as_string());
                let to =
                    username.map_or_else(|| paths::home().to_owned(), |me| paths::dashboard(&me));
                browser::go_on(&to, false);
            }
            Err(why) => notices::say(&why),
        }
    });
}

/// A whole ceremony: asks the server for the options, the browser for what it `does` with them, and gives the server
/// what came of it. Answers what the server said at last.
async fn run(
    begin: &str,
    fields: UrlSearchParams,
    reads: &str,
    does: &str,
    end: &str,
) -> Result<String, String> {
    let begun = post(begin, &fields).await?;
    let (ceremony, credential) = ask(&begun, reads, does)
        .await
        .map_err(|_| "The browser has used no passkey.".to_owned())?;
    fields.append("ceremony", &ceremony);
    fields.append("credential", &credential);
    post(end, &fields).await
}

async fn post(path: &str, fields: &UrlSearchParams) -> Result<String, String> {
    match browser::post(path, fields).await {
        Ok(answer) if answer.ok => Ok(answer.text),
        Ok(answer) => {
            let refusal = serde_json::from_str(&answer.text);
            Err(refusal.unwrap_or_else(|_| ApiError::unavailable()).message)
        }
        Err(_) => Err(ApiError::offline().message),
    }
}

/// Has the browser do its part. Answers the ceremony's number, and what it has done, in JSON.
async fn ask(begun: &str, reads: &str, does: &str) -> Result<(String, String), JsValue> {
    let begun = JSON::parse(begun)?;
    let ceremony = get(&begun, "ceremony")?.as_string().unwrap_or_default();
    let options = get(&get(&begun, "options")?, "publicKey")?;
    let class = class().ok_or(JsValue::NULL)?;
    let read = call(&class, reads, &options)?;
    let options = Object::new();
    Reflect::set(&options, &"publicKey".into(), &read)?;
    let credentials = get(&get(&window(), "navigator")?, "credentials")?;
    let doing: Promise = call(&credentials, does, &options)?.dyn_into()?;
    let credential = JsFuture::from(doing).await?;
    let told = call(&credential, "toJSON", &JsValue::UNDEFINED)?;
    let told = JSON::stringify(&told)?.as_string().unwrap_or_default();
    Ok((ceremony, told))
}

fn get(of: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    Reflect::get(of, &name.into())
}

fn call(on: &JsValue, method: &str, with: &JsValue) -> Result<JsValue, JsValue> {
    get(on, method)?.dyn_into::<Function>()?.call1(on, with)
}
