//! Answers the questions of screens and rules, with one answer type for each question.
//!
//! Merges the live rollups of the last minutes, the memtable and the stored segments, so that
//! callers need not know where data is kept. Promises that the count of any hitmap region equals
//! the number of transactions that `transactions` lists for it.
//!
//! Does not say what the numbers mean; that belongs to `hinomi-analysis`. Has no HTML, JSON or
//! HTTP; these belong to the crates of `front`.

mod answers;
mod call_map;
mod call_trouble;
mod columns;
mod comparison;
mod contrast;
mod deployments;
mod error;
mod examples;
mod hitmap;
mod in_flight;
mod live;
mod map;
mod partners;
mod parts;
mod search;
mod series;
mod services;
mod slow;
mod source;
mod spent;
mod statistics;
mod tail;
mod tally;
pub mod terms;
pub mod trace;
mod transactions;

/// The answer types, one for each question.
pub mod answer {
    pub use crate::{
        answers::*,
        comparison::{Changes, Compared, ComparedRow},
        examples::{Examples, Seen, SeenIn},
        map::{MapEdge, MapNode, NodeKey, NodeKind, ServiceMap, Traffic},
        partners::{CallerTally, PartnerCalls, PartnerTallies, PartnerTally},
        tally::Tally,
    };
}

pub use columns::{Columns, column_width};
pub use comparison::{StatisticQuestion, change};
pub use error::QueryError;
pub use hinomi_store::{
    Asker, CallFilter, Deployed, PromoteError, QuestionKind, ServiceSettings, Term,
};
pub use search::SearchQuestion;
pub use series::Counted;
pub use tail::Tail;
pub use transactions::MOST_TRACE_SPANS;

use answer::{FoldedNames, Lost};
use hinomi_io::{Clock, ClockStatus};
use hinomi_live::Live;
use hinomi_model::{Scope, Text, UnixNanos};
use hinomi_store::Store;
use std::{collections::HashMap, sync::Arc};

/// Answers queries. Cheap to share; one instance for each process.
pub struct Query {
    store: Arc<dyn Store>,
    live: Arc<Live>,
    clock: Arc<dyn Clock>,
    /// By project: damaged data that the live window could not be restored from at the start.
    unrestored: HashMap<Text, Vec<Lost>>,
}

impl Query {
    /// Answers from this store and these live rollups.
    pub fn new(store: Arc<dyn Store>, live: Arc<Live>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            live,
            clock,
            unrestored: HashMap::new(),
        }
    }

    /// The same query object, for live rollups that were restored from a store with this damaged
    /// data, by project.
    #[must_use]
    pub fn with_unrestored(mut self, lost: HashMap<Text, Vec<Lost>>) -> Self {
        self.unrestored = lost;
        self
    }

    /// State of the machine's clock and of the trusted time.
    pub fn clock_status(&self) -> ClockStatus {
        self.store.clock().status()
    }

    /// The server's time.
    pub fn now(&self) -> UnixNanos {
        UnixNanos(self.clock.unix_nanos())
    }

    /// Names that admission folded into `(other)` within the last hour, the most spans first.
    pub fn folded(&self, scope: &Scope) -> Vec<FoldedNames> {
        self.live.folded(&scope.project, self.now())
    }
}
