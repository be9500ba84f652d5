//! `GET /traces/{trace_id}/compare/{other}`: two traces beside each other. Without `{other}`,
//! `?with=` names the other trace; without that, a typical trace of the same operation is found.

use super::view::{ComparePage, CompareWith};
use crate::{failure, trace::TraceMissing};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use hinomi_model::TraceId;
use hinomi_query::{QueryError, answer::Trace, trace::Clocks};
use hinomi_webkit::{
    App,
    page::{Page, Section, render},
    problem::Problem,
};
use http::StatusCode;

/// Finds the trace to compare with.
pub(crate) async fn choose(
    State(app): State<App>,
    Path(asked): Path<String>,
    page: Page,
) -> Response {
    let page = page.in_section(Section::Transactions);
    let (page, trace) = match wanted(&app, page, &asked).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let id = trace.trace_id;
    if let Some(with) = page.param("with") {
        return match with.trim().parse::<TraceId>() {
            Ok(other) => to(id, other),
            Err(_) => {
                let with = with.to_owned();
                let page = CompareWith::new(page, id.to_string(), &with);
                render(StatusCode::BAD_REQUEST, &page)
            }
        };
    }
    match app.web.query.typical_like(&page.scope(), &trace).await {
        Ok(Some(other)) => to(id, other),
        Ok(None) => render(StatusCode::OK, &CompareWith::new(page, id.to_string(), "")),
        Err(error) => failure::page(page, &Problem::from(error)),
    }
}

/// Shows both traces.
pub(crate) async fn show(
    State(app): State<App>,
    Path((asked, other)): Path<(String, String)>,
    page: Page,
) -> Response {
    let page = page.in_section(Section::Transactions);
    let (page, this) = match wanted(&app, page, &asked).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let (mut page, other) = match wanted(&app, page, &other).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    page.lost.clone_from(&this.lost);
    page.lost.extend_from_slice(&other.lost);
    let (query, scope) = (&app.web.query, page.scope());
    let slow = [&this, &other].map(|trace| query.slow_threshold_of_trace(&scope, trace));
    let laid_out = tokio::task::spawn_blocking(move || {
        render(StatusCode::OK, &ComparePage::new(page, &this, &other, slow))
    });
    laid_out.await.unwrap_or_else(|error| {
        tracing::error!(%error, "two traces could not be laid out");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}

fn to(this: TraceId, other: TraceId) -> Response {
    Redirect::to(&format!("/traces/{this}/compare/{other}")).into_response()
}

async fn wanted(app: &App, page: Page, asked: &str) -> Result<(Page, Trace), Response> {
    let Ok(id) = asked.parse::<TraceId>() else {
        let missing = TraceMissing::new(page, asked, false);
        return Err(render(StatusCode::BAD_REQUEST, &missing));
    };
    let found: Result<Option<Trace>, QueryError> = app
        .web
        .query
        .trace(&page.scope(), id, Clocks::Aligned)
        .await;
    match found {
        Ok(Some(trace)) => Ok((page, trace)),
        Ok(None) => {
            let missing = TraceMissing::new(page, asked, true);
            Err(render(StatusCode::NOT_FOUND, &missing))
        }
        Err(error) => Err(failure::page(page, &Problem::from(error))),
    }
}
