//! Limits on the connections of each port, computed from memory and file descriptors.

use crate::memory::MemoryBudget;
use hinomi_listen::{ListenLimits, ListenMetrics, Port, PortMetrics};

/// One part in this many of the file descriptors is for connections; the rest is for the store's
/// files.
const OF_DESCRIPTORS: u64 = 2;

/// Most connections of a port. With more, looking through them would take too much time, whatever
/// the memory.
const MOST: u64 = 8_192;
/// Fewest connections of a port: one person's browser opens six.
const LEAST: u64 = 16;

/// A port's share of the memory and descriptors for connections, and the memory of one connection:
/// its task, the start of a request that is read before it is examined, and output that is not sent
/// yet.
struct Share {
    name: &'static str,
    percent: u64,
    connection_bytes: u64,
    head_bytes: usize,
}

const PAGES: Share = Share {
    name: "pages",
    percent: 25,
    connection_bytes: 16 << 10,
    head_bytes: 32 << 10,
};
const OTLP_HTTP: Share = Share {
    name: "otlp_http",
    percent: 40,
    connection_bytes: 20 << 10,
    head_bytes: 16 << 10,
};
const OTLP_GRPC: Share = Share {
    name: "otlp_grpc",
    percent: 35,
    connection_bytes: 32 << 10,
    head_bytes: 16 << 10,
};

/// The server's ports.
#[derive(Debug)]
pub struct Ports {
    /// Port of the pages and the API.
    pub pages: Port,
    /// Port of OTLP over HTTP.
    pub otlp_http: Port,
    /// Port of OTLP over gRPC.
    pub otlp_grpc: Port,
}

impl Ports {
    /// The ports of a server with this memory and this number of descriptors.
    pub fn new(memory: &MemoryBudget, descriptors: u64, metrics: &ListenMetrics) -> Self {
        let port =
            |share: &Share| Port::new(share.name, limits(share, memory, descriptors), metrics);
        Self {
            pages: port(&PAGES),
            otlp_http: port(&OTLP_HTTP),
            otlp_grpc: port(&OTLP_GRPC),
        }
    }

    /// The memory that the open connections may use, in bytes; for the metrics.
    pub fn memory(&self) -> impl Fn() -> u64 + Send + Sync + 'static {
        let ports: [(u64, PortMetrics); 3] = [
            (PAGES.connection_bytes, self.pages.metrics().clone()),
            (OTLP_HTTP.connection_bytes, self.otlp_http.metrics().clone()),
            (OTLP_GRPC.connection_bytes, self.otlp_grpc.metrics().clone()),
        ];
        move || ports.iter().map(|(bytes, port)| bytes * port.open()).sum()
    }
}

fn limits(share: &Share, memory: &MemoryBudget, descriptors: u64) -> ListenLimits {
    let by_memory = memory.connections / 100 * share.percent / share.connection_bytes;
    let by_descriptors = descriptors / OF_DESCRIPTORS * share.percent / 100;
    let connections = by_memory.clamp(LEAST, MOST).min(by_descriptors.max(1));
    ListenLimits {
        head_bytes: share.head_bytes,
        ..ListenLimits::default().with_connections(connections as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARES: [&Share; 3] = [&PAGES, &OTLP_HTTP, &OTLP_GRPC];

    #[test]
    fn no_port_takes_what_is_another_s_or_the_store_s() {
        for memory in [256_u64, 1_024, 65_536] {
            let memory = MemoryBudget::new(memory << 20).unwrap();
            for descriptors in [256, 1_024, 1 << 20] {
                let connections =
                    SHARES.map(|share| limits(share, &memory, descriptors).connections);
                let all: usize = connections.iter().sum();
                assert!(all as u64 <= descriptors / 2, "{connections:?}");
                let bytes: u64 = SHARES
                    .iter()
                    .zip(connections)
                    .map(|(share, count)| share.connection_bytes * count as u64)
                    .sum();
                assert!(bytes <= memory.connections, "{connections:?}");
                assert!(
                    connections.iter().all(|count| *count >= 16),
                    "{connections:?}"
                );
            }
        }
    }
}
