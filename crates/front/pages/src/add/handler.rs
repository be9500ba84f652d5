//! `GET /add`: the settings to paste so that a service sends its spans here.

use super::view::AddPage;
use crate::parts::receivers::Receivers;
use axum::{extract::State, response::Response};
use hinomi_model::TimeRange;
use hinomi_webkit::{
    App,
    page::{Page, Section, render},
};
use http::StatusCode;
use std::time::Duration;

/// The list of services has every known service, whatever the range; the shortest range is the
/// cheapest.
const LOOK_BACK: Duration = Duration::from_secs(60);

pub(crate) async fn show(State(app): State<App>, page: Page) -> Response {
    let page = page.in_section(Section::Health);
    let range = TimeRange::new(page.now.minus(LOOK_BACK), page.now);
    // When the store cannot answer, every service looks new. The page is still useful.
    let known = app.web.analysis.services(&page.scope(), range).await;
    let known = known.map(|services| services.items).unwrap_or_default();
    let receivers = Receivers {
        grpc: app.web.otlp_grpc,
        http: app.web.otlp_http,
    };
    render(StatusCode::OK, &AddPage::new(page, &known, &receivers))
}
