//! Admission control: takes a decoded batch of spans into the store.

use crate::{
    IngestLimits, IngestMetrics, Secret,
    cardinality::Cardinality,
    dedupe::{Dedupe, Seen, SpanKey},
    peers::{Peer, PeerLearner},
};
use hinomi_io::{Clock, HeldMemory, MemoryShare};
use hinomi_live::{ActiveReport, Folded, Live};
use hinomi_model::{RollupSet, SpanBatch, SpanIdentity, SpanKind, Text, UnixNanos};
use hinomi_store::{AppendError, Batch, Peer as SeenPeer, Store, StoreError};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

/// Admits spans. One instance per process, shared by all receivers.
pub struct Ingest {
    store: Arc<dyn Store>,
    live: Arc<Live>,
    clock: Arc<dyn Clock>,
    limits: IngestLimits,
    metrics: IngestMetrics,
    in_flight: Arc<MemoryShare>,
    secret: Secret,
    state: Mutex<State>,
    /// Set once the recently received spans from before a restart are loaded, or loading has
    /// failed.
    restored: watch::Sender<bool>,
}

/// What admission remembers, by project.
#[derive(Default)]
struct State {
    projects: HashMap<Text, Project>,
}

struct Project {
    dedupe: Dedupe,
    cardinality: Cardinality,
    peers: PeerLearner,
}

/// Result for an admitted batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted {
    /// Number of spans that are now durable and counted.
    pub accepted: usize,
    /// Number of spans that already were.
    pub duplicates: usize,
}

/// Why a batch was not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A memory or queue limit is reached.
    #[error("the server is at its limit of spans in flight; send again later")]
    Busy {
        /// Time after which the client should retry.
        retry_after: Duration,
    },
    /// The server is shutting down.
    #[error("the server is shutting down; send again later")]
    ShuttingDown {
        /// Time after which the client should retry.
        retry_after: Duration,
    },
    /// The batch is larger than a log record may be. A smaller one can succeed.
    #[error("{bytes} bytes of spans at once are over the limit of {limit}; send smaller batches")]
    TooLarge {
        /// Size of the batch in bytes.
        bytes: usize,
        /// Maximum size in bytes.
        limit: usize,
    },
    /// The log could not be written.
    #[error("the server can not write to its disk; send again later")]
    Disk {
        /// Time after which the client should retry.
        retry_after: Duration,
    },
}

impl Refused {
    /// Time after which the client should retry; `None` if the same request must not be sent again.
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
    /// Admission. What these projects received lately is read back by [`Self::restore`], and nothing is
    /// admitted before that has finished. Other projects are met when they send first.
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
        let in_flight = MemoryShare::new(limits.in_flight_bytes);
        let ingest = Self {
            store,
            live,
            clock,
            limits,
            metrics,
            in_flight,
            secret,
            state: Mutex::default(),
            restored: watch::Sender::new(false),
        };
        for project in projects {
            ingest.meet(project).await?;
        }
        Ok(ingest)
    }

    /// Prepares the admission of a project's spans, unless it is prepared.
    async fn meet(&self, project: &Text) -> Result<(), StoreError> {
        if self.state().projects.contains_key(project) {
            return Ok(());
        }
        let known = self.store.peers(project.clone()).await?;
        let known = known.into_iter();
        let known = known.map(|(target, service)| Peer { target, service });
        let limits = &self.limits;
        let new = Project {
            dedupe: Dedupe::new(limits.dedupe_spans, limits.dedupe_window),
            cardinality: Cardinality::new(limits.clone()),
            peers: PeerLearner::new(
                limits.peer_candidates,
                known,
                self.clock.monotonic(),
                self.secret.clone(),
            ),
        };
        // Another request may have been faster.
        self.state().projects.entry(project.clone()).or_insert(new);
        Ok(())
    }

    /// Loads the ids of recently received spans, so that a request that is repeated after a restart
    /// counts once. Requests wait for this, but the server can report ready before. If it fails,
    /// requests are admitted anyway, and a repeat of spans that could not be loaded counts twice.
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
            // Shared, so that after an error the spans loaded so far are kept.
            let dedupe = Arc::new(Mutex::new(dedupe));
            let (found, secret) = (dedupe.clone(), self.secret.clone());
            let read = self.store.spans_since(
                project.clone(),
                since,
                Box::new(move |span| {
                    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    found.recall(secret.key_of(span))
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

    /// Waits until [`Self::restore`] has finished.
    async fn is_restored(&self) -> bool {
        let mut restored = self.restored.subscribe();
        restored.wait_for(|restored| *restored).await.is_ok()
    }

    /// Metrics of admission. Receivers also count what they refuse before admission.
    pub fn metrics(&self) -> &IngestMetrics {
        &self.metrics
    }

    /// Memory limit of requests in flight. Receivers reserve from it what a request needs before
    /// admission.
    pub fn in_flight(&self) -> &Arc<MemoryShare> {
        &self.in_flight
    }

    /// Reserves memory for a request.
    pub fn hold(&self, bytes: usize) -> Result<HeldMemory, Refused> {
        let held = self.in_flight.hold(bytes);
        held.ok_or_else(|| self.busy())
    }

    /// The answer to a request for which there is no memory. Counts it in the metrics.
    pub fn busy(&self) -> Refused {
        self.refused(Refused::Busy {
            retry_after: self.limits.retry_after,
        })
    }

    /// Reports to the trusted clock that a request arrived whose newest span ended at `newest`,
    /// according to its sender's clock.
    pub fn witness(&self, newest: UnixNanos) {
        self.store.clock().witness(newest.0);
    }

    /// The server's time, and the instant before which spans are refused as too old.
    pub fn now_and_oldest(&self) -> (UnixNanos, UnixNanos) {
        let (now, oldest) = self.store.clock().now_and_oldest();
        (UnixNanos(now), UnixNanos(oldest))
    }

    /// The server's time, from the trusted clock.
    pub fn now(&self) -> UnixNanos {
        UnixNanos(self.clock.unix_nanos())
    }

    /// Takes agents' reports of active requests, which are shown but not stored. Returns the number
    /// of series that were refused.
    pub fn active_requests(&self, project: &Text, reports: Vec<ActiveReport>) -> usize {
        self.live.report_active(project, self.now(), reports)
    }

    /// Admits the spans of one request. After `Ok` they are durable, visible in lists and sent to
    /// the live bus. It must not be cancelled once started, so receivers run it in a separate task:
    /// a client that disconnects cancels its handler.
    pub async fn spans(&self, project: &Text, spans: SpanBatch) -> Result<Admitted, Refused> {
        // A batch larger than the whole limit is accepted when nothing else is in flight; otherwise
        // it never would be.
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
        if let Err(error) = self.meet(project).await {
            tracing::warn!(%error, "the hosts that a project knows could not be read; its senders are told to wait");
            return Err(Refused::Busy {
                retry_after: self.limits.retry_after,
            });
        }
        let (flight, folded, peers) = self.begin(project, &mut spans);
        if !folded.is_empty() {
            self.tell(project, folded);
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
            self.live.apply(project, &delta);
            if !all_committed {
                return Err(Refused::Busy {
                    retry_after: self.limits.retry_after,
                });
            }
        }
        for peer in peers {
            let peer = SeenPeer {
                target: peer.target,
                service: peer.service,
                seen: self.now(),
            };
            if let Err(error) = self.store.learn_peer(project.clone(), peer).await {
                tracing::warn!(%error, "a host could not be remembered as a service");
            }
        }
        Ok(Admitted {
            accepted,
            duplicates: flight.duplicates,
        })
    }

    /// Drops duplicates, applies cardinality limits and learns peers, all under one short lock.
    fn begin(&self, project: &Text, spans: &mut SpanBatch) -> (Flight, Vec<Folded>, Vec<Peer>) {
        let now = self.clock.monotonic();
        let mut state = self.state();
        let Some(project) = state.projects.get_mut(project) else {
            return Default::default();
        };
        let mut flight = Flight::default();
        let kinds: Vec<SpanKind> = spans.shapes.iter().map(|shape| shape.kind).collect();
        spans.retain(|row| {
            let key = self.secret.key_of(SpanIdentity {
                trace_id: row.trace_id,
                span_id: row.span_id,
                kind: kinds[row.shape as usize],
                start: row.start,
            });
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

    /// Ends the flight of a request's spans. Returns whether all awaited spans are durable.
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

    fn tell(&self, project: &Text, folded: Vec<Folded>) {
        for one in &folded {
            self.metrics.count_folded(one.attribute.as_str(), one.spans);
        }
        for new in self.live.report_folded(project, self.now(), folded) {
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
            // The store logs this once, so it is not logged per request.
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

/// The spans of one request that are in flight.
#[derive(Debug, Default)]
struct Flight {
    /// New spans, whose flight ends with this request.
    keys: Vec<SpanKey>,
    /// Repeats of spans that are in flight in another request.
    awaited: Vec<SpanKey>,
    duplicates: usize,
}
