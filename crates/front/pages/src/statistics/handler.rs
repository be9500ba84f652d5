//! `GET /statistics/{kind}` and `GET /services/{service}/statistics/{kind}`: tables over any range,
//! compared with another time.

use super::view::StatisticsPage;
use crate::{
    failure,
    question::{environments, known_services, of_service as known, ranged, selection, versus},
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use hinomi_analysis::ServiceSummary;
use hinomi_model::TimeRange;
use hinomi_query::StatisticQuestion;
use hinomi_webkit::{
    App,
    page::{Page, Section, render},
    problem::Problem,
    statistic::KINDS,
    versus::Other,
};
use http::StatusCode;

pub(crate) async fn of_all(
    State(app): State<App>,
    Path(kind): Path<String>,
    page: Page,
) -> Response {
    let (mut page, range) = match ranged(page.in_section(Section::Statistics)) {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    match known_services(&app, &page).await {
        Ok(services) => page.environments = environments(&services),
        Err(error) => return failure::page(page, &Problem::from(error)),
    }
    show(&app, page, range, &kind, None).await
}

pub(crate) async fn of_service(
    State(app): State<App>,
    Path((service, kind)): Path<(String, String)>,
    page: Page,
) -> Response {
    match known(&app, page, service).await {
        Ok((page, range, summary)) => {
            let page = page.in_section(Section::Statistics);
            show(&app, page, range, &kind, Some(&summary)).await
        }
        Err(refused) => refused,
    }
}

async fn show(
    app: &App,
    mut page: Page,
    range: TimeRange,
    kind: &str,
    summary: Option<&ServiceSummary>,
) -> Response {
    page.follows = false;
    let Some((word, statistic)) = KINDS.into_iter().find(|(word, _)| *word == kind) else {
        return failure::page(page, &Problem::not_found("there is no such statistic"));
    };
    let versus = match versus(&page, range, Other::Yesterday) {
        Ok(versus) => versus,
        Err(problem) => return failure::page(page, &problem),
    };
    let asked = StatisticQuestion {
        statistic,
        range,
        against: versus.range,
        apart: summary.is_none(),
    };
    let selection = selection(&page, page.service.as_deref());
    match app.web.query.compared(asked, &selection).await {
        Ok(compared) => {
            page.lost.clone_from(&compared.lost);
            let view = StatisticsPage::new(page, summary, word, &versus, &compared);
            render(StatusCode::OK, &view)
        }
        Err(error) => failure::page(page, &Problem::from(error)),
    }
}
