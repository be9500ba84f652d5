//! Lets only readers of a project through to the pages and the API.

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use hinomi_pages::failure;
use hinomi_webkit::{App, page::Page, readers::Reader};

/// Answers 401 when nobody knows the reader: with a problem document below `/api/`, else with a page.
pub(crate) async fn check_reader(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match Reader::from_request_parts(&mut parts, &app).await {
        Ok(_) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) if parts.uri.path().starts_with("/api/") => problem.into_response(),
        Err(problem) => failure::page(Page::of_nobody(&parts, &app), &problem),
    }
}
