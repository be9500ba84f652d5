//! Pages for errors: unknown URL, invalid parameter, busy store.

use super::view::{FailurePage, Kind};
use axum::response::{IntoResponse, Response};
use hinomi_webkit::{
    page::{Page, render},
    problem::Problem,
};
use http::{StatusCode, Uri};

/// Answers every request that no route matches.
pub async fn not_found(uri: Uri, page: Page) -> Response {
    if uri.path().starts_with("/api/") || uri.path().starts_with("/static/") {
        return Problem::not_found("there is no such address").into_response();
    }
    render(
        StatusCode::NOT_FOUND,
        &FailurePage::new(page, Kind::NotFound),
    )
}

/// The page that describes a problem.
pub fn page(page: Page, problem: &Problem) -> Response {
    let status = problem.status();
    let kind = match status {
        StatusCode::BAD_REQUEST => Kind::Address(problem.detail().to_owned()),
        StatusCode::UNAUTHORIZED => Kind::Unknown,
        StatusCode::NOT_FOUND => Kind::NotFound,
        StatusCode::SERVICE_UNAVAILABLE => Kind::Busy,
        StatusCode::GATEWAY_TIMEOUT => Kind::Timeout,
        StatusCode::UNPROCESSABLE_ENTITY => Kind::TooMuch,
        _ => Kind::Store,
    };
    render(status, &FailurePage::new(page, kind))
}
