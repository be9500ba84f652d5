//! The JSON API: wire types, their conversions from answers, and their URLs; server-sent events; the
//! OpenAPI document.
//!
//! Promises: the document describes every route, a misspelled parameter is an error, and errors are
//! problem documents. No other crate makes these shapes; pages print those of `embedded` for their
//! scripts.
//!
//! Knows no page, no HTML and no text in a language.

mod body;
mod deployments;
mod differences;
pub mod embedded;
mod events;
mod facets;
mod hitmap;
mod in_flight;
mod live;
mod map;
mod openapi;
mod params;
mod partners;
mod pattern;
mod promoted;
mod search;
mod series;
mod services;
mod settings;
mod statistics;
mod tail;
mod trace;
mod transactions;
mod wire;

use axum::Router;
use hinomi_webkit::{
    App,
    problem::Problem,
    route::{self, Route, router_of},
};
use http::StatusCode;

/// Where the paths of the API begin.
pub const BASE: &str = "/api/v1";

/// Every route, with its path below `BASE`.
fn routes() -> Vec<Route> {
    vec![
        Route::get("/services", services::get),
        Route::get("/services/{service}/settings", settings::get).put(settings::put),
        Route::get("/hitmap", hitmap::get),
        Route::get("/transactions", transactions::get),
        Route::get("/transactions/live", tail::get),
        Route::get("/statistics/{kind}", statistics::get),
        Route::get("/partners", partners::get),
        Route::get("/map", map::get),
        Route::get("/series", series::get),
        Route::get("/in-flight", in_flight::get),
        Route::get("/in-flight/now", in_flight::now),
        Route::get("/facets", facets::get),
        Route::get("/differences", differences::get),
        Route::get("/live", live::get),
        Route::get("/deployments", deployments::list).post(deployments::post),
        Route::get("/deployments/{service}/{id}", deployments::get),
        Route::get("/search", search::get),
        Route::get("/search/live", search::live),
        Route::get("/attributes/promoted", promoted::get)
            .put(promoted::put)
            .delete(promoted::delete),
        Route::get("/traces/{trace_id}", trace::get),
        Route::get("/openapi.json", openapi::get),
    ]
}

/// Every method and path, such as `GET /api/v1/services`, for tests that must not miss one.
pub fn every() -> Vec<String> {
    route::named(routes(), BASE)
}

/// The router of the API. It is nested at `BASE`.
pub fn router() -> Router<App> {
    router_of(routes())
        .method_not_allowed_fallback(async || {
            Problem::of(
                StatusCode::METHOD_NOT_ALLOWED,
                "Method not allowed",
                "this path does not support that method; see the `Allow` header",
            )
        })
        .fallback(async || {
            Problem::not_found("there is no such path; /api/v1/openapi.json lists all paths")
        })
}
