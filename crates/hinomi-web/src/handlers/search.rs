//! `GET /search?q=`: a trace id goes to its trace, a service's name to the service, anything else is
//! looked for among the attributes of spans.

use super::failure;
use crate::{
    App,
    page::{Page, Section, render},
    page_range::PageRange,
    problem::Problem,
    url,
    view::{filter_bar::error_key, search::SearchPage},
};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use hinomi_model::{Scope, TimeRange, TraceId};
use hinomi_query::terms;
use http::StatusCode;
use std::time::Duration;

/// How far back services are looked for: names, not numbers, so the shortest range will do.
const LOOK_BACK: Duration = Duration::from_secs(60);
/// Where a search begins when its address does not say: an order of today.
const RANGE_DEFAULT: &str = "now-1d";

pub(crate) async fn go(State(app): State<App>, page: Page) -> Response {
    let asked = page.param("q").unwrap_or_default().trim().to_owned();
    if asked.is_empty() {
        return Redirect::to("/").into_response();
    }
    if let Some(id) = trace_id(&asked) {
        return Redirect::to(&format!("/traces/{id}")).into_response();
    }
    let range = TimeRange::new(page.now.minus(LOOK_BACK), page.now);
    // A store that cannot answer still lets the list say so.
    let services = app
        .web
        .query
        .services(&Scope::default(), range)
        .await
        .map(|services| services.items)
        .unwrap_or_default();
    let names = || services.iter().map(|summary| &*summary.service);
    let lower = asked.to_lowercase();
    let found = names()
        .find(|name| **name == *asked)
        .or_else(|| names().find(|name| name.to_lowercase() == lower))
        .or_else(|| {
            let mut matching: Vec<&str> = names()
                .filter(|name| name.to_lowercase().contains(&lower))
                .collect();
            matching.dedup();
            <[&str; 1]>::try_from(matching).ok().map(|[only]| only)
        });
    match found {
        Some(name) => Redirect::to(&url::service(name)).into_response(),
        None => show(page, asked),
    }
}

/// The page that searches.
fn show(page: Page, asked: String) -> Response {
    let mut page = page.in_section(Section::Transactions);
    let from = page.param("from").unwrap_or(RANGE_DEFAULT).to_owned();
    let to = page.param("to");
    let range = PageRange::parse(Some(&from), to, page.now, &page.zone);
    let range = match range {
        Ok(range) => range,
        Err(name) => {
            let value = page.param(name).unwrap_or_default().to_owned();
            let problem = Problem::parameter(name, format!("{name}={value}"));
            return failure::page(page, &problem);
        }
    };
    page.range = Some(range);
    page.environment = page.param("env").unwrap_or_default().to_owned();
    page.follows = false;
    page.searched = asked;
    match terms::parse(&page.searched) {
        Ok(_) => render(StatusCode::OK, &SearchPage::new(page, None)),
        Err(error) => {
            let problem = page.t(error_key(&error));
            render(
                StatusCode::BAD_REQUEST,
                &SearchPage::new(page, Some(problem)),
            )
        }
    }
}

/// A trace id, alone or as part of a `traceparent`.
fn trace_id(text: &str) -> Option<TraceId> {
    let mut parts = text.split('-');
    let id = match (parts.next(), parts.next()) {
        (Some(id), None) => id,
        (Some("00"), Some(id)) => id,
        _ => return None,
    };
    id.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_id_is_found_alone_and_in_a_traceparent() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let parent = format!("00-{id}-00f067aa0ba902b7-01");
        assert_eq!(trace_id(id).unwrap().to_string(), id);
        assert_eq!(trace_id(&parent).unwrap().to_string(), id);
        assert_eq!(trace_id("checkout"), None);
        assert_eq!(trace_id("web-bff"), None);
    }
}
