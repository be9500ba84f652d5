//! The JSON API: wire structs, their conversions from answers, and their URLs.
//!
//! No other module knows these shapes.

mod body;
pub(crate) mod cursor;
mod deployments;
mod differences;
mod events;
mod facets;
mod hitmap;
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

use crate::{App, problem::Problem};
use axum::{Router, routing::get};
use http::StatusCode;

/// Every route below `/api/v1`.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/services", get(services::get))
        .route("/hitmap", get(hitmap::get))
        .route("/transactions", get(transactions::get))
        .route("/transactions/live", get(tail::get))
        .route("/statistics/{kind}", get(statistics::get))
        .route("/partners", get(partners::get))
        .route("/map", get(map::get))
        .route("/series", get(series::get))
        .route("/in-flight", get(in_flight::get))
        .route("/in-flight/now", get(in_flight::now))
        .route("/facets", get(facets::get))
        .route("/differences", get(differences::get))
        .route("/live", get(live::get))
        .route(
            "/deployments",
            get(deployments::list).post(deployments::post),
        )
        .route("/deployments/{service}/{id}", get(deployments::get))
        .route("/search", get(search::get))
        .route("/search/live", get(search::live))
        .route(
            "/attributes/promoted",
            get(promoted::get)
                .put(promoted::put)
                .delete(promoted::delete),
        )
        .route("/traces/{trace_id}", get(trace::get))
        .route("/openapi.json", get(openapi::get))
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
