//! The browser's files, inside the binary: with hashes in their names, and compressed beforehand.

pub mod builds;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    io::{self, Read},
    ops::Range,
    sync::{LazyLock, Mutex, PoisonError},
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use flate2::read::GzDecoder;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::ui::document::Assets;

/// What compresses well and nearly all take compressed is not there as it is, and what only compilers read is not there
/// at all.
#[derive(RustEmbed)]
#[folder = "target/site"]
#[exclude = "pkg/*.css"]
#[exclude = "pkg/*.js"]
#[exclude = "pkg/*.wasm"]
#[exclude = "pkg/*.ts"]
#[exclude = "pkg/*.ts.*"]
#[exclude = "emoji.txt"]
#[allow_missing = true]
struct Site;

/// The folder of the files that are named after their content.
const NAMED_BY_CONTENT: &str = "pkg/";
/// What the names of compressed copies end with.
const BROTLI: &str = ".br";
const GZIP: &str = ".gz";
/// These may be kept for good; the others (icons, the manifest) for a day.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
const A_DAY: &str = "public, max-age=86400";

/// URL paths of all files, each once, in whatever forms it is there.
pub fn paths() -> impl Iterator<Item = String> {
    let paths: BTreeSet<_> = Site::iter()
        .map(|path| {
            let packed = path.strip_suffix(BROTLI).or(path.strip_suffix(GZIP));
            format!("/{}", packed.unwrap_or(&path))
        })
        .collect();
    paths.into_iter()
}

/// A file in the form whose name ends so; as it is, where that is nothing.
fn get(file: &str, ending: &str) -> Option<Bytes> {
    let bytes = |found: rust_embed::EmbeddedFile| match found.data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => Bytes::from(data),
    };
    let found = Site::get(&format!("{file}{ending}")).map(bytes);
    if found.is_some() || !ending.is_empty() {
        return found;
    }
    // Unpacked for the first who asks, and kept: there are only so many.
    static UNPACKED: Mutex<BTreeMap<String, Bytes>> = Mutex::new(BTreeMap::new());
    let packed = Site::get(&format!("{file}{GZIP}")).map(bytes)?;
    let mut unpacked = UNPACKED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = unpacked.get(file) {
        return Some(known.clone());
    }
    let whole = Bytes::from(unpack(&packed).ok()?);
    unpacked.insert(file.to_owned(), whole.clone());
    Some(whole)
}

fn unpack(gzip: &[u8]) -> io::Result<Vec<u8>> {
    let mut whole = Vec::new();
    GzDecoder::new(gzip).read_to_end(&mut whole)?;
    Ok(whole)
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

/// One file, in the smallest form that the browser takes; or of it as it is the part that was asked for, without which
/// Safari plays no sound (RFC 9110, 14).
pub fn serve(path: &str, request: &HeaderMap) -> Response<Body> {
    let file = path.trim_start_matches('/');
    let range = request.get(header::RANGE).and_then(|it| it.to_str().ok());
    let found = encodings(request)
        .filter(|(encoding, _)| range.is_none() || encoding.is_none())
        .find_map(|(encoding, ending)| Some((encoding, get(file, ending)?)));
    let Some((encoding, whole)) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let size = whole.len();
    let part = range.and_then(|range| part(range, size));
    let mut response = match part.clone() {
        Some(part) => (StatusCode::PARTIAL_CONTENT, whole.slice(part)).into_response(),
        None => Response::new(Body::from(whole)),
    };
    describe(&mut response, file, encoding);
    if let Some(part) = part
        && let Ok(range) =
            HeaderValue::try_from(format!("bytes {}-{}/{size}", part.start, part.end - 1))
    {
        response.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    response
}

/// Says what a file is, in which form, and how long it may be kept.
fn describe(response: &mut Response<Body>, file: &str, encoding: Option<&'static str>) {
    let headers = response.headers_mut();
    let kind = mime_guess::from_path(file).first_or_octet_stream();
    if let Ok(kind) = HeaderValue::try_from(kind.as_ref()) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    let keep = if file.starts_with(NAMED_BY_CONTENT) {
        FOR_GOOD
    } else {
        A_DAY
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
}

/// The forms of a file that a browser takes, the smallest first, each with what its name ends with.
fn encodings(request: &HeaderMap) -> impl Iterator<Item = (Option<&'static str>, &'static str)> {
    let accepted = request
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let accepts = move |encoding| {
        accepted
            .split(',')
            .any(|entry| entry.split(';').next().unwrap_or_default().trim() == encoding)
    };
    [(Some("br"), BROTLI), (Some("gzip"), GZIP), (None, "")]
        .into_iter()
        .filter(move |(encoding, _)| encoding.is_none_or(&accepts))
}

/// The bytes that a `Range` names of so many. One that is not understood, or names several, is not heeded.
fn part(range: &str, size: usize) -> Option<Range<usize>> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let part = match (from.parse(), to.parse::<usize>()) {
        (Ok(from), Ok(to)) => from..to.saturating_add(1).min(size),
        (Ok(from), Err(_)) if to.is_empty() => from..size,
        (Err(_), Ok(last)) if from.is_empty() => size.saturating_sub(last)..size,
        _ => return None,
    };
    Some(part).filter(|part| part.start < part.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_names_a_part_of_a_file_or_is_not_heeded() {
        assert_eq!(part("bytes=0-1", 10), Some(0..2));
        assert_eq!(part("bytes=4-", 10), Some(4..10));
        assert_eq!(part("bytes=-3", 10), Some(7..10));
        assert_eq!(part("bytes=-30", 10), Some(0..10));
        assert_eq!(part("bytes=4-99999999999", 10), Some(4..10));
        for none in [
            "bytes=10-",
            "bytes=5-4",
            "bytes=-0",
            "bytes=-",
            "bytes=a-b",
            "bytes=0-1,3-4",
            "lines=0-1",
            "",
        ] {
            assert_eq!(part(none, 10), None, "{none}");
        }
    }
}
