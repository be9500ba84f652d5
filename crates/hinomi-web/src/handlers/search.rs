//! `GET /search?q=`: a trace id goes to its trace, a service's name to the service, anything else to
//! the transactions that have it somewhere.

use crate::{App, page::Page, url};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use hinomi_model::{Scope, TimeRange, TraceId};
use std::time::Duration;

/// How far back services are looked for: names, not numbers, so the shortest range will do.
const LOOK_BACK: Duration = Duration::from_secs(60);

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
    let to = match found {
        Some(name) => url::service(name),
        None => url::with_query("/transactions", [("q", asked.as_str()), ("from", "now-1h")]),
    };
    Redirect::to(&to).into_response()
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
