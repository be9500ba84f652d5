//! Cancellation and the memory limit of a scan on another thread.

use crate::LakeError;
use hinomi_io::{HeldMemory, MemoryShare};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Checked by a scan between batches.
#[derive(Debug, Clone)]
pub(crate) struct Cancel {
    gone: Arc<AtomicBool>,
    memory: Arc<MemoryShare>,
}

impl Cancel {
    /// For a scan that shares this memory limit with others.
    pub fn new(memory: Arc<MemoryShare>) -> Self {
        Self {
            gone: Arc::default(),
            memory,
        }
    }

    /// Returns an error once the guard has been dropped.
    pub fn check(&self) -> Result<(), LakeError> {
        if self.gone.load(Ordering::Relaxed) {
            Err(LakeError::Cancelled)
        } else {
            Ok(())
        }
    }

    /// Memory limit of all scans together, in bytes.
    pub fn memory_limit(&self) -> usize {
        self.memory.limit()
    }

    /// Reserves memory; the reservation lasts as long as the returned value lives.
    pub fn hold(&self, bytes: usize) -> Result<HeldMemory, LakeError> {
        self.memory.hold(bytes).ok_or_else(|| self.out_of_memory())
    }

    /// Changes the total size of a reservation.
    pub fn resize(&self, held: &mut HeldMemory, bytes: usize) -> Result<(), LakeError> {
        if held.resize(bytes) {
            Ok(())
        } else {
            Err(self.out_of_memory())
        }
    }

    fn out_of_memory(&self) -> LakeError {
        LakeError::OutOfMemory {
            limit: self.memory.limit(),
        }
    }

    /// A guard that cancels the scan when dropped.
    pub fn guard(&self) -> CancelGuard {
        CancelGuard(self.clone())
    }
}

/// Held by the caller that waits for the scan.
pub(crate) struct CancelGuard(Cancel);

impl Drop for CancelGuard {
    fn drop(&mut self) {
        self.0.gone.store(true, Ordering::Relaxed);
    }
}
