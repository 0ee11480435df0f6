//! The browser's files, inside the binary: with hashes in their names, and compressed beforehand.

use std::sync::LazyLock;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::ui::document::Assets;

#[derive(RustEmbed)]
#[folder = "target/site"]
#[allow_missing = true]
struct Site;

/// Files named after their content may be kept for good; the others (icons, the manifest) for a day.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
const A_DAY: &str = "public, max-age=86400";

/// URL paths of all files, without their compressed copies.
pub fn paths() -> impl Iterator<Item = String> {
    Site::iter()
        .filter(|path| !path.ends_with(".br") && !path.ends_with(".gz"))
        .map(|path| format!("/{path}"))
}

/// The URLs that a page starts the app from.
pub fn entry_points() -> &'static Assets {
    static FOUND: LazyLock<Assets> = LazyLock::new(|| {
        let find = |start: &str, ending: &str| {
            let mut paths = paths();
            let found = paths.find(|path| {
                let name = path.strip_prefix("/pkg/");
                name.is_some_and(|name| name.starts_with(start) && name.ends_with(ending))
            });
            found.unwrap_or_default()
        };
        Assets {
            js: find("latchkey", ".js"),
            split: find("__wasm_split", ".js"),
            wasm: find("latchkey", ".wasm"),
            css: find("latchkey", ".css"),
        }
    });
    &FOUND
}

/// Which site this is: another one whenever what its pages start from has changed.
pub fn build() -> &'static str {
    static BUILD: LazyLock<String> = LazyLock::new(|| {
        let Assets { js, wasm, css, .. } = entry_points();
        let digest = Sha256::digest(format!("{js} {wasm} {css}"));
        BASE64_URL_SAFE_NO_PAD.encode(&digest[..9])
    });
    &BUILD
}

/// One file, in the smallest form that the browser takes.
pub fn serve(path: &str, request: &HeaderMap) -> Response<Body> {
    let file = path.trim_start_matches('/');
    let accepted = request
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let accepts = |encoding| {
        accepted
            .split(',')
            .any(|entry| entry.split(';').next().unwrap_or_default().trim() == encoding)
    };
    let compressed = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(encoding, _)| accepts(*encoding))
        .find_map(|(encoding, ending)| {
            Some((Some(encoding), Site::get(&format!("{file}{ending}"))?))
        });
    let Some((encoding, found)) = compressed.or_else(|| Some((None, Site::get(file)?))) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = mime_guess::from_path(file).first_or_octet_stream();
    let keep = if file.starts_with("pkg/") {
        FOR_GOOD
    } else {
        A_DAY
    };
    let mut response = Response::new(Body::from(found.data));
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::try_from(kind.as_ref()) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}
