//! What a program sends: one JSON object.

use crate::problem::Problem;
use axum::body::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

/// The object of a body that says it is JSON; `example` is what such a body is like.
pub(crate) fn object<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: &Bytes,
    example: &str,
) -> Result<T, Problem> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Problem::of(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Unsupported media type",
            format!("send `{example}` as application/json"),
        ));
    }
    serde_json::from_slice(body).map_err(|error| {
        let detail = format!("the body is not a JSON object like `{example}`: {error}");
        Problem::parameter("body", detail)
    })
}
