//! A small engine for tests: keeps every span and log record in memory and answers each question by looking at all
//! of them.
//!
//! Promises to answer exactly as the contract says. Has no limits beyond those of a question, no
//! retention and no disk: nothing expires, nothing is lost, and its end is the end of its data.

mod call_trees;
mod logs;
mod project;
mod read;
mod registry;
mod search;
mod traces;
mod transactions;

use hinomi_io::{Clock, ClockLimits, TrustedClock};
use hinomi_model::{LogBatch, Text, UnixNanos};
use hinomi_store::{AppendError, Batch, Reply, SeeSpan, TelemetryWrite};
use project::{Project, Stored};
use std::{
    collections::BTreeMap,
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A store whose spans live as long as it does.
pub struct MemoryStore {
    clock: Arc<TrustedClock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    projects: BTreeMap<Text, Project>,
    /// Number of spans of all projects that have come in.
    arrived: u64,
}

impl MemoryStore {
    /// An empty store that reads this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let clock = TrustedClock::start(clock, ClockLimits::default(), None, None);
        Self {
            clock: Arc::new(clock),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `look` finds in a project; in an empty one if nothing is known of it.
    fn of_project<T>(&self, project: &str, look: impl FnOnce(&Project) -> T) -> T {
        match self.state().projects.get(project) {
            Some(project) => look(project),
            None => look(&Project::default()),
        }
    }
}

impl TelemetryWrite for MemoryStore {
    fn append(&self, batch: Batch) -> Reply<'_, (), AppendError> {
        let mut state = self.state();
        let mut arrived = state.arrived;
        let project = state.projects.entry(batch.project).or_default();
        for span in batch.spans.spans() {
            arrived += 1;
            project.add(Stored {
                place: arrived,
                span,
            });
        }
        state.arrived = arrived;
        Box::pin(ready(Ok(())))
    }

    fn append_logs(&self, project: Text, logs: LogBatch) -> Reply<'_, (), AppendError> {
        let mut state = self.state();
        let project = state.projects.entry(project).or_default();
        project.logs.extend(logs.records());
        Box::pin(ready(Ok(())))
    }

    fn spans_since(&self, project: Text, since: UnixNanos, mut see: SeeSpan) -> Reply<'_, ()> {
        let state = self.state();
        let project = state.projects.get(&project);
        let mut all: Vec<&Stored> = project.into_iter().flat_map(|of| &of.spans).collect();
        // When a span came in is not kept. Those that ended earlier may have come in later: all are
        // shown.
        let _ = since;
        all.sort_unstable_by_key(|stored| std::cmp::Reverse(stored.place));
        for stored in all {
            let span = &stored.span;
            if see(span.identity()).is_break() {
                break;
            }
        }
        Box::pin(ready(Ok(())))
    }

    fn clock(&self) -> Arc<TrustedClock> {
        self.clock.clone()
    }
}
