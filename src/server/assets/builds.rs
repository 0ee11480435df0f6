//! Files of other builds: while one process after the other is replaced, a page that one has made asks another for what it
//! starts from. Those named after their content are in the database that they share.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, Response, StatusCode},
    response::IntoResponse,
};

use super::{GZIP, NAMED_BY_CONTENT, Site, describe, encodings, unpack};
use crate::{
    domain::ApiError,
    server::{
        rooms::Chat,
        store::{SharedStore, StoreError},
    },
};

/// Puts the files of this build where all processes find them.
///
/// # Errors
/// Those of the store.
pub async fn share(store: &dyn SharedStore) -> Result<(), StoreError> {
    let files = Site::iter().filter(|path| path.starts_with(NAMED_BY_CONTENT));
    let files = files.filter_map(|path| Some((path.to_string(), Site::get(&path)?.data.into())));
    store.share_files(files.collect()).await
}

/// `GET /pkg/{name}` where this build has no such file.
pub async fn serve(
    State(chat): State<Chat>,
    Path(name): Path<String>,
    request: HeaderMap,
) -> Response<Body> {
    let Some(store) = chat.shared() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let path = format!("{NAMED_BY_CONTENT}{name}");
    let forms = encodings(&request).map(|(encoding, ending)| (encoding, format!("{path}{ending}")));
    let forms: Vec<_> = forms.collect();
    let mut paths: Vec<_> = forms.iter().map(|(_, path)| path.clone()).collect();
    // It may be there in this form alone.
    paths.push(format!("{path}{GZIP}"));
    let (found, bytes) = match store.shared_file(&paths).await {
        Ok(Some(found)) => found,
        Ok(None) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => return ApiError::from(error).into_response(),
    };
    match forms.into_iter().find(|(_, path)| *path == found) {
        Some((encoding, _)) => answer(&path, encoding, bytes),
        None => match unpack(&bytes) {
            Ok(bytes) => answer(&path, None, bytes),
            Err(_) => StatusCode::NOT_FOUND.into_response(),
        },
    }
}

fn answer(path: &str, encoding: Option<&'static str>, bytes: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    describe(&mut response, path, encoding);
    response
}
