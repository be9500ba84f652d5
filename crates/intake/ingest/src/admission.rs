//! The way of a decoded batch of spans into the store.

use crate::{
    IngestLimits, IngestMetrics, Secret,
    cardinality::Cardinality,
    dedupe::{Dedupe, Seen, SpanKey},
    peers::{Peer, PeerLearner},
};
use hinomi_io::{Clock, HeldMemory, MemoryShare};
use hinomi_live::{ActiveReport, Folded, Live};
use hinomi_model::{RollupSet, SpanBatch, Text, UnixNanos};
use hinomi_store::{AppendError, Batch, Store, StoreError};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

/// Admits spans. One a process, shared by all receivers.
pub struct Ingest {
    store: Arc<dyn Store>,
    live: Arc<Live>,
    clock: Arc<dyn Clock>,
    limits: IngestLimits,
    metrics: IngestMetrics,
    in_flight: Arc<MemoryShare>,
    secret: Secret,
    state: Mutex<State>,
    /// Whether the spans that came in before a restart are known again, as far as they can be.
    restored: watch::Sender<bool>,
}

/// What admission remembers, by project.
struct State {
    projects: HashMap<Text, Project>,
}

struct Project {
    dedupe: Dedupe,
    cardinality: Cardinality,
    peers: PeerLearner,
}

/// What became of an admitted batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted {
    /// Spans that are now durable and counted.
    pub accepted: usize,
    /// Spans that already were.
    pub duplicates: usize,
}

/// Why a batch was not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A budget is used up.
    #[error("the server is at its limit of spans in flight; send again later")]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The server is about to stop.
    #[error("the server is shutting down; send again later")]
    ShuttingDown {
        /// When to try again.
        retry_after: Duration,
    },
    /// It is larger than the log takes at once; a smaller one is welcome.
    #[error("{bytes} bytes of spans at once are over the limit of {limit}; send smaller batches")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The log could not be written.
    #[error("the server can not write to its disk; send again later")]
    Disk {
        /// When to try again.
        retry_after: Duration,
    },
}

impl Refused {
    /// When to try again; `None` when the same request must not be sent again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after }
            | Self::ShuttingDown { retry_after }
            | Self::Disk { retry_after } => Some(*retry_after),
            Self::TooLarge { .. } => None,
        }
    }
}

impl Ingest {
    /// Admission for the projects named, whose peers are read from the store. Nothing is admitted before
    /// [`Self::restore`] has come to its end.
    pub async fn new(
        store: Arc<dyn Store>,
        live: Arc<Live>,
        clock: Arc<dyn Clock>,
        limits: IngestLimits,
        metrics: IngestMetrics,
        projects: &[Text],
        secret: Secret,
    ) -> Result<Self, StoreError> {
        metrics.set_keys(0, limits.keys);
        let mut state = State {
            projects: HashMap::new(),
        };
        for project in projects {
            let known = store.peers(project.clone()).await?;
            let known = known
                .into_iter()
                .map(|(target, service)| Peer { target, service });
            state.projects.insert(
                project.clone(),
                Project {
                    dedupe: Dedupe::new(limits.dedupe_spans, limits.dedupe_window),
                    cardinality: Cardinality::new(limits.clone()),
                    peers: PeerLearner::new(
                        limits.peer_candidates,
                        known,
                        clock.monotonic(),
                        secret.clone(),
                    ),
                },
            );
        }
        let in_flight = MemoryShare::new(limits.in_flight_bytes);
        Ok(Self {
            store,
            live,
            clock,
            limits,
            metrics,
            in_flight,
            secret,
            state: Mutex::new(state),
            restored: watch::Sender::new(false),
        })
    }

    /// Reads back which spans came in lately, so that a request that is repeated after a restart counts
    /// once. Requests that come meanwhile wait for it: a server need not, to be ready. After an error
    /// requests are admitted all the same; a repeat of what could not be read counts twice.
    pub async fn restore(&self) -> Result<(), StoreError> {
        let restored = self.recall().await;
        self.restored.send_replace(true);
        restored
    }

    async fn recall(&self) -> Result<(), StoreError> {
        let since = self.now().minus(self.limits.dedupe_window);
        let projects: Vec<Text> = self.state().projects.keys().cloned().collect();
        let mut recalled = Ok(());
        for project in projects {
            let dedupe = Dedupe::new(self.limits.dedupe_spans, self.limits.dedupe_window);
            // Shared, so that an error leaves what was read until then.
            let dedupe = Arc::new(Mutex::new(dedupe));
            let (found, secret) = (dedupe.clone(), self.secret.clone());
            let read = self.store.span_ids_since(
                since,
                Box::new(move |trace, span| {
                    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    found.recall(secret.key(trace, span))
                }),
            );
            recalled = read.await.and(recalled);
            if let Some(project) = self.state().projects.get_mut(&project) {
                let mut found = dedupe.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::swap(&mut project.dedupe, &mut found);
            }
        }
        recalled
    }

    /// Waits for [`Self::restore`].
    async fn is_restored(&self) -> bool {
        let mut restored = self.restored.subscribe();
        restored.wait_for(|restored| *restored).await.is_ok()
    }

    /// The metrics of admission, for receivers to count what they refuse before it comes here.
    pub fn metrics(&self) -> &IngestMetrics {
        &self.metrics
    }

    /// Memory for what is on its way: receivers hold of it what a request takes before it comes here.
    pub fn in_flight(&self) -> &Arc<MemoryShare> {
        &self.in_flight
    }

    /// Memory for so many bytes of a request.
    pub fn hold(&self, bytes: usize) -> Result<HeldMemory, Refused> {
        let held = self.in_flight.hold(bytes);
        held.ok_or_else(|| self.busy())
    }

    /// The answer to a request for which there is no memory; counts it.
    pub fn busy(&self) -> Refused {
        self.refused(Refused::Busy {
            retry_after: self.limits.retry_after,
        })
    }

    /// A request has come whose newest span ended at `newest` by its sender's clock.
    pub fn witness(&self, newest: UnixNanos) {
        self.store.clock().witness(newest.0);
    }

    /// The server's time, and the instant before which spans are too old.
    pub fn now_and_oldest(&self) -> (UnixNanos, UnixNanos) {
        let (now, oldest) = self.store.clock().now_and_oldest();
        (UnixNanos(now), UnixNanos(oldest))
    }

    /// The server's time.
    pub fn now(&self) -> UnixNanos {
        UnixNanos(self.clock.unix_nanos())
    }

    /// Takes what agents tell of active requests, which is shown and not stored; answers how many
    /// series were refused.
    pub fn active_requests(&self, reports: Vec<ActiveReport>) -> usize {
        self.live.report_active(self.now(), reports)
    }

    /// Admits the spans of one request. When it returns `Ok` they are durable, listed and on the
    /// live bus. Must run to its end once begun: receivers run it in a task of its own, because a
    /// client that hangs up cancels its handler.
    pub async fn spans(&self, project: &Text, spans: SpanBatch) -> Result<Admitted, Refused> {
        // One over the whole limit gets in when it is alone, or it never would.
        let _held = self.hold(spans.weight().min(self.in_flight.limit()))?;
        let admitted = self.admit(project, spans).await;
        match &admitted {
            Ok(admitted) => {
                self.metrics
                    .count("traces", "accepted", admitted.accepted as u64);
                self.metrics
                    .count("traces", "duplicate", admitted.duplicates as u64);
            }
            Err(refused) => {
                self.refused(refused.clone());
            }
        }
        admitted
    }

    async fn admit(&self, project: &Text, mut spans: SpanBatch) -> Result<Admitted, Refused> {
        if !self.is_restored().await {
            return Err(Refused::ShuttingDown {
                retry_after: self.limits.retry_after,
            });
        }
        let (flight, folded, peers) = self.begin(project, &mut spans);
        if !folded.is_empty() {
            self.tell(folded);
        }
        let accepted = spans.len();
        if accepted > 0 || !flight.awaited.is_empty() {
            let rollups = Arc::new(RollupSet::of(&spans));
            let delta = rollups.clone();
            let batch = Batch {
                project: project.clone(),
                spans,
                rollups,
            };
            let appended = self.store.append(batch).await;
            let all_committed = self.end(project, &flight, appended.is_ok());
            appended.map_err(|error| self.refusal(&error))?;
            self.live.apply(&delta);
            if !all_committed {
                return Err(Refused::Busy {
                    retry_after: self.limits.retry_after,
                });
            }
        }
        for peer in peers {
            if let Err(error) = self
                .store
                .learn_peer(project.clone(), peer.target, peer.service)
                .await
            {
                tracing::warn!(%error, "a host could not be remembered as a service");
            }
        }
        Ok(Admitted {
            accepted,
            duplicates: flight.duplicates,
        })
    }

    /// Drops what was seen, caps names, learns peers; all under one short lock.
    fn begin(&self, project: &Text, spans: &mut SpanBatch) -> (Flight, Vec<Folded>, Vec<Peer>) {
        let now = self.clock.monotonic();
        let mut state = self.state();
        let Some(project) = state.projects.get_mut(project) else {
            return Default::default();
        };
        let mut flight = Flight::default();
        spans.retain(|row| {
            let key = self.secret.key(row.trace_id, row.span_id);
            match project.dedupe.begin(key) {
                Seen::New => {
                    flight.keys.push(key);
                    return true;
                }
                Seen::InFlight => flight.awaited.push(key),
                Seen::Committed => {}
            }
            flight.duplicates += 1;
            false
        });
        let folded = project.cardinality.cap(spans, now);
        let peers = project.peers.observe(spans, now);
        self.metrics
            .set_keys(project.cardinality.keys(), self.limits.keys);
        (flight, folded, peers)
    }

    /// Ends the flight; whether all spans that were awaited are durable.
    fn end(&self, project: &Text, flight: &Flight, durable: bool) -> bool {
        let now = self.clock.monotonic();
        let mut state = self.state();
        let Some(project) = state.projects.get_mut(project) else {
            return false;
        };
        project.dedupe.end(&flight.keys, durable, now);
        flight
            .awaited
            .iter()
            .all(|key| project.dedupe.is_committed(*key))
    }

    fn tell(&self, folded: Vec<Folded>) {
        for one in &folded {
            self.metrics.count_folded(one.attribute.as_str(), one.spans);
        }
        for new in self.live.report_folded(self.now(), folded) {
            self.metrics.count_overflow(new.attribute.as_str());
            tracing::warn!(
                service = %new.service.escape_debug(),
                attribute = new.attribute.as_str(),
                example = %new.example.escape_debug(),
                "a service sends too many values of an attribute; new ones are counted as (other)"
            );
        }
    }

    fn refused(&self, refused: Refused) -> Refused {
        self.metrics.count_refused_request();
        refused
    }

    fn refusal(&self, error: &AppendError) -> Refused {
        let retry_after = self.limits.retry_after;
        match error {
            AppendError::Full => Refused::Busy { retry_after },
            AppendError::ShuttingDown => Refused::ShuttingDown { retry_after },
            AppendError::TooLarge { bytes, limit } => Refused::TooLarge {
                bytes: *bytes,
                limit: *limit,
            },
            // Logged once by the store, and not for each request.
            AppendError::NoSpace => Refused::Disk {
                retry_after: self.limits.retry_after * 5,
            },
            AppendError::Disk(_) | AppendError::Project(_) => {
                tracing::error!(%error, "spans could not be made durable; senders are told to wait");
                Refused::Disk {
                    retry_after: retry_after * 5,
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The spans of one request on their way.
#[derive(Debug, Default)]
struct Flight {
    /// New ones: they end with this request.
    keys: Vec<SpanKey>,
    /// Repeats of spans that are on their way in another request.
    awaited: Vec<SpanKey>,
    duplicates: usize,
}
