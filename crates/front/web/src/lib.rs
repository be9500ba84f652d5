//! axum: JSON API, SSE, askama pages, embedded assets.
//!
//! Handlers ask `hinomi-query`, views turn its answers into text, templates print it. Wire types
//! live in `api` and nowhere below. Promises: every page works from its address alone, nothing is
//! fetched from elsewhere, and no answer is cached that may change.
//!
//! Refuses: SQL, Parquet, the meaning of spans.

mod api;
mod asker;
mod assets;
mod differences;
mod format;
mod handlers;
mod i18n;
mod page;
mod page_range;
mod patterns;
mod problem;
mod readable;
mod routes;
mod security;
mod time_param;
mod url;
mod versus;
mod view;

pub use routes::router;
pub use security::HostPolicy;

use hinomi_io::Clock;
use hinomi_query::Query;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio_util::sync::CancellationToken;

/// What the pages and the API need to know of the process.
#[derive(Clone)]
pub struct WebState {
    /// Answers questions.
    pub query: Arc<Query>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where agents send OTLP over gRPC.
    pub otlp_grpc: SocketAddr,
    /// Where agents send OTLP over HTTP.
    pub otlp_http: SocketAddr,
    /// Ends the live streams.
    pub shutdown: CancellationToken,
    /// Whether requests can be served.
    pub ready: Arc<dyn Fn() -> bool + Send + Sync>,
    /// This process' own metrics in OpenMetrics text.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Whether this is the demonstration.
    pub demo: bool,
    /// Which `Host` headers are answered.
    pub hosts: HostPolicy,
}

/// `WebState` with what is read once from the binary itself.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) web: WebState,
    pub(crate) assets: assets::Assets,
    pub(crate) catalogues: Arc<i18n::Catalogues>,
    /// Where the nodes of the service map stand.
    pub(crate) places: Arc<Mutex<view::map::layout::Layout>>,
    /// Patterns of the hitmaps searched last.
    pub(crate) patterns: Arc<patterns::Found>,
}
