//! Pages of one row of a statistic: `GET /services/{service}/operation` and `…/instance` (hitmap,
//! callers, example transactions), and `…/statement`.

use super::view::{StatementPage, TransactionsRowPage};
use crate::{
    failure,
    parts::charts,
    question::{of_service as known, selection, unfiltered},
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use hinomi_query::{CallFilter, Counted, QueryError};
use hinomi_webkit::{
    App,
    page::{Page, Section, render},
    problem::Problem,
};
use http::StatusCode;

pub(crate) async fn operation(
    State(app): State<App>,
    Path(service): Path<String>,
    page: Page,
) -> Response {
    transactions(&app, service, page, "operation").await
}

pub(crate) async fn instance(
    State(app): State<App>,
    Path(service): Path<String>,
    page: Page,
) -> Response {
    transactions(&app, service, page, "instance").await
}

async fn transactions(app: &App, service: String, page: Page, name: &'static str) -> Response {
    let (mut page, range, summary) = match known(app, page, service).await {
        Ok((page, range, summary)) => (page.in_section(Section::Statistics), range, summary),
        Err(refused) => return refused,
    };
    let Some(of) = page.param(name).map(str::to_owned) else {
        return failure::page(page, &Problem::parameter(name, format!("{name}=")));
    };
    let versus = match charts::versus(&page, range) {
        Ok(versus) => versus,
        Err(problem) => return failure::page(page, &problem),
    };
    let selection = selection(&page, page.service.as_deref());
    let query = &app.web.query;
    let asked = async {
        let map = query.hitmap(&selection, range).await?;
        let counted = Counted::Transactions;
        let charts = charts::ask(app, &counted, &selection, range, versus).await?;
        let facets = query.facets(&unfiltered(&selection), range).await?;
        let examples = query.examples(&selection, range, &map).await?;
        let all = examples.slowest.iter().chain(&examples.failed);
        let all: Vec<_> = all.chain(&examples.newest).collect();
        let callers = query.callers(&selection.scope, &all).await?;
        Ok::<_, QueryError>((map, charts, facets, examples, callers))
    };
    match asked.await {
        Ok((map, charts, facets, examples, callers)) => {
            page.lost = query.lost_transactions(&selection.scope, range);
            page.lost.extend_from_slice(&map.lost);
            let view = TransactionsRowPage::new(
                page, &summary, name, &of, &map, &charts, &facets, &examples, &callers,
            );
            render(StatusCode::OK, &view)
        }
        Err(error) => failure::page(page, &Problem::from(error)),
    }
}

pub(crate) async fn statement(
    State(app): State<App>,
    Path(service): Path<String>,
    page: Page,
) -> Response {
    let (mut page, range, summary) = match known(&app, page, service).await {
        Ok((page, range, summary)) => (page.in_section(Section::Statistics), range, summary),
        Err(refused) => return refused,
    };
    let Some(statement) = page.param("statement").map(str::to_owned) else {
        return failure::page(page, &Problem::parameter("statement", "statement="));
    };
    let database = page.param("database").unwrap_or_default().to_owned();
    let selection = selection(&page, page.service.as_deref());
    let calls = CallFilter {
        target: database.as_str().into(),
        detail: Some(statement.as_str().into()),
    };
    let versus = match charts::versus(&page, range) {
        Ok(versus) => versus,
        Err(problem) => return failure::page(page, &problem),
    };
    let query = &app.web.query;
    let asked = async {
        let map = query.call_map(&selection, calls.clone(), range).await?;
        let counted = Counted::Calls(calls);
        let charts = charts::ask(&app, &counted, &selection, range, versus).await?;
        let of_service = unfiltered(&selection);
        let runners = query.runners(&of_service, &statement, &database, range);
        Ok::<_, QueryError>((map, charts, runners.await?))
    };
    match asked.await {
        Ok((map, charts, runners)) => {
            page.lost.clone_from(&map.lost);
            let view = StatementPage::new(
                page, &summary, &statement, &database, &map, &charts, &runners,
            );
            render(StatusCode::OK, &view)
        }
        Err(error) => failure::page(page, &Problem::from(error)),
    }
}
