//! A client call: a CLIENT or PRODUCER span to a database, cache, host, queue or other service.

mod failure;

pub use failure::CallFailure;

use crate::Text;

/// What was called, and how. Whether an HTTP call goes to another one of our services or to an
/// external host is decided when it is read, from the hosts that are known to be services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCall {
    /// Category of what was called.
    pub category: CallCategory,
    /// What was called: `host[:port]`, or the name of the database or queue. Never empty.
    pub target: Text,
    /// What was asked: statement fingerprint, `METHOD /path/{id}`, RPC method, destination.
    pub detail: Text,
    /// Whether the call failed.
    pub failed: bool,
}

/// The kinds of client call. The numbers are stored; never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum CallCategory {
    /// An SQL or document database.
    Database = 1,
    /// A cache: Redis, Memcached, Valkey.
    Cache = 2,
    /// HTTP to any host.
    Http = 3,
    /// RPC: gRPC, Dubbo, Thrift.
    Rpc = 4,
    /// A message that was sent.
    Messaging = 5,
}

impl CallCategory {
    /// All categories, in the order in which they are shown.
    pub const ALL: [Self; 5] = [
        Self::Database,
        Self::Cache,
        Self::Http,
        Self::Rpc,
        Self::Messaging,
    ];

    /// The word used in the API, in URLs and in stored columns.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Cache => "cache",
            Self::Http => "http",
            Self::Rpc => "rpc",
            Self::Messaging => "messaging",
        }
    }

    /// The category for a stored number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|category| *category as u8 == number)
    }
}
