//! The suite of the store's contract, on the engine in memory.

use hinomi_conformance::{End, Subject, spans::HOUR};
use hinomi_io::clock::ManualClock;
use hinomi_memory_store::MemoryStore;
use hinomi_store::Store;
use std::{sync::Arc, time::Duration};

hinomi_conformance::suite!(InMemory);

struct InMemory {
    store: MemoryStore,
    clock: Arc<ManualClock>,
}

impl Subject for InMemory {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::at(HOUR.0));
        Self {
            store: MemoryStore::new(clock.clone()),
            clock,
        }
    }

    fn store(&self) -> &dyn Store {
        &self.store
    }

    async fn flush(&mut self) {}

    async fn pass(&mut self, time: Duration) {
        self.clock.advance(time);
    }

    async fn restart(&mut self, _end: End) {}
}
