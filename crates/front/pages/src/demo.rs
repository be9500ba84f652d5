//! `GET /demo/history`: how far the demo has filled in its history.

use axum::{Json, extract::State, response::IntoResponse, response::Response};
use hinomi_webkit::{App, problem::Problem};
use serde::Serialize;

/// How far the history is.
#[derive(Debug, Serialize)]
struct Filled {
    /// From 0 to 100.
    percent: u8,
}

pub(crate) async fn history(State(app): State<App>) -> Response {
    match &app.web.demo {
        Some(history) => Json(Filled {
            percent: history.percent(),
        })
        .into_response(),
        None => Problem::not_found("this is not the demo").into_response(),
    }
}
