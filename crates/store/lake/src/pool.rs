//! Running queries off the reactor: in turns that are fair, so many at once, so long, in so much memory.
//!
//! [`Turns`] says whose question is next. Own questions and those of pages run on the runtime's blocking
//! threads. Searches and exports run on threads that give way to all others, so that ingest and pages are
//! as quick as without them.

use crate::{
    Asker, LakeError, LakeLimits, QuestionKind,
    cancel::Cancel,
    stats::{QuestionStats, add, get},
    turns::{KINDS, TurnLimits, Turns},
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
    /// What all of them may hold.
    pub memory: Arc<MemoryShare>,
}

/// Where questions wait, and what has become of them.
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

    /// Runs a blocking job of the running request. When the future is dropped or the time is over the job
    /// is told to stop; it counts as running until it has.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Cancel) -> Result<T, LakeError> + Send + 'static,
    ) -> Result<T, LakeError> {
        self.run_as(Asker::current(), job).await
    }

    /// The same, for a job that reads rows which nothing was counted for.
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
            // Asking for less would not have helped.
            Err(_) => Err(LakeError::Busy),
        };
        if matches!(answer, Err(LakeError::Busy)) {
            add(&self.desk.refused[kind as usize], 1);
        }
        answer
    }

    /// Of each kind, how many questions there are and were.
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

    /// Waits until it is the asker's turn.
    async fn turn(self: &Arc<Self>, asker: &Asker) -> Result<Turn, LakeError> {
        let (wake, woken) = oneshot::channel();
        let turn = {
            let mut turns = self.turns();
            let entered = turns.enter(asker.kind, &asker.name, wake);
            // Whoever waited in its place is told by the sender that is dropped here.
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

/// Starts all that may run.
fn start(turns: &mut Turns<oneshot::Sender<()>>) {
    while let Some((_, wake)) = turns.start() {
        // One that is not heard has gone, and ends its turn by itself.
        let _ = wake.send(());
    }
}

/// A place in the queue, then a running slot.
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

/// Runs a job on a thread of its own that gives way to all others. A thread cannot take back that it gives
/// way, so the runtime's are of no use; one costs some tens of microseconds, a scan milliseconds.
async fn giving_way<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, LakeError> + Send + 'static,
) -> Result<T, LakeError> {
    let (reply, answer) = oneshot::channel();
    let work = move || {
        if let Err(error) = hinomi_io::yield_to_others() {
            tracing::debug!(%error, "a search cannot give way to other threads");
        }
        // Nobody waits any more when it is not heard.
        let _ = reply.send(job());
    };
    let thread = std::thread::Builder::new().name("hinomi-scan".into());
    let spawned = thread.spawn(work);
    spawned.map_err(|error| LakeError::Internal(format!("no thread for a search: {error}")))?;
    answer
        .await
        .map_err(|_| LakeError::Internal("a search panicked".into()))?
}
