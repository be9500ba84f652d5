//! Limits of a port's connections.

use std::time::Duration;

/// Limits of the connections of one port. The fields name their default values.
#[derive(Debug, Clone)]
pub struct ListenLimits {
    /// Maximum number of connections. Default 512; the binary sets it according to memory and
    /// descriptors.
    pub connections: usize,
    /// Maximum number of connections of one address (an IPv4 address or an IPv6 /64 network).
    /// Default 256, half of all: a proxy needs many, but one machine alone must not take all.
    pub per_address: usize,
    /// Maximum time for a request's head, counted from when the connection is opened, or from the
    /// head's first byte on a reused connection. Default 10 s: long enough for four lost packets.
    pub head_timeout: Duration,
    /// Maximum time that a connection stays open between requests. Default 3 min: an agent that
    /// exports metrics once a minute, the usual default, can miss one export and keep its
    /// connection.
    pub idle_timeout: Duration,
    /// Maximum time that a client may leave an answer unread while its socket is full. Default 30
    /// s.
    pub write_timeout: Duration,
    /// Minimum rate of a request's body.
    pub pace: Pace,
    /// Silence after which an HTTP/2 client gets a ping. Default 20 s.
    pub ping_interval: Duration,
    /// Maximum time to answer a ping. Default 10 s.
    pub ping_timeout: Duration,
    /// Maximum number of requests at once on an HTTP/2 connection; more wait. Default 128.
    pub streams: u32,
    /// Bytes that are read from an HTTP/1.1 connection at once, and so the maximum size of a head.
    /// Default 16 KiB: twice what other servers accept.
    pub head_bytes: usize,
    /// Age from which an event stream may be closed, if a connection is needed and none is idle.
    /// Default 2 s: browsers reconnect by themselves.
    pub stream_grace: Duration,
    /// Same as `stream_grace`, for any other request. Default 10 s: normal requests take less.
    pub request_grace: Duration,
    /// How long a connection is still read after the last answer was written, so that a client that
    /// sends everything before it reads gets that answer. Default 5 s.
    pub linger: Duration,
    /// Maximum bytes that are read and discarded during that time. Default 64 MiB: the maximum size
    /// of a request.
    pub linger_bytes: usize,
    /// How long an HTTP/2 connection that is closed for another one, or for being idle, may take to
    /// answer a request that its client sent meanwhile. Default 1 s: a round trip and the request.
    pub farewell: Duration,
    /// Time for open requests to finish once the server stops. Default 5 s.
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
            farewell: Duration::from_secs(1),
            drain: Duration::from_secs(5),
        }
    }
}

impl ListenLimits {
    /// Interval at which a connection's state is checked, since state changes do not wake its
    /// timer.
    pub(crate) fn look_interval(&self) -> Duration {
        self.head_timeout
            .min(self.idle_timeout)
            .min(self.write_timeout)
    }

    /// Sets the number of connections, and half of it per address.
    pub fn with_connections(self, connections: usize) -> Self {
        Self {
            connections,
            per_address: connections.div_ceil(2),
            ..self
        }
    }
}

/// Minimum rate of a request's body. Each window of waiting must bring a number of bytes. A body
/// that has already brought many bytes, and holds memory for them, must bring more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Length of a window. Default 5 s: long enough for four lost packets.
    pub window: Duration,
    /// Minimum bytes per window. Default 20 KiB, which is 4 KiB/s: less than any usable line.
    pub bytes: usize,
    /// The window must also bring at least `1 / part` of the bytes received before. Default 8: a
    /// body of 1 MiB must end at 26 KB/s, and one that fills the memory is complete within 30 s.
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
    /// Bytes that the next window must bring after `received` bytes.
    pub(crate) fn due(&self, received: usize) -> usize {
        self.bytes.max(received / self.part.max(1))
    }
}
