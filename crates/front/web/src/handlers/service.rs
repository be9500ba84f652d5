//! `GET /services/{service}`: the dashboard of one service.

use super::{charts, failure, marks, ranged, selection};
use crate::view::service::{ServiceAnswers, ServicePage};
use axum::{
    extract::{Path, State},
    response::Response,
};
use hinomi_analysis::ServiceSummary;
use hinomi_model::{DurationRange, OutcomeFilter, Scope, Selection, TimeRange};
use hinomi_query::{
    Counted, Query, QueryError,
    answer::{Lost, Statistic},
};
use hinomi_webkit::{
    App,
    page::{Page, Section, render},
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

/// The selection that filter values are read for: without filters, so that filters do not narrow
/// each other.
pub(super) fn unfiltered(selection: &Selection) -> Selection {
    Selection {
        scope: selection.scope.clone(),
        service: selection.service.clone(),
        ..Selection::default()
    }
}

/// The page of a known service, with its range and the state of the service.
pub(super) async fn of_service(
    app: &App,
    page: Page,
    service: String,
) -> Result<(Page, TimeRange, ServiceSummary), Response> {
    let (mut page, range) = ranged(page.in_section(Section::Health))?;
    // The last column of a live range ends in the future.
    let end = range.to.min(page.now);
    let analysis = &app.web.analysis;
    let asked = async {
        let everywhere = Scope::default();
        let of_name = analysis.services_at(&everywhere, &service, end);
        let of_name = of_name.await?.items;
        Ok::<_, QueryError>((of_name, super::known_services(app).await?))
    };
    let (of_name, known) = match asked.await {
        Ok(found) => found,
        Err(error) => return Err(failure::page(page, &Problem::from(error))),
    };
    let in_environment = of_name.iter().find(|summary| {
        let is = |wanted: &str, have: &str| wanted.is_empty() || wanted == have;
        is(&page.environment, &summary.environment)
            && is(
                page.param("namespace").unwrap_or_default(),
                &summary.namespace,
            )
    });
    // Sorted worst first, so the first one matters most.
    let Some(summary) = in_environment.or(of_name.first()) else {
        return Err(failure::page(
            page,
            &Problem::not_found("there is no such service"),
        ));
    };
    let summary = summary.clone();
    let environments = known.iter().filter(|key| *key.service == *service);
    page.environments = super::environments(environments);
    page.services = super::names(&known);
    page.service = Some(service);
    Ok((page, range, summary))
}
