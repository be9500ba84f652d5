//! The web server: JSON API, server-sent events, HTML pages, embedded assets (axum, askama).
//!
//! Handlers ask `hinomi-query` for numbers and `hinomi-analysis` for their meaning, views turn the
//! answers into text, templates print the text. Wire types live in `api` and nowhere else.
//! Promises: every view can be shared by its URL, a page loads nothing from other hosts, and
//! answers that may change are not cached.
//!
//! Has no SQL and no Parquet, and does not interpret spans; lower crates do that.

mod api;
mod asker;
mod assets;
mod format;
mod handlers;
mod i18n;
mod modules;
mod page;
mod page_range;
mod problem;
mod readable;
mod route;
mod routes;
mod security;
mod time_param;
mod url;
mod versus;
mod view;

pub use routes::router;
pub use security::HostPolicy;

use hinomi_analysis::Analysis;
use hinomi_io::Clock;
use hinomi_query::Query;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio_util::sync::CancellationToken;

/// What the pages and the API need from the process.
#[derive(Clone)]
pub struct WebState {
    /// Answers the queries of handlers.
    pub query: Arc<Query>,
    /// Says what the numbers mean.
    pub analysis: Arc<Analysis>,
    /// The server's clock.
    pub clock: Arc<dyn Clock>,
    /// Address where agents send OTLP over gRPC.
    pub otlp_grpc: SocketAddr,
    /// Address where agents send OTLP over HTTP.
    pub otlp_http: SocketAddr,
    /// Cancelled at shutdown; ends the live streams.
    pub shutdown: CancellationToken,
    /// Whether the server is ready for requests.
    pub ready: Arc<dyn Fn() -> bool + Send + Sync>,
    /// The process's own metrics as OpenMetrics text.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Whether the process runs the demo.
    pub demo: bool,
    /// The `Host` headers that are accepted.
    pub hosts: HostPolicy,
}

/// `WebState` with data that is read once from the binary itself.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) web: WebState,
    pub(crate) assets: assets::Assets,
    pub(crate) catalogues: Arc<i18n::Catalogues>,
    /// Layout of the service map: the place of each node.
    pub(crate) places: Arc<Mutex<view::map::layout::Layout>>,
}
