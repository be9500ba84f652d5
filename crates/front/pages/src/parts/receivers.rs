//! The addresses that agents send to.

use std::net::SocketAddr;

/// The addresses that agents send to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receivers {
    /// OTLP over gRPC.
    pub(crate) grpc: SocketAddr,
    /// OTLP over HTTP.
    pub(crate) http: SocketAddr,
}

impl Receivers {
    /// The addresses as an agent on this machine reaches them.
    pub(crate) fn urls(&self) -> (String, String) {
        let url = |address: &SocketAddr| {
            let port = address.port();
            if address.ip().is_unspecified() {
                format!("http://127.0.0.1:{port}")
            } else {
                format!("http://{address}")
            }
        };
        (url(&self.grpc), url(&self.http))
    }
}
