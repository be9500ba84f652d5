//! Every route of this server, and what every request passes.

use crate::{asker, handlers, readable};
use axum::{Extension, Router, middleware};
use hinomi_webkit::{
    App, WebState, assets,
    i18n::Catalogues,
    route::{Route, router_of},
    security,
};
use std::sync::Arc;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{DefaultPredicate, NotForContentType},
    },
};

/// Everything but the API: pages, downloads, assets and probes.
fn pages() -> Vec<Route> {
    vec![
        Route::get("/", handlers::board::show),
        Route::get("/add", handlers::add::show),
        Route::get("/services/{service}", handlers::service::show),
        Route::get("/services/{service}/hitmap", handlers::hitmap::of_service),
        Route::get(
            "/services/{service}/transactions",
            handlers::transactions::of_service,
        ),
        Route::get(
            "/services/{service}/deployments",
            handlers::deployments::of_service,
        ),
        Route::get(
            "/services/{service}/deployments/{id}",
            handlers::deployments::show,
        ),
        Route::get(
            "/services/{service}/deployments/{id}/verdict",
            handlers::deployments::verdict,
        ),
        Route::get("/deployments", handlers::deployments::of_all),
        Route::get(
            "/services/{service}/statistics/{kind}",
            handlers::statistics::of_service,
        ),
        Route::get("/services/{service}/operation", handlers::row::operation),
        Route::get("/services/{service}/instance", handlers::row::instance),
        Route::get("/services/{service}/statement", handlers::row::statement),
        Route::get("/map", handlers::map::show),
        Route::get("/partners", handlers::partners::of_all),
        Route::get("/partners/{host}", handlers::partners::of_one),
        Route::get("/csv/partners", handlers::csv::partners),
        Route::get("/statistics/{kind}", handlers::statistics::of_all),
        Route::get("/hitmap", handlers::hitmap::of_all),
        Route::get("/transactions", handlers::transactions::of_all),
        Route::get("/traces/{trace_id}", handlers::trace::show),
        Route::get(
            "/traces/{trace_id}/compare",
            handlers::trace_compare::choose,
        ),
        Route::get(
            "/traces/{trace_id}/compare/{other}",
            handlers::trace_compare::show,
        ),
        Route::get("/wall", handlers::wall::choose),
        Route::get("/wall/play", handlers::wall::play),
        Route::get("/search", handlers::search::go),
        Route::get("/csv/transactions", handlers::csv::transactions),
        Route::get("/csv/statistics/{kind}", handlers::csv::statistics),
        Route::get("/static/{hash}/{*path}", assets::serve),
        Route::get("/favicon.ico", handlers::probe::icon),
        Route::get("/healthz", handlers::probe::health),
        Route::get("/readyz", handlers::probe::ready),
        Route::get("/metrics", handlers::probe::metrics),
    ]
}

/// The router for the pages and the API.
pub fn router(state: WebState) -> Router {
    let app = App {
        web: state,
        assets: assets::Assets::new(),
        catalogues: Arc::new(Catalogues::load()),
    };
    // Event streams are not compressed: a compressor would hold events back until its buffer is
    // full.
    let compressible = DefaultPredicate::new().and(NotForContentType::SSE);
    router_of(pages())
        .layer(Extension(handlers::map::Places::default()))
        .nest(hinomi_api::BASE, hinomi_api::router())
        .fallback(handlers::failure::not_found)
        .layer(middleware::from_fn(asker::ask))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            readable::check_path,
        ))
        .layer(
            CompressionLayer::new()
                .gzip(true)
                .compress_when(compressible),
        )
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(
            app.clone(),
            security::check_host,
        ))
        .layer(middleware::from_fn(security::set_headers))
        .with_state(app)
}
