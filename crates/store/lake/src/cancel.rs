//! What a scan on another thread has to keep to: somebody waits for it, and its memory.

use crate::LakeError;
use hinomi_io::{HeldMemory, MemoryShare};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// What a scan looks at between batches.
#[derive(Debug, Clone)]
pub(crate) struct Cancel {
    gone: Arc<AtomicBool>,
    memory: Arc<MemoryShare>,
}

impl Cancel {
    /// For a scan that shares this memory with others.
    pub fn new(memory: Arc<MemoryShare>) -> Self {
        Self {
            gone: Arc::default(),
            memory,
        }
    }

    /// An error once the guard is gone.
    pub fn check(&self) -> Result<(), LakeError> {
        if self.gone.load(Ordering::Relaxed) {
            Err(LakeError::Cancelled)
        } else {
            Ok(())
        }
    }

    /// Bytes that all scans may hold together.
    pub fn memory_limit(&self) -> usize {
        self.memory.limit()
    }

    /// Memory for what the scan keeps, as long as the answer lives.
    pub fn hold(&self, bytes: usize) -> Result<HeldMemory, LakeError> {
        self.memory.hold(bytes).ok_or_else(|| self.out_of_memory())
    }

    /// Makes it so many bytes in all.
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

    /// Cancels when dropped.
    pub fn guard(&self) -> CancelGuard {
        CancelGuard(self.clone())
    }
}

/// Held by the one who waits.
pub(crate) struct CancelGuard(Cancel);

impl Drop for CancelGuard {
    fn drop(&mut self) {
        self.0.gone.store(true, Ordering::Relaxed);
    }
}
