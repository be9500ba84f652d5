//! The pages, one folder each: handler, view, download, template, styles, scripts and texts of a page
//! stand beside each other.
//!
//! Handlers ask `hinomi-query` for numbers and `hinomi-analysis` for their meaning, views turn the
//! answers into text, templates print the text. Promises: every view can be shared by its URL, and
//! a page loads nothing from other hosts.
//!
//! Has no SQL and no Parquet, and does not interpret spans; lower crates do that.

mod add;
mod board;
mod demo;
mod deployment;
mod deployments;
pub mod failure;
mod hitmap;
mod map;
mod partners;
mod parts;
mod question;
mod row;
#[cfg(test)]
mod sample;
mod search;
mod service;
mod statistics;
#[cfg(test)]
mod tests;
mod trace;
mod transactions;
mod wall;

use axum::{Extension, Router};
use hinomi_webkit::{
    App,
    embedded::Embedded,
    route::{self, Route, router_of},
};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "src"]
#[include = "*.css"]
#[include = "*.js"]
struct Assets;

#[derive(RustEmbed)]
#[folder = "src"]
#[include = "*.ftl"]
struct Texts;

/// Styles and scripts of the pages.
pub fn assets() -> Embedded {
    Embedded::of::<Assets>()
}

/// Catalogues of the pages.
pub fn texts() -> Embedded {
    Embedded::of::<Texts>()
}

/// Every page and every download.
fn routes() -> Vec<Route> {
    vec![
        Route::get("/", board::handler::show),
        Route::get("/add", add::handler::show),
        Route::get("/demo/history", demo::history),
        Route::get("/services/{service}", service::handler::show),
        Route::get("/services/{service}/hitmap", hitmap::handler::of_service),
        Route::get(
            "/services/{service}/transactions",
            transactions::handler::of_service,
        ),
        Route::get(
            "/services/{service}/deployments",
            deployments::handler::of_service,
        ),
        Route::get(
            "/services/{service}/deployments/{id}",
            deployment::handler::show,
        ),
        Route::get(
            "/services/{service}/deployments/{id}/verdict",
            deployment::handler::verdict,
        ),
        Route::get("/deployments", deployments::handler::of_all),
        Route::get(
            "/services/{service}/statistics/{kind}",
            statistics::handler::of_service,
        ),
        Route::get("/services/{service}/operation", row::handler::operation),
        Route::get("/services/{service}/instance", row::handler::instance),
        Route::get("/services/{service}/statement", row::handler::statement),
        Route::get("/map", map::handler::show),
        Route::get("/partners", partners::handler::of_all),
        Route::get("/partners/{host}", partners::handler::of_one),
        Route::get("/csv/partners", partners::csv::file),
        Route::get("/statistics/{kind}", statistics::handler::of_all),
        Route::get("/hitmap", hitmap::handler::of_all),
        Route::get("/transactions", transactions::handler::of_all),
        Route::get("/traces/{trace_id}", trace::handler::show),
        Route::get(
            "/traces/{trace_id}/compare",
            trace::compare::handler::choose,
        ),
        Route::get(
            "/traces/{trace_id}/compare/{other}",
            trace::compare::handler::show,
        ),
        Route::get("/wall", wall::handler::choose),
        Route::get("/wall/play", wall::handler::play),
        Route::get("/search", search::handler::go),
        Route::get("/csv/transactions", transactions::csv::file),
        Route::get("/csv/statistics/{kind}", statistics::csv::file),
    ]
}

/// Every method and path, such as `GET /map`, for tests that must not miss one.
pub fn every() -> Vec<String> {
    route::named(routes(), "")
}

/// The router of the pages.
pub fn router() -> Router<App> {
    router_of(routes()).layer(Extension(map::handler::Places::default()))
}
