//! The refusal of addresses that are no text, before a handler would ask for a part of one.

use crate::{App, handlers::failure, page::Page, problem::Problem};
use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use percent_encoding::percent_decode_str;

/// Answers 400 when the path, decoded, is not UTF-8: as a problem below `/api/`, else as a page.
pub(crate) async fn check_path(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if percent_decode_str(path).decode_utf8().is_ok() {
        return next.run(request).await;
    }
    let problem = Problem::bad_request("the address, percent-decoded, is not UTF-8");
    if path.starts_with("/api/") {
        return problem.into_response();
    }
    let (mut parts, _) = request.into_parts();
    let Ok(page) = Page::from_request_parts(&mut parts, &app).await;
    failure::page(page, &problem)
}
