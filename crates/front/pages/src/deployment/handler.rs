//! `GET /services/{service}/deployments/{id}`, and below it the verdict alone.

use super::view::{DeploymentAnswers, DeploymentPage, DeploymentVerdict};
use crate::{failure, question::of_service as known};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use hinomi_analysis::ServiceSummary;
use hinomi_model::{Scope, Selection, Text, TimeRange};
use hinomi_query::{
    QueryError,
    answer::{Comparison, Deployment},
};
use hinomi_webkit::{
    App,
    page::{Page, Section, render},
    page_range::PageRange,
    problem::Problem,
};
use http::StatusCode;
use std::time::Duration;

/// Time on each side of a deployment that its hitmaps show; twice as much when the compared time
/// since the deployment is longer than this.
const SIDE: Duration = Duration::from_secs(15 * 60);

pub(crate) async fn show(
    State(app): State<App>,
    Path((service, id)): Path<(String, String)>,
    page: Page,
) -> Response {
    let (mut page, _, summary) = match known(&app, page, service.clone()).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    page.section = Section::Deployments;
    let query = &app.web.query;
    let Some(found) = query.deployment(&scope(&page), &service, &id) else {
        let problem = Problem::not_found("there is no such deployment");
        return failure::page(page, &problem);
    };
    match ask(&app, &page.scope(), &found, summary).await {
        Ok(answers) => {
            page.lost.clone_from(&answers.judged.comparison.lost);
            // The page has a fixed range; its links keep the range of the request.
            page.range = None::<PageRange>;
            render(StatusCode::OK, &DeploymentPage::new(page, &answers))
        }
        Err(error) => failure::page(page, &Problem::from(error)),
    }
}

/// The verdict in a row of the list. The page loads it when the row becomes visible.
pub(crate) async fn verdict(
    State(app): State<App>,
    Path((service, id)): Path<(String, String)>,
    page: Page,
) -> Response {
    let query = &app.web.query;
    let Some(found) = query.deployment(&scope(&page), &service, &id) else {
        return Problem::not_found("there is no such deployment").into_response();
    };
    match app.web.analysis.judged(&page.scope(), &found).await {
        Ok(judged) => render(StatusCode::OK, &DeploymentVerdict::new(page, &judged)),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Environment and namespace of a deployment, from the URL.
fn scope(page: &Page) -> Scope {
    Scope {
        environment: page.param("environment").map(Text::from),
        namespace: page.param("namespace").map(Text::from),
        ..page.scope()
    }
}

async fn ask(
    app: &App,
    scope: &Scope,
    deployment: &Deployment,
    summary: ServiceSummary,
) -> Result<DeploymentAnswers, QueryError> {
    let query = &app.web.query;
    let judged = app.web.analysis.judged(scope, deployment).await?;
    let of = |version: Option<Text>| Selection {
        service: Some(deployment.service.clone()),
        version,
        ..Selection::of(Scope {
            environment: Some(deployment.environment.clone()),
            namespace: Some(deployment.namespace.clone()),
            ..scope.clone()
        })
    };
    let new = (!deployment.is_by_time()).then(|| deployment.version.clone());
    let (before, since) = sides(&judged.comparison);
    let old = query.hitmap(&of(None), before).await?;
    let new = query.hitmap(&of(new), since).await?;
    Ok(DeploymentAnswers {
        summary,
        judged,
        maps: (old, new),
    })
}

/// The ranges of the two hitmaps: equally long before and since the deployment.
fn sides(comparison: &Comparison) -> (TimeRange, TimeRange) {
    let at = comparison.since.from;
    let length = if comparison.since.length() > SIDE {
        SIDE * 2
    } else {
        SIDE
    };
    (
        TimeRange::new(at.minus(length), at),
        TimeRange::new(at, at.plus(length)),
    )
}
