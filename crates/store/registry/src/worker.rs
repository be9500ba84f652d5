//! The thread that the database is used on, one change after the other.
//!
//! It has a runtime of its own: threads of an engine may wait for it, and a database that does not
//! answer holds up nothing else.

use crate::{
    RegistryError,
    repository::{Database, RegistryReply},
};
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, mpsc as blocking},
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};

/// Changes that may wait. Beyond it a task waits for a place, and a thread gives up at once.
const WAITING: usize = 256;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;
type Job = Box<dyn FnOnce(Arc<dyn Database>) -> Work + Send>;

/// The thread.
pub(crate) struct Worker {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    /// Starts the thread and opens a database on it.
    pub async fn start(
        open: impl FnOnce() -> RegistryReply<'static, Arc<dyn Database>> + Send + 'static,
    ) -> Result<Self, RegistryError> {
        let (jobs, mut waiting) = mpsc::channel::<Job>(WAITING);
        let (tell, opened) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(RegistryError::Thread)?;
        let run = move || {
            runtime.block_on(async move {
                let database = match open().await {
                    Ok(database) => database,
                    Err(error) => return drop(tell.send(Err(error))),
                };
                if tell.send(Ok(())).is_err() {
                    return;
                }
                while let Some(job) = waiting.recv().await {
                    job(database.clone()).await;
                }
                if let Err(error) = database.close().await {
                    tracing::debug!(%error, "a connection of the registry did not end in order");
                }
            });
        };
        let thread = std::thread::Builder::new().name("hinomi-registry".into());
        let thread = thread.spawn(run).map_err(RegistryError::Thread)?;
        opened.await.map_err(|_| RegistryError::Closed)??;
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Runs work on the thread after all earlier work, and waits for its end. Work whose caller goes
    /// away is done nevertheless.
    pub async fn run<T: Send + 'static, F>(
        &self,
        work: impl FnOnce(Arc<dyn Database>) -> F + Send + 'static,
    ) -> Result<T, RegistryError>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let (tell, done) = oneshot::channel();
        let job: Job = Box::new(move |database| {
            Box::pin(async move {
                // The caller may be gone.
                let _ = tell.send(work(database).await);
            })
        });
        let jobs = self.jobs().ok_or(RegistryError::Closed)?;
        jobs.send(job).await.map_err(|_| RegistryError::Closed)?;
        done.await.map_err(|_| RegistryError::Closed)
    }

    /// As [`Self::run`], for threads. Waits at most `time`.
    pub fn run_blocking<T: Send + 'static, F>(
        &self,
        work: impl FnOnce(Arc<dyn Database>) -> F + Send + 'static,
        time: Duration,
    ) -> Result<T, RegistryError>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let (tell, done) = blocking::channel();
        let job: Job = Box::new(move |database| {
            Box::pin(async move {
                // The caller may have given up.
                let _ = tell.send(work(database).await);
            })
        });
        let jobs = self.jobs().ok_or(RegistryError::Closed)?;
        jobs.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => RegistryError::TimedOut(Duration::ZERO),
            mpsc::error::TrySendError::Closed(_) => RegistryError::Closed,
        })?;
        done.recv_timeout(time)
            .map_err(|_| RegistryError::TimedOut(time))
    }

    /// Does what waits, ends the connections and the thread. Idempotent.
    pub async fn close(&self) {
        drop(self.lock_jobs().take());
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(thread) = thread else {
            return;
        };
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the thread of the registry had panicked; please report this");
        }
    }

    fn jobs(&self) -> Option<mpsc::Sender<Job>> {
        self.lock_jobs().clone()
    }

    fn lock_jobs(&self) -> std::sync::MutexGuard<'_, Option<mpsc::Sender<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
