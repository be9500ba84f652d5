//! Queries for the charts of a page: a series, and beside it another time or the usual values.

use super::view::{Beside, ChartAnswers};
use hinomi_model::{Selection, TimeRange};
use hinomi_query::{Counted, QueryError};
use hinomi_webkit::{
    App,
    page::Page,
    problem::Problem,
    versus::{Other, Versus},
};
use std::time::Duration;

/// How long a page waits for the usual values. They need data of many days, and the rest of the
/// page is ready. Values read by then are cached for the request of the page's script.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the charts of a page are compared with; a problem when the URL is invalid.
pub(crate) fn versus(page: &Page, range: TimeRange) -> Result<Versus, Problem> {
    Versus::of_charts(page, range).map_err(|name| {
        let value = page.param(name).unwrap_or_default();
        Problem::parameter(name, format!("{name}={value}"))
    })
}

/// The series of a selection, with the series or the usual values that `versus` names.
pub(crate) async fn ask(
    app: &App,
    counted: &Counted,
    selection: &Selection,
    range: TimeRange,
    versus: Versus,
) -> Result<ChartAnswers, QueryError> {
    let query = &app.web.query;
    let timeline = query.timeline(counted, selection, range).await?;
    let beside = match versus.range {
        Some(other) => Beside::Time(query.timeline(counted, selection, other).await?),
        None if versus.other == Other::Usual => {
            let typical = app.web.analysis.typical(counted, selection, range);
            match tokio::time::timeout(PATIENCE, typical).await {
                Ok(usually) => Beside::Usual(usually?),
                Err(_) => Beside::Later,
            }
        }
        None => Beside::Nothing,
    };
    Ok(ChartAnswers {
        timeline,
        versus,
        beside,
    })
}
