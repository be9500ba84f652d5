//! `GET /deployments` and `/services/{service}/deployments`.

use super::view::DeploymentsPage;
use crate::question::{of_service as known, ranged};
use axum::{
    extract::{Path, State},
    response::Response,
};
use hinomi_analysis::ServiceSummary;
use hinomi_model::TimeRange;
use hinomi_query::answer::Deployment;
use hinomi_webkit::{
    App,
    page::{Page, Section, render},
};
use http::StatusCode;

/// Range of the list when the URL names none: a week, because deployments are few.
const FROM: &str = "now-7d";

pub(crate) async fn of_all(State(app): State<App>, page: Page) -> Response {
    match ranged(of_week(page).in_section(Section::Deployments)) {
        Ok((page, range)) => list(&app, page, range, None),
        Err(refused) => refused,
    }
}

pub(crate) async fn of_service(
    State(app): State<App>,
    Path(service): Path<String>,
    page: Page,
) -> Response {
    match known(&app, of_week(page), service).await {
        Ok((page, range, summary)) => {
            let page = page.in_section(Section::Deployments);
            list(&app, page, range, Some(&summary))
        }
        Err(refused) => refused,
    }
}

fn of_week(mut page: Page) -> Page {
    if page.param("from").is_none() && page.param("to").is_none() {
        page.query.push(("from".into(), FROM.into()));
    }
    page
}

fn list(app: &App, mut page: Page, range: TimeRange, summary: Option<&ServiceSummary>) -> Response {
    let service = summary.map(|summary| &*summary.service);
    let found = app.web.query.deployments(&page.scope(), service, range);
    if page.environments.is_empty() {
        page.environments = found
            .iter()
            .map(|one| one.environment.to_string())
            .collect();
        page.environments.retain(|name| !name.is_empty());
        page.environments.sort_unstable();
        page.environments.dedup();
    }
    let here: Vec<Deployment> = found
        .into_iter()
        .filter(|one| page.environment.is_empty() || *one.environment == *page.environment)
        .collect();
    render(StatusCode::OK, &DeploymentsPage::new(page, summary, &here))
}
