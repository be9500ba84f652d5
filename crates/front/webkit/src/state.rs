//! What every handler can reach.

use crate::{
    DemoHistory, assets::Assets, i18n::Catalogues, readers::Readers, security::HostPolicy,
};
use hinomi_analysis::Analysis;
use hinomi_io::Clock;
use hinomi_query::Query;
use std::{net::SocketAddr, sync::Arc};
use tokio_util::sync::CancellationToken;

/// What the pages and the API need from the process.
#[derive(Clone)]
pub struct WebState {
    /// Answers the queries of handlers.
    pub query: Arc<Query>,
    /// Says what the numbers mean.
    pub analysis: Arc<Analysis>,
    /// Says which project a request reads.
    pub readers: Arc<dyn Readers>,
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
    /// How far the history of the demo is; `None` when the process does not run the demo.
    pub demo: Option<Arc<DemoHistory>>,
    /// The `Host` headers that are accepted.
    pub hosts: HostPolicy,
}

/// `WebState` with data that is read once from the binary itself.
#[derive(Clone)]
pub struct App {
    /// What the process gives.
    pub web: WebState,
    /// The URLs of the embedded files.
    pub assets: Assets,
    /// The texts in every language.
    pub catalogues: Arc<Catalogues>,
}
