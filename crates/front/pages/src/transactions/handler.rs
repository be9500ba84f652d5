//! `GET /transactions` and `GET /services/{service}/transactions`: the list of transactions.

use super::view::{PAGE_ROWS, TransactionsPage, follows};
use crate::{
    failure,
    parts::filter_bar::{FilterBar, wrong},
    question::{
        environments, known_services, names, of_service as known, ranged, selection, unfiltered,
    },
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use hinomi_analysis::ServiceSummary;
use hinomi_model::{DurationRange, OutcomeFilter, Selection, TimeRange};
use hinomi_query::{
    answer::TransactionPage,
    terms::{self, Pieces},
};
use hinomi_webkit::{
    App, cursor,
    page::{Page, Section, render},
    problem::Problem,
    time_param, url,
};
use http::StatusCode;

pub(crate) async fn of_all(State(app): State<App>, page: Page) -> Response {
    if let Some(address) = written_out(&page) {
        return Redirect::to(&address).into_response();
    }
    match ranged(page.in_section(Section::Transactions)) {
        Ok((mut page, range)) => {
            // When the store cannot answer, the page can still be shown.
            let services = known_services(&app, &page).await.unwrap_or_default();
            page.services = names(&services);
            page.environments = environments(&services);
            show(&app, page, range, None).await
        }
        Err(refused) => refused,
    }
}

pub(crate) async fn of_service(
    State(app): State<App>,
    Path(service): Path<String>,
    page: Page,
) -> Response {
    if let Some(address) = written_out(&page) {
        return Redirect::to(&address).into_response();
    }
    match known(&app, page, service).await {
        Ok((page, range, summary)) => {
            let page = page.in_section(Section::Transactions);
            show(&app, page, range, Some(&summary)).await
        }
        Err(refused) => refused,
    }
}

/// The URL that the form of the list means, when it differs from the present one: a service has its
/// own list, and an attribute becomes a term of the search.
fn written_out(page: &Page) -> Option<String> {
    let (service, key) = (page.param("service"), page.param("attribute"));
    if (service.is_none() && key.is_none()) || !wrong(page).is_empty() {
        return None;
    }
    let question = page.param("q").unwrap_or_default();
    let question = match key {
        Some(key) => {
            let mut pieces = Pieces::of(question).ok()?;
            let term = terms::term(key, page.param("value").unwrap_or_default());
            if !pieces.terms.contains(&term) {
                pieces.terms.push(term);
            }
            pieces.question()
        }
        None => question.to_owned(),
    };
    let path = service.map_or_else(
        || page.path.clone(),
        |service| format!("{}/transactions", url::service(service)),
    );
    let left = ["service", "attribute", "value", "q", "cursor", "n"];
    let kept = page.query.iter();
    let kept = kept.filter(|(name, _)| !left.contains(&name.as_str()));
    let pairs = kept.map(|(name, value)| (name.as_str(), value.as_str()));
    Some(url::with_query(
        &path,
        pairs.chain([("q", question.as_str())]),
    ))
}

async fn show(
    app: &App,
    mut page: Page,
    range: TimeRange,
    summary: Option<&ServiceSummary>,
) -> Response {
    page.follows = follows(&page);
    let query = &app.web.query;
    let promoted = query.promoted_attributes(&page.scope());
    let promoted = promoted
        .into_iter()
        .map(|(key, _)| key.to_string())
        .collect();
    let of_facets = unfiltered(&selection(&page, page.service.as_deref()));
    let facets = match query.facets(&of_facets, range).await {
        Ok(facets) => facets,
        Err(error) => return failure::page(page, &Problem::from(error)),
    };
    let bar = FilterBar::new(&page, &facets, promoted);
    if !bar.wrong.is_empty() {
        let nothing = TransactionPage::default();
        let view = TransactionsPage::new(page, summary, bar, &nothing);
        return render(StatusCode::BAD_REQUEST, &view);
    }
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
    let text = page.param("q");
    match query
        .transactions(&selection, range, durations, text, after, PAGE_ROWS)
        .await
    {
        Ok(list) => {
            page.lost.clone_from(&list.lost);
            render(
                StatusCode::OK,
                &TransactionsPage::new(page, summary, bar, &list),
            )
        }
        Err(error) => failure::page(page, &Problem::from(error)),
    }
}

/// The selection and durations of the list's filters.
pub(crate) fn filters(
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

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_webkit::i18n::Language;

    fn meant(path: &str, query: &[(&str, &str)]) -> Option<String> {
        let mut page = crate::sample::page(Language::English);
        page.path = path.into();
        let pairs = query.iter();
        page.query = pairs
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        written_out(&page)
    }

    #[test]
    fn what_the_form_says_becomes_an_address_to_keep() {
        let address = meant(
            "/transactions",
            &[
                ("environment", "prod"),
                ("q", "pod"),
                ("service", "a/b"),
                ("attribute", "user.name"),
                ("value", "A B"),
                ("n", "50"),
            ],
        );
        let expected =
            "/services/a%2Fb/transactions?environment=prod&q=user.name%3D%22A%20B%22%20pod";
        assert_eq!(address.as_deref(), Some(expected));
        let again = meant(
            "/transactions",
            &[("q", "a=1"), ("attribute", "a"), ("value", "1")],
        );
        assert_eq!(again.as_deref(), Some("/transactions?q=a%3D1"));
    }

    #[test]
    fn an_address_that_is_written_out_or_wrong_stays() {
        assert_eq!(
            meant("/transactions", &[("q", "a=1"), ("min_ms", "5")]),
            None
        );
        assert_eq!(
            meant("/transactions", &[("service", "a"), ("min_ms", "x")]),
            None
        );
    }
}
