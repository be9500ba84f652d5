//! The registry in front of its database.

mod contract;

use crate::{
    MemoryDatabase, PostgresDatabase, RegistryError, RegistryLimits, SqliteDatabase,
    known::Known,
    repository::{Database, RegistryReply, RegistryTransaction},
    worker::Worker,
};
use hinomi_store::LearnedTo;
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// What is remembered beside telemetry: answers from memory, changes go to the database.
///
/// - What people tell (deployments, promotions, settings) is durable before the call returns.
/// - What is learned from telemetry is written at each flush of the engine. A database that fails is
///   logged and counted, and the rows are written later.
pub struct DatabaseRegistry {
    shared: Arc<Shared>,
    worker: Worker,
}

struct Shared {
    known: RwLock<Known>,
    limits: RegistryLimits,
    /// Learned names are not written before this instant, because the last write failed.
    paused_until: Mutex<Option<Instant>>,
    write_failures: AtomicU64,
    writes: AtomicU64,
}

/// Figures of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RegistryStats {
    /// Hosts that are known to be services.
    pub peers: u64,
    /// Reported deployments that are kept.
    pub deployments: u64,
    /// Reported deployments that newer ones replaced since the start.
    pub forgotten_deployments: u64,
    /// Learned names that the database lacks.
    pub unwritten: u64,
    /// Successful writes of learned names.
    pub writes: u64,
    /// Changes that failed, of any kind.
    pub write_failures: u64,
}

impl DatabaseRegistry {
    /// Opens the registry in a file, which is made if it is missing. When the disk is full or
    /// read-only, it answers from what the file has, and each change tries the file again.
    pub async fn open_file(path: PathBuf, limits: RegistryLimits) -> Result<Self, RegistryError> {
        let open = move || -> RegistryReply<'static, Arc<dyn Database>> {
            Box::pin(async move { Ok(Arc::new(SqliteDatabase::open_or_read(&path).await?) as _) })
        };
        Self::open(open, limits).await
    }

    /// Opens the registry in a PostgreSQL database, `postgres://…`.
    pub async fn open_postgres(url: String, limits: RegistryLimits) -> Result<Self, RegistryError> {
        let open = move || -> RegistryReply<'static, Arc<dyn Database>> {
            Box::pin(async move {
                let opened = PostgresDatabase::open(&url, limits.open_time).await?;
                Ok(Arc::new(opened) as _)
            })
        };
        Self::open(open, limits).await
    }

    /// Opens the registry in memory. What is written outlives the registry, in `database`.
    pub async fn open_memory(
        database: &MemoryDatabase,
        limits: RegistryLimits,
    ) -> Result<Self, RegistryError> {
        let database = Arc::new(database.clone()) as Arc<dyn Database>;
        let open = move || -> RegistryReply<'static, Arc<dyn Database>> {
            Box::pin(std::future::ready(Ok(database)))
        };
        Self::open(open, limits).await
    }

    /// A new registry in memory, which forgets everything at its end.
    pub async fn in_memory() -> Result<Arc<Self>, RegistryError> {
        let database = MemoryDatabase::default();
        let opened = Self::open_memory(&database, RegistryLimits::default());
        opened.await.map(Arc::new)
    }

    async fn open(
        open: impl FnOnce() -> RegistryReply<'static, Arc<dyn Database>> + Send + 'static,
        limits: RegistryLimits,
    ) -> Result<Self, RegistryError> {
        let worker = Worker::start(open).await?;
        let read = move |database: Arc<dyn Database>| {
            in_time(limits.open_time, async move {
                let mut begun = database.begin_reading().await?;
                Known::read(&mut *begun, &limits).await
            })
        };
        let known = worker.run(read).await??;
        let shared = Shared {
            known: RwLock::new(known),
            limits,
            paused_until: Mutex::default(),
            write_failures: AtomicU64::new(0),
            writes: AtomicU64::new(0),
        };
        Ok(Self {
            shared: Arc::new(shared),
            worker,
        })
    }

    /// Figures of the registry.
    pub fn stats(&self) -> RegistryStats {
        let known = self.shared.read();
        let (mut peers, mut deployments) = (0, 0);
        for project in known.projects() {
            peers += project.peers.len() as u64;
            deployments += project.deployments.len() as u64;
        }
        RegistryStats {
            peers,
            deployments,
            forgotten_deployments: known.forgotten_deployments,
            unwritten: known.unwritten() as u64,
            writes: self.shared.writes.load(Ordering::Relaxed),
            write_failures: self.shared.write_failures.load(Ordering::Relaxed),
        }
    }

    /// Writes what is not written yet and ends the connections. Later changes fail, questions are
    /// still answered. Idempotent.
    pub async fn close(&self) {
        let shared = self.shared.clone();
        // When it is closed already, there is nothing to write.
        let _ = self
            .worker
            .run(move |database| shared.write_learned(database, None))
            .await;
        self.worker.close().await;
    }

    /// Writes learned names unless the last write failed a moment ago, and waits for it.
    async fn write_learned(&self) {
        if self.shared.is_paused() {
            return;
        }
        let shared = self.shared.clone();
        let written = self
            .worker
            .run(move |database| shared.write_learned(database, None));
        if let Err(error) = written.await {
            self.shared.failed(&error);
        }
    }

    /// Makes a change durable, then applies it in memory.
    async fn change(
        &self,
        make: impl for<'a> FnOnce(&'a mut dyn RegistryTransaction) -> RegistryReply<'a, ()>
        + Send
        + 'static,
        apply: impl FnOnce(&mut Known, &RegistryLimits) + Send + 'static,
    ) -> Result<(), RegistryError> {
        let shared = self.shared.clone();
        let work = move |database: Arc<dyn Database>| async move {
            let changed = in_time(shared.limits.write_time, async {
                let mut begun = database.begin().await?;
                make(&mut *begun).await?;
                begun.commit().await
            });
            // On this thread, so that memory and database have the same order.
            changed
                .await
                .inspect(|()| apply(&mut shared.write(), &shared.limits))
                .inspect_err(|error| shared.failed(error))
        };
        self.worker.run(work).await?
    }
}

impl Shared {
    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_paused(&self) -> bool {
        let until = self.paused_until.lock();
        let until = *until.unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn pause(&self, time: Option<Duration>) {
        let until = time.map(|time| Instant::now() + time);
        *self
            .paused_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = until;
    }

    fn failed(&self, error: &RegistryError) {
        self.write_failures.fetch_add(1, Ordering::Relaxed);
        tracing::error!(%error, "the registry could not be written");
    }

    /// Writes learned names. Runs on the worker, so that no two writes mix and a mark never counts
    /// before the names that it stands for.
    async fn write_learned(self: Arc<Self>, database: Arc<dyn Database>, mark: Option<LearnedTo>) {
        let unwritten = self.write().take_unwritten(&self.limits);
        if unwritten.is_empty() && mark.is_none() {
            return;
        }
        let written = in_time(self.limits.write_time, async {
            let mut begun = database.begin().await?;
            unwritten.clone().write(&mut *begun).await?;
            if let Some(mark) = &mark {
                begun.set_learned(mark.clone()).await?;
            }
            begun.commit().await
        });
        match written.await {
            Ok(()) => {
                if let Some(mark) = mark {
                    self.write().learned.insert(mark.node, mark.sequence);
                }
                self.writes.fetch_add(1, Ordering::Relaxed);
                self.pause(None);
            }
            Err(error) => {
                self.write().put_back(unwritten);
                self.failed(&error);
                self.pause(Some(self.limits.retry_pause));
            }
        }
    }
}

/// The result of the work, or an error when it takes longer than `time`.
async fn in_time<T>(
    time: Duration,
    work: impl Future<Output = Result<T, RegistryError>>,
) -> Result<T, RegistryError> {
    timeout(time, work)
        .await
        .unwrap_or(Err(RegistryError::TimedOut(time)))
}
