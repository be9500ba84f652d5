//! `GET /services/{service}`: the dashboard of one service.

use super::view::{ServiceAnswers, ServicePage};
use crate::{
    failure,
    parts::{charts, marks::marks},
    question::{of_service, selection, unfiltered},
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use hinomi_analysis::ServiceSummary;
use hinomi_model::{DurationRange, OutcomeFilter, Selection, TimeRange};
use hinomi_query::{
    Counted, Query, QueryError,
    answer::{Lost, Statistic},
};
use hinomi_webkit::{
    App,
    page::{Page, render},
    problem::Problem,
    versus::Versus,
};
use http::StatusCode;

/// Transactions in each list beside the map.
const NEWEST: usize = 8;

const STATISTICS: [Statistic; 5] = [
    Statistic::Operations,
    Statistic::Statements,
    Statistic::Externals,
    Statistic::Instances,
    Statistic::Errors,
];

pub(crate) async fn show(
    State(app): State<App>,
    Path(service): Path<String>,
    page: Page,
) -> Response {
    let (mut page, range, summary) = match of_service(&app, page, service).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let selection = selection(&page, page.service.as_deref());
    let versus = match charts::versus(&page, range) {
        Ok(versus) => versus,
        Err(problem) => return failure::page(page, &problem),
    };
    let live = page.range.as_ref().is_some_and(|range| range.live);
    let asked = (range, live, versus);
    match ask(&app, &selection, asked, summary).await {
        Ok((answers, lost)) => {
            page.lost = app.web.query.lost_transactions(&selection.scope, range);
            page.lost.extend(lost);
            render(StatusCode::OK, &ServicePage::new(page, &answers))
        }
        Err(error) => failure::page(page, &Problem::from(error)),
    }
}

/// Runs the queries of the page in two chains. The store runs two queries at once; more
/// would only wait and hold up other readers.
async fn ask(
    app: &App,
    selection: &Selection,
    (range, live, versus): (TimeRange, bool, Versus),
    summary: ServiceSummary,
) -> Result<(ServiceAnswers, Vec<Lost>), QueryError> {
    let query = &app.web.query;
    let maps = async {
        let map = query.hitmap(selection, range).await?;
        let marks = marks(app, selection, &map).await?;
        let counted = Counted::Transactions;
        let charts = charts::ask(app, &counted, selection, range, versus).await?;
        let facets = query.facets(&unfiltered(selection), range).await?;
        let errors = newest(query, selection, range, OutcomeFilter::Error).await?;
        let slow = newest(query, selection, range, OutcomeFilter::Slow).await?;
        Ok::<_, QueryError>((map, marks, charts, facets, errors, slow))
    };
    let tables = async {
        let (mut tables, mut lost) = (Vec::with_capacity(STATISTICS.len()), Vec::new());
        for statistic in STATISTICS {
            let rows = query.statistics(statistic, selection, range).await?;
            tables.push((statistic, rows.items));
            lost.extend(rows.lost);
        }
        let in_flight = query.in_flight(selection, range).await?;
        let running = match live {
            true => Some(query.running(selection).await?),
            false => None,
        };
        Ok::<_, QueryError>((tables, in_flight, running, lost))
    };
    let ((map, marks, charts, facets, errors, slow), (statistics, in_flight, running, mut lost)) =
        tokio::try_join!(maps, tables)?;
    lost.extend_from_slice(&map.lost);
    let answers = ServiceAnswers {
        summary,
        map,
        marks,
        charts,
        in_flight,
        running,
        facets,
        statistics,
        errors,
        slow,
    };
    Ok((answers, lost))
}

async fn newest(
    query: &Query,
    selection: &Selection,
    range: TimeRange,
    outcome: OutcomeFilter,
) -> Result<Vec<hinomi_query::answer::TransactionItem>, QueryError> {
    let selection = Selection {
        outcome: Some(outcome),
        ..selection.clone()
    };
    let all = DurationRange::default();
    Ok(query
        .transactions(&selection, range, all, None, None, NEWEST)
        .await?
        .items)
}
