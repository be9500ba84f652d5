//! `GET /csv/statistics/{kind}`: the whole table as a file.

use super::view;
use crate::{
    failure,
    parts::download::{download, missing},
    question::{ranged, selection, versus},
};
use axum::{
    body::Body,
    extract::{Path, State},
    response::Response,
};
use hinomi_query::StatisticQuestion;
use hinomi_webkit::{App, page::Page, problem::Problem, statistic::statistic_of, versus::Other};

/// `GET /csv/statistics/{kind}`: the whole table.
pub(crate) async fn file(State(app): State<App>, Path(kind): Path<String>, page: Page) -> Response {
    let Some(statistic) = statistic_of(&kind) else {
        return failure::page(page, &Problem::not_found("there is no such statistic"));
    };
    let (page, range) = match ranged(page) {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let versus = match versus(&page, range, Other::Nothing) {
        Ok(versus) => versus,
        Err(problem) => return failure::page(page, &problem),
    };
    let selection = selection(&page, page.param("service"));
    let asked = StatisticQuestion {
        statistic,
        range,
        against: versus.range,
        apart: selection.service.is_none(),
    };
    match app.web.query.compared(asked, &selection).await {
        Ok(compared) => {
            let mut text = view::file(&page, statistic, &compared);
            text.push_str(&missing(&page, &compared.lost));
            download(&kind, &compared.lost, Body::from(text))
        }
        Err(error) => failure::page(page, &Problem::from(error)),
    }
}
