//! Requests to the maintainer from other threads.

use crate::{LakeError, wake::Wake};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// Interface of the maintainer to other threads.
#[derive(Default)]
pub(crate) struct Maintenance {
    pub signal: Wake,
    pub asked: AtomicU64,
    pub served: watch::Sender<Served>,
}

/// Progress of the maintainer, for threads that wait for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Served {
    pub asked: u64,
    pub failure: Option<String>,
    pub stopped: bool,
}

impl Maintenance {
    /// Requests a round and waits for its end.
    pub async fn run(&self) -> Result<(), LakeError> {
        let mut served = self.served.subscribe();
        let mine = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.signal.notify();
        let done = served
            .wait_for(|served| served.asked >= mine || served.stopped)
            .await
            .map_err(|_| LakeError::Closed)?;
        if done.asked < mine {
            return Err(LakeError::Closed);
        }
        match &done.failure {
            None => Ok(()),
            Some(failure) => Err(LakeError::Internal(failure.clone())),
        }
    }
}
