//! The JSON API: wire structs, their conversions from answers, and their URLs.
//!
//! No other module knows these shapes.

mod body;
mod deployments;
mod differences;
mod events;
mod facets;
pub(crate) mod hitmap;
pub(crate) mod in_flight;
mod live;
mod map;
mod openapi;
pub(crate) mod params;
pub(crate) mod partners;
pub(crate) mod pattern;
mod promoted;
pub(crate) mod search;
pub(crate) mod series;
pub(crate) mod services;
pub(crate) mod statistics;
mod tail;
pub(crate) mod trace;
mod transactions;
pub(crate) mod wire;

use axum::Router;
use hinomi_webkit::{
    App,
    problem::Problem,
    route::{Route, router_of},
};
use http::StatusCode;

/// Every route below `/api/v1`.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/services", services::get),
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

/// The router of the API; the paths begin below `/api/v1`.
pub(crate) fn router() -> Router<App> {
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
