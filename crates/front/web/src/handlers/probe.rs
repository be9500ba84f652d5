//! What other programs ask of this one.

use crate::App;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::{StatusCode, header};

/// `GET /healthz`: the process answers.
pub(crate) async fn health() -> &'static str {
    "ok"
}

/// `GET /readyz`: it can do its work.
pub(crate) async fn ready(State(app): State<App>) -> Response {
    if (app.web.ready)() {
        "ok".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting").into_response()
    }
}

/// `GET /metrics`: its own metrics.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], (app.web.metrics)()).into_response()
}

/// `GET /favicon.ico`: browsers ask for it whatever the page says.
pub(crate) async fn icon(State(app): State<App>) -> Redirect {
    Redirect::temporary(&app.assets.url("icon.svg"))
}
