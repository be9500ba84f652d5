//! `GET /hitmap` and `GET /services/{service}/hitmap`: a page with only the hitmap.

use super::view::HitmapPage;
use crate::{
    failure,
    parts::marks::marks,
    question::{of_service as known, ranged, selection, unfiltered},
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use hinomi_analysis::ServiceSummary;
use hinomi_model::TimeRange;
use hinomi_webkit::{
    App,
    page::{Page, Section, render},
    problem::Problem,
};
use http::StatusCode;

pub(crate) async fn of_all(State(app): State<App>, page: Page) -> Response {
    match ranged(page.in_section(Section::Hitmap)) {
        Ok((page, range)) => show(&app, page, range, None).await,
        Err(refused) => refused,
    }
}

pub(crate) async fn of_service(
    State(app): State<App>,
    Path(service): Path<String>,
    page: Page,
) -> Response {
    match known(&app, page, service).await {
        Ok((page, range, summary)) => {
            let page = page.in_section(Section::Hitmap);
            show(&app, page, range, Some(&summary)).await
        }
        Err(refused) => refused,
    }
}

async fn show(
    app: &App,
    mut page: Page,
    range: TimeRange,
    summary: Option<&ServiceSummary>,
) -> Response {
    let selection = selection(&page, page.service.as_deref());
    let query = &app.web.query;
    let asked = async {
        let map = query.hitmap(&selection, range).await?;
        let facets = query.facets(&unfiltered(&selection), range).await?;
        let marks = marks(app, &selection, &map).await?;
        Ok::<_, hinomi_query::QueryError>((map, facets, marks))
    };
    match asked.await {
        Ok((map, facets, marks)) => {
            page.lost = query.lost_transactions(&selection.scope, range);
            page.lost.extend_from_slice(&map.lost);
            if page.environments.is_empty() {
                page.environments = facets
                    .environments
                    .iter()
                    .map(|name| name.to_string())
                    .collect();
            }
            render(
                StatusCode::OK,
                &HitmapPage::new(page, summary, &map, &facets, &marks),
            )
        }
        Err(error) => failure::page(page, &Problem::from(error)),
    }
}
