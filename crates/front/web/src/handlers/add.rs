//! `GET /add`: what to paste so that a service sends here.

use crate::{
    App,
    page::{Page, Section, render},
    view::{add::AddPage, board::Receivers},
};
use axum::{extract::State, response::Response};
use hinomi_model::{Scope, TimeRange};
use http::StatusCode;
use std::time::Duration;

/// Services that are known are listed over any range; the shortest will do.
const LOOK_BACK: Duration = Duration::from_secs(60);

pub(crate) async fn show(State(app): State<App>, page: Page) -> Response {
    let page = page.in_section(Section::Health);
    let range = TimeRange::new(page.now.minus(LOOK_BACK), page.now);
    // A store that cannot answer makes every service look new, which is no reason to refuse the lines.
    let known = app.web.query.services(&Scope::default(), range).await;
    let known = known.map(|services| services.items).unwrap_or_default();
    let receivers = Receivers {
        grpc: app.web.otlp_grpc,
        http: app.web.otlp_http,
    };
    render(StatusCode::OK, &AddPage::new(page, &known, &receivers))
}
