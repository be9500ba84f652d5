//! Endpoints for other programs: health, readiness, metrics.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use hinomi_webkit::App;
use http::{StatusCode, header};

/// `GET /healthz`: the process answers requests.
pub(crate) async fn health() -> &'static str {
    "ok"
}

/// `GET /readyz`: the server is ready for work.
pub(crate) async fn ready(State(app): State<App>) -> Response {
    if (app.web.ready)() {
        "ok".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting").into_response()
    }
}

/// `GET /metrics`: the server's own metrics.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], (app.web.metrics)()).into_response()
}

/// `GET /favicon.ico`: browsers request it even when the page names another icon.
pub(crate) async fn icon(State(app): State<App>) -> Redirect {
    Redirect::temporary(&app.assets.url("icon.svg"))
}
