//! What the charts of a page ask: a series, and beside it another time or what is usual.

use crate::{
    page::Page,
    problem::Problem,
    versus::{Other, Versus},
    view::charts::{Beside, ChartAnswers},
};
use hinomi_model::{Selection, TimeRange};
use hinomi_query::{Counted, Query, QueryError};
use std::time::Duration;

/// A page waits so long for what is usual: it rests on many days, and the rest of the page is there.
/// What it has read by then is not read again when the page's script asks for the rest.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the charts of a page are compared with; the problem when its address makes no sense.
pub(super) fn versus(page: &Page, range: TimeRange) -> Result<Versus, Problem> {
    Versus::of_charts(page, range).map_err(|name| {
        let value = page.param(name).unwrap_or_default();
        Problem::parameter(name, format!("{name}={value}"))
    })
}

/// The series of a selection, beside what `versus` says.
pub(super) async fn ask(
    query: &Query,
    counted: &Counted,
    selection: &Selection,
    range: TimeRange,
    versus: Versus,
) -> Result<ChartAnswers, QueryError> {
    let timeline = query.timeline(counted, selection, range).await?;
    let beside = match versus.range {
        Some(other) => Beside::Time(query.timeline(counted, selection, other).await?),
        None if versus.other == Other::Usual => {
            let typical = query.typical(counted, selection, range);
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
