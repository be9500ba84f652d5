//! `GET /`: the health of every service.

use super::view::BoardPage;
use crate::{failure, parts::receivers::Receivers, question::ranged};
use axum::{extract::State, response::Response};
use hinomi_webkit::{
    App,
    page::{Page, Section, render},
    problem::Problem,
};
use http::StatusCode;

pub(crate) async fn show(State(app): State<App>, page: Page) -> Response {
    let (mut page, range) = match ranged(page.in_section(Section::Health)) {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let services = match app.web.analysis.services(&page.scope(), range).await {
        Ok(services) => services,
        Err(error) => return failure::page(page, &Problem::from(error)),
    };
    page.lost = services.lost;
    let services = services.items;
    page.environments = match crate::question::known_services(&app, &page).await {
        Ok(known) => crate::question::environments(&known),
        Err(error) => return failure::page(page, &Problem::from(error)),
    };
    let receivers = Receivers {
        grpc: app.web.otlp_grpc,
        http: app.web.otlp_http,
    };
    render(StatusCode::OK, &BoardPage::new(page, &services, &receivers))
}
