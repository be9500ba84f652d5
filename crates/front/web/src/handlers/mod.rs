//! One file a page. A handler queries the data, passes the answers to the view and renders it.

pub(crate) mod add;
pub(crate) mod board;
mod charts;
pub(crate) mod csv;
pub(crate) mod deployments;
pub(crate) mod failure;
pub(crate) mod hitmap;
pub(crate) mod map;
pub(crate) mod partners;
pub(crate) mod probe;
pub(crate) mod row;
pub(crate) mod search;
pub(crate) mod service;
pub(crate) mod statistics;
pub(crate) mod trace;
pub(crate) mod trace_compare;
pub(crate) mod transactions;
pub(crate) mod wall;

use crate::view::hitmap_panel::Marks;
use axum::response::Response;
use hinomi_api::embedded::PatternWire;
use hinomi_model::{Scope, Selection, Text, TimeRange, rollup::ServiceKey};
use hinomi_query::{QueryError, answer::Hitmap};
use hinomi_webkit::{App, page::Page, page_range::PageRange, problem::Problem};

/// The page with range and environment of its URL. When these are invalid: the page that says what
/// is wrong.
#[expect(
    clippy::result_large_err,
    reason = "a response is what a handler returns, once"
)]
fn ranged(mut page: Page) -> Result<(Page, TimeRange), Response> {
    let range = PageRange::parse(page.param("from"), page.param("to"), page.now, &page.zone);
    match range {
        Ok(range) => {
            let covered = range.range;
            page.range = Some(range);
            page.environment = page.param("env").unwrap_or_default().to_owned();
            Ok((page, covered))
        }
        Err(name) => {
            let value = page.param(name).unwrap_or_default().to_owned();
            let problem = Problem::parameter(name, format!("{name}={value}"));
            Err(failure::page(page, &problem))
        }
    }
}

/// The environments of these services, each once.
fn environments<'a>(services: impl IntoIterator<Item = &'a ServiceKey>) -> Vec<String> {
    let mut names: Vec<String> = services
        .into_iter()
        .map(|service| service.environment.to_string())
        .filter(|name| !name.is_empty())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The names of these services, each once.
fn names<'a>(services: impl IntoIterator<Item = &'a ServiceKey>) -> Vec<String> {
    let mut names: Vec<String> = services
        .into_iter()
        .map(|service| service.service.to_string())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Every service that ever sent anything.
async fn known_services(app: &App) -> Result<Vec<ServiceKey>, QueryError> {
    let known = app.web.query.known_services(&Scope::default()).await?;
    Ok(known.into_iter().map(|(key, _)| key).collect())
}

/// The marks drawn over a map: its patterns and the deployments in its range. The map of all
/// services shows no deployments, because there would be too many to read.
async fn marks(app: &App, selection: &Selection, map: &Hitmap) -> Result<Marks, QueryError> {
    let query = &app.web.query;
    let deployments = match selection.service.as_deref() {
        Some(service) => query.deployments(&selection.scope, Some(service), map.range),
        None => Vec::new(),
    };
    let patterns = app.web.analysis.patterns(selection, map).await?;
    Ok(Marks {
        patterns: PatternWire::all(&patterns),
        deployments,
    })
}

/// The selection of a page's filters, without the outcome: that filter is applied where the data is
/// drawn.
fn selection(page: &Page, service: Option<&str>) -> Selection {
    let text = |name: &str| page.param(name).map(Text::from);
    Selection {
        scope: Scope {
            environment: text("env"),
            ..Scope::default()
        },
        service: service.map(Text::from),
        operation: text("operation"),
        instance: text("instance"),
        version: text("version"),
        outcome: None,
    }
}
