//! Telling a scan on another thread that nobody waits for it any more.

use crate::LakeError;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// What a scan looks at between batches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// An error once the guard is gone.
    pub fn check(&self) -> Result<(), LakeError> {
        if self.0.load(Ordering::Relaxed) {
            Err(LakeError::Cancelled)
        } else {
            Ok(())
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
        self.0.0.store(true, Ordering::Relaxed);
    }
}
