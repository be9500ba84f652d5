//! Request bodies: one JSON object each.

use axum::body::Bytes;
use hinomi_webkit::problem::Problem;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

/// Parses the body as JSON; its content type must be JSON. Problems quote `example` as a valid
/// body.
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
