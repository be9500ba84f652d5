//! The limits of the receivers.

use std::time::Duration;

/// Limits of the receivers.
#[derive(Debug, Clone)]
pub struct CollectorLimits {
    /// Bytes of a request's body, before and after decompression. 64 MiB is what the protocol
    /// recommends; longer ones are refused as too large.
    pub body_bytes: usize,
    /// How long a client may take to send a request; then the connection's request is refused.
    pub read_timeout: Duration,
    /// Requests of one HTTP/2 connection at once; more wait.
    pub streams: u32,
    /// Requests being decoded at once over all connections; more wait.
    pub concurrent_requests: usize,
    /// Silence after which a connection is probed, and closed when nothing answers.
    pub keep_alive: Duration,
    /// How long open requests may take once the server is to stop.
    pub drain: Duration,
}

impl Default for CollectorLimits {
    fn default() -> Self {
        Self {
            body_bytes: 64 << 20,
            read_timeout: Duration::from_secs(30),
            streams: 128,
            concurrent_requests: 64,
            keep_alive: Duration::from_secs(30),
            drain: Duration::from_secs(5),
        }
    }
}
