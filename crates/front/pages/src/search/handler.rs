//! `GET /search?q=`: a trace id leads to its trace and a service name to the service. Any other
//! text is searched in the attributes of spans.

use super::view::SearchPage;
use crate::{failure, parts::filter_bar::error_key};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use hinomi_analysis::ServiceSummary;
use hinomi_model::{TimeRange, TraceId, rollup::ServiceKey};
use hinomi_query::{answer::TraceStart, terms, trace::Clocks};
use hinomi_webkit::{
    App,
    page::{Page, Section, render},
    page_range::PageRange,
    problem::Problem,
    services::ServiceEntries,
    url,
};
use http::StatusCode;
use std::time::Duration;

/// Range for the list of services. Only names are needed, so the shortest range is enough.
const LOOK_BACK: Duration = Duration::from_secs(60);
/// Start of the range when the URL names none: one day, enough to find an order of today.
const RANGE_DEFAULT: &str = "now-1d";

pub(crate) async fn go(State(app): State<App>, page: Page) -> Response {
    let asked = page.param("q").unwrap_or_default().trim().to_owned();
    if asked.is_empty() {
        return Redirect::to("/").into_response();
    }
    if let Some(id) = trace_id(&asked) {
        return Redirect::to(&format!("/traces/{id}")).into_response();
    }
    let (query, scope) = (&app.web.query, page.scope());
    for id in padded(&asked) {
        let trace = query.trace_page(&scope, id, Clocks::AsSent, TraceStart::First, 1);
        if let Ok(Some(_)) = trace.await {
            return Redirect::to(&format!("/traces/{id}")).into_response();
        }
    }
    let range = TimeRange::new(page.now.minus(LOOK_BACK), page.now);
    // When the store cannot answer, the page can still be shown.
    let services = app
        .web
        .analysis
        .services(&page.scope(), range)
        .await
        .map(|services| services.items)
        .unwrap_or_default();
    let name = unquoted(&asked);
    let lower = name.to_lowercase();
    let having = |is: &dyn Fn(&str) -> bool| -> Vec<ServiceKey> {
        let found = services.iter().filter(|summary| is(&summary.service));
        found.map(ServiceSummary::key).collect()
    };
    let mut exact = having(&|have| have == name);
    if exact.is_empty() {
        exact = having(&|have| have.to_lowercase() == lower);
    }
    let matching = having(&|have| !lower.is_empty() && have.to_lowercase().contains(&lower));
    // Services that share the name are shown for choice.
    let meant = match (&*exact, &*matching) {
        ([only], _) | ([], [only]) => Some(only),
        _ => None,
    };
    // A person who chose to search spans is not redirected to a service of that name.
    match meant.filter(|_| page.param("spans").is_none()) {
        Some(key) => Redirect::to(&url::service(&key.service)).into_response(),
        None => show(page, asked, ServiceEntries::of(matching)),
    }
}

/// Fewest digits of a short trace id. An id drawn at random has fewer in one of 2³² cases.
const SHORT_ID: usize = 8;

/// The trace ids that a short id can mean. Tracers with ids of 64 bits (Zipkin, Jaeger, Datadog)
/// log 16 hexadecimal digits, some of them without leading zeros, some in decimal; collectors pad
/// the ids with zeros. Other things look alike, so only a trace that exists is meant.
fn padded(text: &str) -> Vec<TraceId> {
    let text = match unquoted(text).split_once([':', '=']) {
        Some((key, value)) if is_trace_key(key) => unquoted(value),
        Some(_) => return Vec::new(),
        None => unquoted(text),
    };
    if text.len() < SHORT_ID || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Vec::new();
    }
    let hexadecimal = (text.len() <= 16).then(|| text.to_owned());
    let decimal = text.parse::<u64>().ok().map(|id| format!("{id:x}"));
    let ids = [hexadecimal, decimal].into_iter().flatten();
    ids.filter_map(|id| format!("{id:0>32}").parse().ok())
        .collect()
}

/// The page that runs the search.
fn show(page: Page, asked: String, services: ServiceEntries) -> Response {
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
    page.environment = page.param("environment").unwrap_or_default().to_owned();
    page.follows = false;
    page.searched = asked;
    match terms::parse(&page.searched) {
        Ok(_) => render(StatusCode::OK, &SearchPage::new(page, &services, None)),
        Err(error) => {
            let problem = page.t(error_key(&error));
            render(
                StatusCode::BAD_REQUEST,
                &SearchPage::new(page, &services, Some(problem)),
            )
        }
    }
}

/// A trace id, as people copy it from logs, headers, URLs and other tools: alone, quoted, with its
/// key, as a UUID, in a `traceparent` or in the URL of a trace.
fn trace_id(text: &str) -> Option<TraceId> {
    let text = unquoted(text);
    let text = match text.split_once([':', '=']) {
        Some((key, value)) if is_trace_key(key) => unquoted(value),
        _ => text,
    };
    let text = match text.split_once("/traces/") {
        Some((_, behind)) => behind.split(['?', '/', '#']).next().unwrap_or_default(),
        None => text,
    };
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [id] => id.parse().ok(),
        [version, id, _, _] if version.len() == 2 => id.parse().ok(),
        [_, _, _, _, _] if text.len() == 36 => parts.concat().parse().ok(),
        _ => None,
    }
}

fn is_trace_key(key: &str) -> bool {
    let key = unquoted(key).to_ascii_lowercase();
    let key: String = key
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .collect();
    matches!(key.as_str(), "traceparent" | "traceid")
}

/// Removes quotation marks and separators around a text.
fn unquoted(text: &str) -> &str {
    let around = ['"', '\'', '`', '“', '”', '‘', '’', '「', '」', ',', ';'];
    text.trim_matches(|letter: char| letter.is_whitespace() || around.contains(&letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_id_is_found_however_it_was_copied() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        for text in [
            id.to_owned(),
            format!(" {id}\t"),
            format!("\"{id}\","),
            format!("“{id}”"),
            id.to_uppercase(),
            format!("00-{id}-00f067aa0ba902b7-01"),
            format!("traceparent: 00-{id}-00f067aa0ba902b7-01"),
            format!("Traceparent=\"00-{id}-00f067aa0ba902b7-01\""),
            format!("trace_id={id}"),
            format!("\"traceId\": \"{id}\","),
            "4bf92f35-77b3-4da6-a3ce-929d0e0e4736".to_owned(),
            format!("https://hinomi.example/traces/{id}?span=00f067aa0ba902b7"),
        ] {
            assert_eq!(
                trace_id(&text).map(|id| id.to_string()).as_deref(),
                Some(id),
                "{text}"
            );
        }
        let zeros = "0".repeat(16);
        let shown = |text: &str| {
            padded(text)
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        for text in [
            "a3ce929d0e0e4736",
            " A3CE929D0E0E4736,",
            "trace_id=a3ce929d0e0e4736",
        ] {
            assert_eq!(shown(text), [format!("{zeros}a3ce929d0e0e4736")], "{text}");
        }
        assert_eq!(shown("929d0e0e4736"), [format!("{zeros}0000929d0e0e4736")]);
        // The same number, in decimal.
        assert_eq!(
            shown("11803532876627986230"),
            [format!("{zeros}a3ce929d0e0e4736")]
        );
        for text in [
            "abc",
            "order.id=a3ce929d0e0e4736",
            "checkout-api",
            "99999999999999999999",
        ] {
            assert!(padded(text).is_empty(), "{text}");
        }
        for text in [
            "checkout",
            "web-bff",
            "a-b-c-d",
            "order.id=12345",
            "00-12-34-01",
            "'",
        ] {
            assert_eq!(trace_id(text), None, "{text}");
        }
    }
}
