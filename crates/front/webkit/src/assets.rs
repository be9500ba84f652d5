//! The embedded files of `web/static`. Their URLs change when any of the files changes.
//!
//! One hash covers the whole tree, so that relative imports of modules stay within one version.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

use crate::App;

/// The files below `web/static`.
#[derive(RustEmbed)]
#[folder = "../../../web/static"]
pub struct Files;

/// The URLs of the embedded files.
#[derive(Debug, Clone)]
pub struct Assets {
    hash: Arc<str>,
}

impl Assets {
    /// Hashes the tree.
    pub fn new() -> Self {
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

    /// The URL of a file.
    pub fn url(&self, path: &str) -> String {
        format!("/static/{}/{path}", self.hash)
    }
}

/// `GET /static/{hash}/{path}`. An outdated hash gets the present file, but without long caching.
pub async fn serve(State(app): State<App>, Path((hash, path)): Path<(String, String)>) -> Response {
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

#[cfg(any(test, feature = "sample"))]
impl Assets {
    /// URLs that do not change with the files, for snapshot tests.
    pub fn sample() -> Self {
        Self { hash: "0".into() }
    }
}
