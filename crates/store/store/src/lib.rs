//! The store as a contract: every question, every answer, and the traits that an engine implements.
//!
//! Promises that a question is data: an engine can push it down to where its data lie. Every answer says
//! what is missing from it.
//!
//! Refuses to know an engine. Only the binary names one; `ingest` and `query` see [`Store`]. An engine
//! for telemetry sees of the registry only [`Names`].

mod asker;
mod attributes;
mod call_trees;
mod contract;
mod deployments;
mod error;
mod grouping;
mod hosts;
mod joined;
mod labels;
mod logs;
mod lost;
mod names;
mod rollups;
mod search;
mod slow;

pub use asker::{Asker, QuestionKind};
pub use attributes::{
    AttributeRow, AttributeRows, AttributeSearch, Matched, Scanned, SearchNews, Stopped, Term,
};
pub use call_trees::{CallTreeSearch, CallTrees, TreeSpan, TreeTransaction};
pub use contract::{
    Registry, Reply, SeeSpan, Store, TelemetryRead, TelemetryWrite, TellSearchNews,
};
pub use deployments::{Deployed, SeenVersion};
pub use error::{AppendError, PROMOTED_KEY_BYTES, PromoteError, StoreError, is_promotable};
pub use grouping::{GroupPlace, Grouping, merged};
pub use hosts::{Answerer, HostPlace, Hosts};
pub use joined::Joined;
pub use labels::{ServiceLabels, labels_of};
pub use logs::{LogCursor, LogPage, LogRows, LogSearch};
pub use lost::Lost;
pub use names::{BatchNames, LearnedTo, Names, OldNames, Peer, ServiceSettings};
pub use rollups::{
    CallFilter, Dimensions, Families, Family, GroupKey, Measures, Resolution, RollupAnswer,
    RollupGroup, RollupQuestion, RollupSum, Steps,
};
pub use search::{
    ArrivalPlace, ArrivedRows, Batch, TracePlace, TraceRows, TraceStart, TransactionRow,
    TransactionRows, TransactionSearch, TransactionTimes,
};
pub use slow::SlowThresholds;
