//! Rejects URLs whose path is not valid UTF-8, before a handler reads a part of the path.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use hinomi_pages::failure;
use hinomi_webkit::{App, page::Page, problem::Problem};
use percent_encoding::percent_decode_str;

/// Answers 400 when the percent-decoded path is not UTF-8: with a problem document below `/api/`,
/// else with a page.
pub(crate) async fn check_path(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if percent_decode_str(path).decode_utf8().is_ok() {
        return next.run(request).await;
    }
    let problem = Problem::bad_request("the address, percent-decoded, is not UTF-8");
    if path.starts_with("/api/") {
        return problem.into_response();
    }
    let (parts, _) = request.into_parts();
    failure::page(Page::of_nobody(&parts, &app), &problem)
}
