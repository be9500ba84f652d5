//! Every route of this server.

use crate::{App, WebState, api, asker, assets, handlers, i18n::Catalogues, readable, security};
use axum::{Router, middleware, routing::get};
use std::sync::Arc;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{DefaultPredicate, NotForContentType},
    },
};

/// The router for the pages and the API.
pub fn router(state: WebState) -> Router {
    let app = App {
        web: state,
        assets: assets::Assets::new(),
        catalogues: Arc::new(Catalogues::load()),
        places: Arc::default(),
    };
    // Event streams are not compressed: a compressor would hold events back until its buffer is
    // full.
    let compressible = DefaultPredicate::new().and(NotForContentType::SSE);
    Router::new()
        .route("/", get(handlers::board::show))
        .route("/add", get(handlers::add::show))
        .route("/services/{service}", get(handlers::service::show))
        .route(
            "/services/{service}/hitmap",
            get(handlers::hitmap::of_service),
        )
        .route(
            "/services/{service}/transactions",
            get(handlers::transactions::of_service),
        )
        .route(
            "/services/{service}/deployments",
            get(handlers::deployments::of_service),
        )
        .route(
            "/services/{service}/deployments/{id}",
            get(handlers::deployments::show),
        )
        .route(
            "/services/{service}/deployments/{id}/verdict",
            get(handlers::deployments::verdict),
        )
        .route("/deployments", get(handlers::deployments::of_all))
        .route(
            "/services/{service}/statistics/{kind}",
            get(handlers::statistics::of_service),
        )
        .route(
            "/services/{service}/operation",
            get(handlers::row::operation),
        )
        .route("/services/{service}/instance", get(handlers::row::instance))
        .route(
            "/services/{service}/statement",
            get(handlers::row::statement),
        )
        .route("/map", get(handlers::map::show))
        .route("/partners", get(handlers::partners::of_all))
        .route("/partners/{host}", get(handlers::partners::of_one))
        .route("/csv/partners", get(handlers::csv::partners))
        .route("/statistics/{kind}", get(handlers::statistics::of_all))
        .route("/hitmap", get(handlers::hitmap::of_all))
        .route("/transactions", get(handlers::transactions::of_all))
        .route("/traces/{trace_id}", get(handlers::trace::show))
        .route(
            "/traces/{trace_id}/compare",
            get(handlers::trace_compare::choose),
        )
        .route(
            "/traces/{trace_id}/compare/{other}",
            get(handlers::trace_compare::show),
        )
        .route("/wall", get(handlers::wall::choose))
        .route("/wall/play", get(handlers::wall::play))
        .route("/search", get(handlers::search::go))
        .route("/csv/transactions", get(handlers::csv::transactions))
        .route("/csv/statistics/{kind}", get(handlers::csv::statistics))
        .nest("/api/v1", api::routes())
        .route("/static/{hash}/{*path}", get(assets::serve))
        .route("/favicon.ico", get(handlers::probe::icon))
        .route("/healthz", get(handlers::probe::health))
        .route("/readyz", get(handlers::probe::ready))
        .route("/metrics", get(handlers::probe::metrics))
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
