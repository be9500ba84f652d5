//! The public handle of the store: open, append, query, flush, close.

mod arrivals;
mod attributes;
mod call_trees;
mod commit;
mod contract;
pub mod fuzz;
mod logs;
mod open;
mod recent;
mod traces;

pub use open::LockedFolder;
pub use recent::{Piece, Recent};

use crate::{
    AppendError, Batch, LakeError, LakeLimits, LakeStats, Lost, Resolution, RollupRows,
    RollupSearch, Scrub, TransactionRows, TransactionSearch, TransactionTimes,
    folder::path::is_project,
    log::queue::Item,
    maintenance::scrub,
    memtable::SignalBatch,
    scan,
    shared::Shared,
    stats::get,
    tables::{TableId, rollups},
};
use hinomi_io::TrustedClock;
use hinomi_model::{RollupSet, SpanId, SpanIdentity, Text, TimeRange, TraceId, UnixNanos};
use hinomi_wal::WalLimits;
use std::{
    collections::BTreeSet,
    io,
    ops::ControlFlow,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};
use tokio::sync::oneshot;

/// Location and limits of a lake.
#[derive(Debug, Clone)]
pub struct LakeConfig {
    /// Data folder. Created if missing. Only one process can use it at a time.
    pub dir: PathBuf,
    /// Name of this node, recorded with every segment.
    pub node: Text,
    /// Memory, disk and time limits.
    pub limits: LakeLimits,
}

/// An open store. Clones share the same store. Dropping the last clone without [`Lake::close`]
/// equals a crash and loses nothing that was acknowledged.
#[derive(Clone)]
pub struct Lake {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Lock of the data folder; released when all threads have ended.
    lock: Mutex<Option<Box<dyn Send + Sync>>>,
}

impl Lake {
    /// Appends a batch. `Ok` means durable and visible to queries. An empty batch is a barrier: it
    /// returns `Ok` when every earlier append is durable, and an error when one of them failed
    /// meanwhile.
    pub async fn append(&self, batch: Batch) -> Result<(), AppendError> {
        let Batch {
            project,
            spans,
            rollups,
        } = batch;
        if spans.is_empty() {
            return self.barrier(&project).await;
        }
        debug_assert!(
            RollupSet::of(&spans) == *rollups,
            "a batch's rollups are what its spans add"
        );
        self.append_rows(project, spans, rollups).await
    }

    /// Waits until every earlier append is durable.
    async fn barrier(&self, project: &str) -> Result<(), AppendError> {
        check_project(project)?;
        let shared = &self.inner.shared;
        let place = shared.log.queue.reserve(0)?;
        let (ack, answer) = oneshot::channel();
        let failures = get(&shared.data.counters.commit_failures);
        place.fill(Item::Barrier { ack, failures });
        answer.await.unwrap_or(Err(AppendError::ShuttingDown))
    }

    /// Appends the rows of a signal, with the rollups of its spans.
    async fn append_rows<B: SignalBatch>(
        &self,
        project: Text,
        rows: B,
        rollups: Arc<RollupSet>,
    ) -> Result<(), AppendError> {
        check_project(&project)?;
        let shared = &self.inner.shared;
        if shared.disk_watch.is_low() {
            return Err(AppendError::NoSpace);
        }
        let place = shared.log.queue.reserve(rows.weight())?;
        let (ack, answer) = oneshot::channel();
        let limit = shared
            .data
            .limits
            .batch_bytes
            .min(WalLimits::default().record_bytes);
        commit::commit(limit, place, ack, project, rows, rollups)?;
        answer.await.unwrap_or(Err(AppendError::ShuttingDown))
    }

    /// The transactions of a selection: their number and the newest ones after the cursor.
    pub async fn transactions(
        &self,
        search: TransactionSearch,
    ) -> Result<TransactionRows, LakeError> {
        let shared = self.inner.shared.clone();
        // Free text and terms need a row-by-row scan; everything else is found by columns and
        // statistics.
        let is_scan = search.text.is_some() || !search.terms.is_empty();
        let job = move |cancel: &_| scan::transactions::search(&shared.data, &search, cancel);
        let pool = &self.inner.shared.pool;
        match is_scan {
            true => pool.scan(job).await,
            false => pool.run(job).await,
        }
    }

    /// End times and durations of all transactions of a search, ignoring its page and its terms.
    /// `None` when there are more than [`LakeLimits::times_rows`].
    pub async fn transaction_times(
        &self,
        search: TransactionSearch,
    ) -> Result<Option<TransactionTimes>, LakeError> {
        let shared = self.inner.shared.clone();
        let job = move |cancel: &_| scan::times::times(&shared.data, &search, cancel);
        self.inner.shared.pool.run(job).await
    }

    /// Rollups at the requested resolution, for every bucket that overlaps the range.
    pub async fn rollups(&self, search: RollupSearch) -> Result<RollupRows, LakeError> {
        let shared = self.inner.shared.clone();
        let job = move |cancel: &_| scan::rollups::rollups(&shared.data, &search, cancel);
        self.inner.shared.pool.run(job).await
    }

    /// The transactions of a range that are known to be lost.
    pub fn lost_transactions(&self, project: &str, range: TimeRange) -> Vec<Lost> {
        let state = self.inner.shared.data.read();
        let mut lost = state.lost(project, TableId::TRANSACTIONS, Some(range));
        let segments = state.segments(project, TableId::TRANSACTIONS, Some(range));
        let damaged = segments.iter().filter(|segment| segment.is_damaged());
        lost.extend(damaged.map(|segment| scan::lost(segment)));
        lost
    }

    /// Retention or the disk budget has deleted transactions of this project from before this
    /// instant; `None` if none were deleted.
    pub fn transactions_horizon(&self, project: &Text) -> Option<UnixNanos> {
        let state = self.inner.shared.data.read();
        let place = (project.clone(), TableId::TRANSACTIONS);
        state.horizons.get(&place).copied()
    }

    /// Verifies every segment now, which the background check otherwise does slowly. Answers leave
    /// out segments that fail and include segments again that pass.
    pub async fn scrub(&self) -> Result<Scrub, LakeError> {
        let shared = self.inner.shared.clone();
        tokio::task::spawn_blocking(move || scrub::all(&shared))
            .await
            .map_err(|error| LakeError::Internal(error.to_string()))
    }

    /// The projects that have any data.
    pub fn projects(&self) -> Vec<Text> {
        let state = self.inner.shared.data.read();
        let stored = state.segments.keys();
        let held = state.chunks().map(|chunk| chunk.project());
        let projects: BTreeSet<&Text> = stored.chain(held).collect();
        projects.into_iter().cloned().collect()
    }

    /// Ids of all spans of a project that arrived at `since` or later. May include some that arrived
    /// earlier.
    pub async fn span_keys_since(
        &self,
        project: Text,
        since: UnixNanos,
    ) -> Result<Vec<(TraceId, SpanId)>, LakeError> {
        let see = |keys: &mut Vec<_>, span: SpanIdentity| {
            keys.push((span.trace_id, span.span_id));
            ControlFlow::Continue(())
        };
        self.fold_spans_since(project, since, Vec::new(), see).await
    }

    /// Seals the memtable and waits until everything appended so far is in segments. After an error
    /// nothing is lost, and the write is retried in the background.
    pub async fn flush(&self) -> Result<(), LakeError> {
        let shared = &self.inner.shared;
        let mut progress = shared.threads.progress.subscribe();
        let failures = progress.borrow_and_update().failures;
        let (reply, sealed) = oneshot::channel();
        shared.log.queue.seal(reply);
        shared.threads.flusher.notify();
        let mut sealed = Some(sealed);
        let mut generation = u64::MAX;
        loop {
            {
                let now = progress.borrow_and_update();
                if now.flushed >= generation {
                    return Ok(());
                }
                if now.failures > failures {
                    let path = shared.files.layout.dir.clone();
                    let source = io::Error::other(now.last_failure.clone());
                    return Err(LakeError::Disk { path, source });
                }
                if now.stopped {
                    return Err(LakeError::Closed);
                }
            }
            match &mut sealed {
                Some(reply) => tokio::select! {
                    answer = reply => {
                        generation = answer.map_err(|_| LakeError::Closed)?;
                        sealed = None;
                    }
                    changed = progress.changed() => changed.map_err(|_| LakeError::Closed)?,
                },
                None => progress.changed().await.map_err(|_| LakeError::Closed)?,
            }
        }
    }

    /// Runs the compaction and retention that are due, and waits for the end. Both also run in the
    /// background, where failures are retried.
    pub async fn maintain(&self) -> Result<(), LakeError> {
        self.inner.shared.maintenance.run().await
    }

    /// Retention has deleted rollups of this resolution from before this instant. Older counts
    /// exist at coarser resolutions only, or not at all.
    pub fn horizon(&self, project: &str, resolution: Resolution) -> UnixNanos {
        let key = (project.into(), rollups::table_of(resolution));
        let state = self.inner.shared.data.read();
        state
            .horizons
            .get(&key)
            .copied()
            .unwrap_or(UnixNanos(i64::MIN))
    }

    /// Refuses further appends, writes everything to segments, ends the threads and releases the
    /// folder. After an error nothing acknowledged is lost, because the log has what segments lack.
    /// Queries may continue. Idempotent.
    pub async fn close(&self) -> Result<(), LakeError> {
        let shared = &self.inner.shared;
        shared.log.queue.close();
        let flushed = if shared.is_stopping() {
            Ok(())
        } else {
            self.flush().await
        };
        shared.stop();
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || inner.join())
            .await
            .map_err(|error| LakeError::Internal(error.to_string()))?;
        shared.catalog.close();
        self.inner.unlock();
        flushed
    }

    /// The time that this store trusts. All code that stores, deletes or shows data by time reads
    /// this clock.
    pub fn clock(&self) -> Arc<TrustedClock> {
        self.inner.shared.time.clock.clone()
    }

    /// Accepts the machine's clock as correct, on an operator's request. The age of data follows it
    /// from now on, also after a restart.
    pub async fn accept_clock(&self) -> Result<(), LakeError> {
        let shared = self.inner.shared.clone();
        let accept = move || {
            shared.time.clock.accept();
            let budget = shared.disk_watch.default_budget();
            shared
                .time
                .save(&*shared.files.disk, &shared.files.layout, budget);
        };
        tokio::task::spawn_blocking(accept)
            .await
            .map_err(|error| LakeError::Internal(error.to_string()))
    }

    /// Statistics of the store itself.
    pub fn stats(&self) -> LakeStats {
        self.inner.shared.stats()
    }

    fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let guard = StopGuard(self.inner.shared.clone());
        self.spawn_beside(name, move || {
            let _guard = guard;
            work();
        })
    }

    /// Starts a thread whose end does not stop the store.
    fn spawn_beside(&self, name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let thread = std::thread::Builder::new().name(name.into()).spawn(work)?;
        self.inner
            .threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(thread);
        Ok(())
    }
}

impl Inner {
    fn join(&self) {
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the store had panicked; please report this");
            }
        }
    }

    fn unlock(&self) {
        self.lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.stop();
        self.join();
    }
}

/// Stops the lake when one of its threads ends, even by a panic, so that no caller waits forever.
struct StopGuard(Arc<Shared>);

impl Drop for StopGuard {
    fn drop(&mut self) {
        self.0.stop();
        self.0
            .threads
            .progress
            .send_modify(|progress| progress.stopped = true);
    }
}

/// Refuses a project that cannot be the name of a folder.
fn check_project(project: &str) -> Result<(), AppendError> {
    match is_project(project) {
        true => Ok(()),
        false => Err(AppendError::Project(project.to_owned())),
    }
}
