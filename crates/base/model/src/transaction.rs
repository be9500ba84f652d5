//! A transaction: a service's entry span. The hitmap counts transactions.

use crate::Text;

/// The properties that a span has as a transaction. A span is a transaction when its kind is server
/// or consumer, or when it has no parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// `METHOD route`, RPC method or destination; else the span's name.
    pub operation: Text,
    /// Whether it succeeded. *Slow* is not stored; it is derived when read.
    pub outcome: Outcome,
    /// What began it.
    pub kind: TransactionKind,
}

/// What began a transaction. Requests and messages tell how fast and how well a service works; the others
/// are counted, and listed, but judge nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[repr(u8)]
pub enum TransactionKind {
    /// A request that somebody waits for.
    #[default]
    Request = 0,
    /// A health check or a scrape of metrics by a machine.
    Probe = 1,
    /// A connection that stays open for as long as somebody listens: WebSocket, server-sent events.
    /// Its duration is no latency.
    Stream = 2,
    /// Work begun by a timer or a scheduler.
    Job = 3,
    /// A message from a queue or topic.
    Message = 4,
}

impl TransactionKind {
    /// All kinds, by their numbers.
    pub const ALL: [Self; 5] = [
        Self::Request,
        Self::Probe,
        Self::Stream,
        Self::Job,
        Self::Message,
    ];

    /// The kinds that tell how a service works.
    pub const WORK: [Self; 2] = [Self::Request, Self::Message];

    /// The kind for its number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Probe => "probe",
            Self::Stream => "stream",
            Self::Job => "job",
            Self::Message => "message",
        }
    }
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// Succeeded.
    Ok,
    /// Failed.
    Error,
}
