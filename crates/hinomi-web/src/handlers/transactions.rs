//! `GET /transactions` and `GET /services/{service}/transactions`: the list.

use super::{failure, ranged, selection, service::of_service as known};
use crate::{
    App,
    api::cursor,
    page::{Page, Section, render},
    problem::Problem,
    time_param,
    view::transactions::{PAGE_ROWS, TransactionsPage},
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use hinomi_model::{DurationRange, OutcomeFilter, Selection, TimeRange};
use hinomi_query::answer::ServiceSummary;
use http::StatusCode;

pub(crate) async fn of_all(State(app): State<App>, page: Page) -> Response {
    match ranged(page.in_section(Section::Transactions)) {
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
            let page = page.in_section(Section::Transactions);
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
    page.follows = false;
    let (selection, durations) = match filters(&page, page.service.as_deref()) {
        Ok(filters) => filters,
        Err(problem) => return failure::page(page, &problem),
    };
    let after = match page.param("cursor").map(cursor::decode) {
        Some(None) => {
            let problem = Problem::parameter("cursor", "cursor");
            return failure::page(page, &problem);
        }
        after => after.flatten(),
    };
    let query = &app.web.query;
    let text = page.param("q");
    match query
        .transactions(&selection, range, durations, text, after, PAGE_ROWS)
        .await
    {
        Ok(list) => {
            page.lost.clone_from(&list.lost);
            render(StatusCode::OK, &TransactionsPage::new(page, summary, &list))
        }
        Err(error) => failure::page(page, &Problem::from(error)),
    }
}

/// What the list's filters select.
pub(super) fn filters(
    page: &Page,
    service: Option<&str>,
) -> Result<(Selection, DurationRange), Problem> {
    let wrong = |name: &str, value: &str| Problem::parameter(name, format!("{name}={value}"));
    let outcome = match page.param("outcome") {
        None => None,
        Some(word) => Some(OutcomeFilter::parse(word).ok_or_else(|| wrong("outcome", word))?),
    };
    let end = |name: &str| match page.param(name) {
        None => Ok(None),
        Some(text) => time_param::millis(text)
            .map(Some)
            .ok_or_else(|| wrong(name, text)),
    };
    let durations = DurationRange {
        min: end("min_ms")?,
        max: end("max_ms")?,
    };
    Ok((
        Selection {
            outcome,
            ..selection(page, service)
        },
        durations,
    ))
}
