//! Every route of this server, and what every request passes.

use crate::{asker, known, probe, readable, renamed};
use axum::{Router, middleware};
use hinomi_webkit::{
    App, WebState,
    assets::{self, Assets},
    i18n::{self, Catalogues},
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

/// Assets and probes.
fn own() -> Vec<Route> {
    vec![
        Route::get("/static/{hash}/{*path}", assets::serve),
        Route::get("/favicon.ico", probe::icon),
        Route::get("/healthz", probe::health),
        Route::get("/readyz", probe::ready),
        Route::get("/metrics", probe::metrics),
    ]
}

/// The router for the pages and the API.
pub fn router(state: WebState) -> Router {
    let app = App {
        web: state,
        assets: Assets::new(&[assets::own(), hinomi_pages::assets()]),
        catalogues: Arc::new(Catalogues::new(&[i18n::own(), hinomi_pages::texts()])),
    };
    // Event streams are not compressed: a compressor would hold events back until its buffer is
    // full.
    let compressible = DefaultPredicate::new().and(NotForContentType::SSE);
    // Whatever has no entry among the assets and probes is for readers of a project only.
    let of_readers = hinomi_pages::router()
        .nest(hinomi_api::BASE, hinomi_api::router())
        .fallback(hinomi_pages::failure::not_found)
        .layer(middleware::from_fn_with_state(
            app.clone(),
            known::check_reader,
        ));
    router_of(own())
        .merge(of_readers)
        .layer(middleware::from_fn(renamed::redirect))
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
