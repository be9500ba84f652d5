//! The limits of a port's connections.

use std::time::Duration;

/// Limits of the connections of one port. `Default` gives the values named at each field.
#[derive(Debug, Clone)]
pub struct ListenLimits {
    /// Connections at once. 512; the binary sets it by the memory and the descriptors there are.
    pub connections: usize,
    /// Connections of one address at once: an IPv4 address or an IPv6 network of 64 bits. 256, half of
    /// all: a proxy in front brings many, and one machine alone cannot hold all.
    pub per_address: usize,
    /// How long a request's head may take, from when the connection is opened or from its first byte
    /// on a connection that was used before. 10 s: four losses of a packet on the way, and more.
    pub head_timeout: Duration,
    /// How long a connection stays open between requests. 3 min: an agent that exports its metrics
    /// once a minute, the default, may miss one export and still keeps its connection.
    pub idle_timeout: Duration,
    /// How long a client may leave an answer unread that fills its socket. 30 s.
    pub write_timeout: Duration,
    /// How fast a request's body has to come.
    pub pace: Pace,
    /// Silence after which an HTTP/2 client is asked whether it is there. 20 s.
    pub ping_interval: Duration,
    /// How long it may take to answer that. 10 s.
    pub ping_timeout: Duration,
    /// Requests of one HTTP/2 connection at once; more wait. 128.
    pub streams: u32,
    /// Bytes that are read from an HTTP/1.1 connection at once, and so the longest head. 16 KiB: twice
    /// what other servers take.
    pub head_bytes: usize,
    /// Age from which a stream of events may be closed when a connection is needed and none is idle.
    /// 2 s: browsers open it again by themselves.
    pub stream_grace: Duration,
    /// The same for any other request. 10 s: one that comes or is answered takes less.
    pub request_grace: Duration,
    /// How long a connection is read on after the last answer was written, so that a client which
    /// sends all before it reads gets that answer. 5 s.
    pub linger: Duration,
    /// Bytes that are read and dropped then. 64 MiB: the longest request.
    pub linger_bytes: usize,
    /// How long open requests may take once the server is to stop. 5 s.
    pub drain: Duration,
}

impl Default for ListenLimits {
    fn default() -> Self {
        Self {
            connections: 512,
            per_address: 256,
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(3 * 60),
            write_timeout: Duration::from_secs(30),
            pace: Pace::default(),
            ping_interval: Duration::from_secs(20),
            ping_timeout: Duration::from_secs(10),
            streams: 128,
            head_bytes: 16 << 10,
            stream_grace: Duration::from_secs(2),
            request_grace: Duration::from_secs(10),
            linger: Duration::from_secs(5),
            linger_bytes: 64 << 20,
            drain: Duration::from_secs(5),
        }
    }
}

impl ListenLimits {
    /// How often a connection is looked at: what it does is not told to its timer.
    pub(crate) fn look_interval(&self) -> Duration {
        self.head_timeout
            .min(self.idle_timeout)
            .min(self.write_timeout)
    }

    /// So many connections at once, and half of them of one address.
    pub fn with_connections(self, connections: usize) -> Self {
        Self {
            connections,
            per_address: connections.div_ceil(2),
            ..self
        }
    }
}

/// How fast a request's body has to come: in each window of waiting for it so many bytes, and more of
/// a body that has brought much already and holds memory for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long is waited for those bytes. 5 s: four losses of a packet on the way.
    pub window: Duration,
    /// Bytes that have to come in it. 20 KiB: 4 KiB/s, less than any line.
    pub bytes: usize,
    /// And this part of what has come before. An eighth: a body of 1 MiB comes at 26 KB/s in its end,
    /// and one that fills the memory within 30 s.
    pub part: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(5),
            bytes: 20 << 10,
            part: 8,
        }
    }
}

impl Pace {
    /// Bytes that the next window has to bring when so many have come.
    pub(crate) fn due(&self, received: usize) -> usize {
        self.bytes.max(received / self.part.max(1))
    }
}
