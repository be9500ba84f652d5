//! The flusher: the only thread that writes sealed memtables to segments and publishes them.
//!
//! First it writes the files: each under a temporary name, synced, renamed, and then the folders
//! synced. Then comes one catalog transaction, then one swap under the lock. If a step fails, the
//! memtable stays in memory and the step is retried.

pub(crate) mod files;

use crate::{
    LakeError,
    catalog::Publication,
    flush::files::Files,
    memtable::Memtable,
    segment::{Segment, lineage::Lineage, writer},
    shared::Shared,
    stats::add,
    tables::signals,
};
use hinomi_model::{Text, UnixNanos};
use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// Pause after a failure. A requested flush ends it early.
const RETRY: Duration = Duration::from_secs(1);

pub(crate) struct Flusher {
    shared: Arc<Shared>,
    /// Files of the oldest sealed memtable that are written but not published yet.
    written: Option<Vec<Arc<Segment>>>,
}

impl Flusher {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            written: None,
        }
    }

    /// Runs until the lake stops.
    pub fn run(mut self) {
        while !self.shared.is_stopping() {
            let oldest = self.shared.data.read().sealed.front().cloned();
            let Some(memtable) = oldest else {
                self.shared.threads.flusher.wait(RETRY);
                continue;
            };
            let begun = self.shared.data.clock.monotonic();
            match self.flush(&memtable) {
                Ok(()) => {
                    let took = self.shared.data.clock.monotonic().saturating_sub(begun);
                    let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
                    self.shared
                        .data
                        .counters
                        .last_flush_ns
                        .store(nanos, Ordering::Relaxed);
                }
                Err(LakeError::Closed) => break,
                Err(error) => {
                    tracing::error!(%error, "a memtable could not be written; it stays in memory and in the log, and is tried again");
                    add(&self.shared.data.counters.flush_failures, 1);
                    self.shared.threads.progress.send_modify(|progress| {
                        progress.failures += 1;
                        progress.last_failure = error.to_string();
                    });
                    self.shared.threads.flusher.wait(RETRY);
                }
            }
        }
    }

    fn flush(&mut self, memtable: &Memtable) -> Result<(), LakeError> {
        let segments = match self.written.take() {
            Some(segments) => segments,
            None => {
                // The flush continues even without the reservation, because it is what frees
                // memory.
                let bytes = writer::flush_bytes(memtable.bytes());
                let bytes = bytes.min(self.shared.files.memory.limit());
                let _held = self.shared.files.memory.hold(bytes);
                write(&self.shared, memtable)?
            }
        };
        let checkpoint = memtable.sequences.map_or(0, |(_, last)| last);
        let publication = Publication {
            segments: &segments,
            checkpoint,
        };
        let shared = &self.shared;
        // The log says the names again until the checkpoint moves over them.
        shared.write_names(checkpoint);
        let settled = shared
            .leftovers
            .settle(&*shared.files.disk, &shared.files.layout);
        if let Err(error) = settled.and_then(|()| shared.catalog.publish(publication)) {
            // The files are kept: if the record reached the disk despite the error, it names these
            // files.
            self.written = Some(segments);
            return Err(error);
        }
        let mut state = self.shared.data.write();
        state.add_segments(segments);
        state.sealed.pop_front();
        drop(state);
        add(&self.shared.data.counters.flushes, 1);
        self.shared
            .log
            .truncate_before
            .store(checkpoint + 1, Ordering::Release);
        self.shared
            .threads
            .progress
            .send_modify(|progress| progress.flushed += 1);
        self.shared.log.queue.wake();
        self.shared.maintenance.signal.notify();
        Ok(())
    }
}

/// Writes the files of a memtable. After a failure none of them is left.
fn write(shared: &Shared, memtable: &Memtable) -> Result<Vec<Arc<Segment>>, LakeError> {
    let lineage = memtable
        .sequences
        .map_or_else(Lineage::default, |(first, last)| Lineage::of(first, last));
    let now = UnixNanos(shared.data.clock.unix_nanos());
    let is_stopping = || shared.is_stopping();
    let buckets = shared.data.limits.buckets_per_flush;
    let of = (lineage, now);
    let mut files = Files::new(&shared.files, &*shared.names, buckets, &is_stopping, of);
    let chunks = memtable.chunks.iter();
    let projects: BTreeSet<&Text> = chunks.map(|chunk| chunk.project()).collect();
    let written = projects
        .into_iter()
        .try_for_each(|project| signals::flush(&mut files, project, memtable))
        .and_then(|()| files.finish());
    if written.is_err() {
        files.discard();
    }
    written
}
