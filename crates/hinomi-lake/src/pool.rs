//! Running queries off the reactor: so many at once, so many waiting, so long, in so much memory.

use crate::{LakeError, LakeLimits, cancel::Cancel};
use hinomi_io::MemoryShare;
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

pub(crate) struct QueryPool {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    timeout: Duration,
    /// What all of them may hold.
    pub memory: Arc<MemoryShare>,
}

impl QueryPool {
    pub fn new(limits: &LakeLimits) -> Self {
        Self {
            running: Arc::new(Semaphore::new(limits.query_threads)),
            admitted: Arc::new(Semaphore::new(limits.concurrent_queries)),
            timeout: limits.query_timeout,
            memory: MemoryShare::new(limits.query_bytes),
        }
    }

    /// Runs a blocking job. When the future is dropped or the time is over the job is told to
    /// stop; it counts as running until it has.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Cancel) -> Result<T, LakeError> + Send + 'static,
    ) -> Result<T, LakeError> {
        let admitted = self
            .admitted
            .clone()
            .try_acquire_owned()
            .map_err(|_| LakeError::Busy)?;
        let cancel = Cancel::new(self.memory.clone());
        let _guard = cancel.guard();
        let answer = async {
            let running = self.running.clone().acquire_owned().await;
            let running = running.map_err(|_| LakeError::Closed)?;
            let job = move || {
                let answer = job(&cancel);
                drop((running, admitted));
                answer
            };
            tokio::task::spawn_blocking(job)
                .await
                .map_err(|error| LakeError::Internal(error.to_string()))?
        };
        tokio::time::timeout(self.timeout, answer)
            .await
            .map_err(|_| LakeError::TimedOut)?
    }
}
