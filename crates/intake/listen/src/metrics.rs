//! Metrics of connections, by port.

use crate::activity::Cause;
use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Metrics of all ports. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct ListenMetrics {
    open: Family<Labels<1>, Gauge>,
    limit: Family<Labels<1>, Gauge>,
    accepted: Family<Labels<1>, Counter>,
    refused: Family<Labels<1>, Counter>,
    waited: Family<Labels<1>, Counter>,
    failed: Family<Labels<1>, Counter>,
    slow_bodies: Family<Labels<1>, Counter>,
    closed: Family<Labels<2>, Counter>,
}

impl ListenMetrics {
    /// Creates the metrics and registers them under `connections`.
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let registry = registry.sub_registry_with_prefix("connections");
        registry.register("open", "Connections that are open", metrics.open.clone());
        registry.register(
            "limit",
            "Connections that a port has at most",
            metrics.limit.clone(),
        );
        registry.register(
            "accepted",
            "Connections that were opened",
            metrics.accepted.clone(),
        );
        registry.register(
            "refused",
            "Connections that were closed at once because their address has as many as it may",
            metrics.refused.clone(),
        );
        registry.register(
            "waited",
            "Connections that had to wait until another was idle or closed",
            metrics.waited.clone(),
        );
        registry.register(
            "accept_failures",
            "Connections that could not be opened, for want of file descriptors for example",
            metrics.failed.clone(),
        );
        registry.register(
            "slow_bodies",
            "Requests given up because their body came too slowly",
            metrics.slow_bodies.clone(),
        );
        registry.register(
            "closed",
            "Connections that the server closed, by reason",
            metrics.closed.clone(),
        );
        metrics
    }

    /// Metrics of one port; `limit` is its maximum number of connections.
    pub fn port(&self, port: &'static str, limit: usize) -> PortMetrics {
        let of = [("port", port)];
        self.limit
            .get_or_create(&of)
            .set(i64::try_from(limit).unwrap_or(i64::MAX));
        let closed = |cause: Cause| {
            let of = [("port", port), ("reason", cause.name())];
            self.closed.get_or_create(&of).clone()
        };
        PortMetrics {
            open: self.open.get_or_create(&of).clone(),
            accepted: self.accepted.get_or_create(&of).clone(),
            refused: self.refused.get_or_create(&of).clone(),
            waited: self.waited.get_or_create(&of).clone(),
            failed: self.failed.get_or_create(&of).clone(),
            slow_bodies: self.slow_bodies.get_or_create(&of).clone(),
            closed: Cause::ALL.map(closed),
        }
    }
}

/// Metrics of one port. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct PortMetrics {
    pub(crate) open: Gauge,
    pub(crate) accepted: Counter,
    pub(crate) refused: Counter,
    pub(crate) waited: Counter,
    pub(crate) failed: Counter,
    pub(crate) slow_bodies: Counter,
    closed: [Counter; Cause::ALL.len()],
}

impl PortMetrics {
    /// Number of open connections.
    pub fn open(&self) -> u64 {
        self.open.get().try_into().unwrap_or_default()
    }

    pub(crate) fn closed(&self, cause: Cause) -> &Counter {
        &self.closed[cause as usize]
    }

    /// Number of refused, closed and failed connections so far, with names for the log.
    pub(crate) fn troubles(&self) -> [(&'static str, u64); 6] {
        [
            ("displaced", self.closed(Cause::Displaced).get()),
            ("refused", self.refused.get()),
            ("failed", self.failed.get()),
            ("slow_heads", self.closed(Cause::Head).get()),
            ("slow_bodies", self.slow_bodies.get()),
            ("unread_answers", self.closed(Cause::Write).get()),
        ]
    }
}
