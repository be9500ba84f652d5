//! The embedded files of `web/static`, under addresses that change when any of them does.
//!
//! One hash covers the whole tree, so that a module's relative imports stay inside it.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

use crate::App;

#[derive(RustEmbed)]
#[folder = "../../../web/static"]
struct Files;

/// Where the embedded files are.
#[derive(Debug, Clone)]
pub(crate) struct Assets {
    hash: Arc<str>,
}

impl Assets {
    /// Hashes the tree.
    pub(crate) fn new() -> Self {
        let mut paths: Vec<_> = Files::iter().collect();
        paths.sort();
        let mut hash = Xxh3::new();
        for path in paths {
            hash.update(path.as_bytes());
            if let Some(file) = Files::get(&path) {
                hash.update(&file.data);
            }
        }
        Self {
            hash: format!("{:016x}", hash.digest()).into(),
        }
    }

    /// The address of a file.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("/static/{}/{path}", self.hash)
    }
}

/// `GET /static/{hash}/{path}`. A stale hash is answered with today's file, but not for keeps.
pub(crate) async fn serve(
    State(app): State<App>,
    Path((hash, path)): Path<(String, String)>,
) -> Response {
    let Some(file) = Files::get(&path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match path.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "text/plain; charset=utf-8",
    };
    let fresh = *hash == *app.assets.hash;
    let keep = if fresh {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(keep)),
    ];
    (headers, file.data.into_owned()).into_response()
}

#[cfg(test)]
impl Assets {
    /// Addresses that do not change with the files: for snapshots.
    pub(crate) fn sample() -> Self {
        Self { hash: "0".into() }
    }
}
