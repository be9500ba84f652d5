//! The suite of the store's contract, on the lake.

use crate::folder::Folder;
use hinomi_conformance::{End, Subject};
use hinomi_lake::{Lake, LakeLimits};
use hinomi_registry::DatabaseRegistry;
use hinomi_store::{Joined, Store};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

hinomi_conformance::suite!(Opened);

/// A lake in a folder of its own, with its registry.
struct Opened {
    // Dropped first.
    store: Option<Joined<Lake, DatabaseRegistry>>,
    folder: Folder,
}

impl Opened {
    fn lake(&self) -> &Lake {
        &self.store.as_ref().unwrap().telemetry
    }

    async fn open(&mut self) {
        let (telemetry, _) = self.folder.open().await;
        self.store = Some(Joined {
            telemetry,
            registry: self.folder.registry(),
        });
    }
}

/// Whether the next lake has a small memtable: every second has.
static IS_SMALL: AtomicBool = AtomicBool::new(false);

impl Subject for Opened {
    async fn new() -> Self {
        let mut limits = LakeLimits::default();
        if IS_SMALL.fetch_xor(true, Ordering::Relaxed) {
            // Sealed by size, in the background, while others are appended.
            limits.memtable_bytes = 40_000;
            limits.buckets_per_flush = 3;
        }
        let mut opened = Self {
            store: None,
            folder: Folder::with(limits),
        };
        opened.open().await;
        opened
    }

    fn store(&self) -> &dyn Store {
        self.store.as_ref().unwrap()
    }

    async fn flush(&mut self) {
        self.lake().flush().await.unwrap();
    }

    async fn pass(&mut self, time: Duration) {
        self.folder.clock.advance(time);
        self.lake().maintain().await.unwrap();
    }

    async fn restart(&mut self, end: End) {
        if end == End::Closed {
            self.lake().close().await.unwrap();
            self.folder.registry().close().await;
        }
        self.store = None;
        self.open().await;
    }
}
