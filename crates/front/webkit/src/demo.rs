//! How far the demo has filled in its history.

use std::sync::atomic::{AtomicU8, Ordering};

/// How far the demo has filled in its history. Shared by the demo and the pages.
#[derive(Debug, Default)]
pub struct DemoHistory {
    percent: AtomicU8,
}

impl DemoHistory {
    /// Everything up to this share of the history is sent, from 0 to 1. It is not said to be done before
    /// [`Self::finish`].
    pub fn reach(&self, share: f64) {
        let percent = (share.clamp(0.0, 1.0) * 100.0) as u8;
        self.percent.store(percent.min(99), Ordering::Relaxed);
    }

    /// All of the history is stored.
    pub fn finish(&self) {
        self.percent.store(100, Ordering::Relaxed);
    }

    /// How far it is, in percent; 100 when it is done.
    pub fn percent(&self) -> u8 {
        self.percent.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_done_when_all_is_stored_and_not_before() {
        let history = DemoHistory::default();
        assert_eq!(history.percent(), 0);
        history.reach(0.437);
        assert_eq!(history.percent(), 43);
        history.reach(1.0);
        assert_eq!(history.percent(), 99);
        history.finish();
        assert_eq!(history.percent(), 100);
    }
}
