//! The styles, scripts and pictures that pages load. Their URLs change when any of the files changes.
//!
//! One hash covers the files of all crates, so that relative imports of modules stay within one
//! version.

use crate::{App, embedded::Embedded, modules::Graph};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;
use std::{borrow::Cow, sync::Arc};
use xxhash_rust::xxh3::Xxh3;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Files;

/// The files of this crate: what every page loads, and what several pages import.
pub fn own() -> Embedded {
    Embedded::of::<Files>()
}

/// The files that pages load, with their URLs.
#[derive(Debug, Clone)]
pub struct Assets {
    hash: Arc<str>,
    files: Arc<[Embedded]>,
    graph: Arc<Graph>,
}

impl Assets {
    /// Reads the files of all crates. No two may have one path.
    pub fn new(files: &[Embedded]) -> Self {
        let mut paths: Vec<_> = files.iter().flat_map(Embedded::paths).collect();
        paths.sort();
        let mut hash = Xxh3::new();
        for path in paths {
            hash.update(path.as_bytes());
            if let Some(data) = read(files, &path) {
                hash.update(&data);
            }
        }
        Self::hashed(files, &format!("{:016x}", hash.digest()))
    }

    fn hashed(files: &[Embedded], hash: &str) -> Self {
        Self {
            hash: hash.into(),
            files: files.into(),
            graph: Arc::new(Graph::of(files)),
        }
    }

    /// The URL of a file.
    pub fn url(&self, path: &str) -> String {
        format!("/static/{}/{path}", self.hash)
    }

    /// The import graph of the modules.
    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }
}

/// The content of the file at `path`.
fn read(files: &[Embedded], path: &str) -> Option<Cow<'static, [u8]>> {
    files.iter().find_map(|files| files.read(path))
}

/// `GET /static/{hash}/{path}`. An outdated hash gets the present file, but without long caching.
pub async fn serve(State(app): State<App>, Path((hash, path)): Path<(String, String)>) -> Response {
    let Some(data) = read(&app.assets.files, &path) else {
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
    (headers, data.into_owned()).into_response()
}

#[cfg(any(test, feature = "sample"))]
impl Assets {
    /// URLs that do not change with the files, for snapshot tests.
    pub fn sample(files: &[Embedded]) -> Self {
        Self::hashed(files, "0")
    }
}
