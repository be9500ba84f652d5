//! Runs queries off the reactor, with fair scheduling and limits on concurrency, time and memory.
//!
//! [`Turns`] decides which query is next. The server's own queries and those of pages run on the
//! runtime's blocking threads. Searches and exports run on threads of low priority, so that they do
//! not slow down ingest and pages.

use crate::{
    Asker, LakeError, LakeLimits, QuestionKind,
    query::{
        cancel::Cancel,
        turns::{KINDS, TurnLimits, Turns},
    },
    stats::{QuestionStats, add, get},
};
use hinomi_io::MemoryShare;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
    time::Duration,
};
use tokio::sync::oneshot;

pub(crate) struct QueryPool {
    desk: Arc<Desk>,
    timeout: Duration,
    /// Memory limit of all queries together.
    pub memory: Arc<MemoryShare>,
}

/// The waiting queries, and counters.
struct Desk {
    turns: Mutex<Turns<oneshot::Sender<()>>>,
    asked: [AtomicU64; KINDS],
    refused: [AtomicU64; KINDS],
}

impl QueryPool {
    pub fn new(limits: &LakeLimits) -> Self {
        let turns = Turns::new(TurnLimits {
            prompt: limits.query_threads,
            scans: limits.scan_threads,
            waiting: limits.waiting_queries,
        });
        Self {
            desk: Arc::new(Desk {
                turns: Mutex::new(turns),
                asked: Default::default(),
                refused: Default::default(),
            }),
            timeout: limits.query_timeout,
            memory: MemoryShare::new(limits.query_bytes),
        }
    }

    /// Runs a blocking job for the current request. If the future is dropped or the time limit is
    /// reached, the job is cancelled. It occupies its slot until it has stopped.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Cancel) -> Result<T, LakeError> + Send + 'static,
    ) -> Result<T, LakeError> {
        self.run_as(Asker::current(), job).await
    }

    /// Same as [`Self::run`], for a job that scans rows that rollups cannot answer.
    pub async fn scan<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Cancel) -> Result<T, LakeError> + Send + 'static,
    ) -> Result<T, LakeError> {
        let asker = Asker::current().at_least(QuestionKind::Search);
        self.run_as(asker, job).await
    }

    async fn run_as<T: Send + 'static>(
        &self,
        asker: Asker,
        job: impl FnOnce(&Cancel) -> Result<T, LakeError> + Send + 'static,
    ) -> Result<T, LakeError> {
        let kind = asker.kind;
        add(&self.desk.asked[kind as usize], 1);
        let mut has_begun = false;
        let answer = async {
            let turn = self.desk.turn(&asker).await?;
            has_begun = true;
            let cancel = Cancel::new(self.memory.clone());
            let _guard = cancel.guard();
            let job = move || {
                let answer = job(&cancel);
                drop(turn);
                answer
            };
            match kind.is_scan() {
                true => giving_way(job).await,
                false => tokio::task::spawn_blocking(job)
                    .await
                    .map_err(|error| LakeError::Internal(error.to_string()))?,
            }
        };
        let answer = tokio::time::timeout(self.timeout, answer).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(_) if has_begun => Err(LakeError::TimedOut),
            // The query never started, so a smaller query would not have helped.
            Err(_) => Err(LakeError::Busy),
        };
        if matches!(answer, Err(LakeError::Busy)) {
            add(&self.desk.refused[kind as usize], 1);
        }
        answer
    }

    /// Number of queries of each kind: current and since start.
    pub fn stats(&self) -> [QuestionStats; KINDS] {
        let turns = self.desk.turns();
        QuestionKind::ALL.map(|kind| QuestionStats {
            running: turns.running(kind) as u64,
            waiting: turns.waiting(kind) as u64,
            asked: get(&self.desk.asked[kind as usize]),
            refused: get(&self.desk.refused[kind as usize]),
        })
    }
}

impl Desk {
    fn turns(&self) -> MutexGuard<'_, Turns<oneshot::Sender<()>>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the asker's turn.
    async fn turn(self: &Arc<Self>, asker: &Asker) -> Result<Turn, LakeError> {
        let (wake, woken) = oneshot::channel();
        let turn = {
            let mut turns = self.turns();
            let entered = turns.enter(asker.kind, &asker.name, wake);
            // If the queue refused another waiter instead, dropping its sender here wakes it.
            let (id, _refused) = entered.map_err(|_| LakeError::Busy)?;
            start(&mut turns);
            Turn {
                desk: self.clone(),
                id,
            }
        };
        woken.await.map_err(|_| LakeError::Busy)?;
        Ok(turn)
    }
}

/// Starts all queries that may run.
fn start(turns: &mut Turns<oneshot::Sender<()>>) {
    while let Some((_, wake)) = turns.start() {
        // If the receiver is gone, its query was abandoned and ends its own turn.
        let _ = wake.send(());
    }
}

/// A place in the queue, later a running slot.
struct Turn {
    desk: Arc<Desk>,
    id: u64,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut turns = self.desk.turns();
        turns.end(self.id);
        start(&mut turns);
    }
}

/// Runs a job on a new thread of low priority. A thread cannot raise its priority again, so the
/// runtime's threads cannot be used. Creating a thread takes some tens of microseconds, a scan
/// milliseconds.
async fn giving_way<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, LakeError> + Send + 'static,
) -> Result<T, LakeError> {
    let (reply, answer) = oneshot::channel();
    let work = move || {
        if let Err(error) = hinomi_io::yield_to_others() {
            tracing::debug!(%error, "a search cannot give way to other threads");
        }
        // A closed channel means that no caller waits any more.
        let _ = reply.send(job());
    };
    let thread = std::thread::Builder::new().name("hinomi-scan".into());
    let spawned = thread.spawn(work);
    spawned.map_err(|error| LakeError::Internal(format!("no thread for a search: {error}")))?;
    answer
        .await
        .map_err(|_| LakeError::Internal("a search panicked".into()))?
}
