//! The committer: the only thread that writes the log. Performs group commits: writes all waiting
//! batches, syncs once, makes the batches visible and acknowledges them.

use crate::{
    AppendError,
    log::{
        queue::{Commit, Item, Work},
        watermark::{Watermark, WatermarkFile},
    },
    shared::Shared,
    stats::add,
    tables::signals,
};
use hinomi_model::TimeRange;
use hinomi_wal::{Wal, WalError};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::sync::oneshot;

/// How often the memtable's age is checked while no batch arrives.
const TICK: Duration = Duration::from_millis(200);

pub(crate) struct Committer {
    shared: Arc<Shared>,
    wal: Wal,
    watermark: WatermarkFile,
    /// Callers that wait for the memtable to be sealed.
    seals: Vec<oneshot::Sender<u64>>,
    truncated_before: u64,
}

impl Committer {
    pub fn new(shared: Arc<Shared>, wal: Wal) -> Self {
        let watermark = WatermarkFile::new(shared.files.disk.clone(), shared.files.layout.clone());
        Self {
            shared,
            wal,
            watermark,
            seals: Vec::new(),
            truncated_before: 0,
        }
    }

    /// Runs until the queue is stopped.
    pub fn run(mut self) {
        loop {
            self.truncate();
            self.shared
                .data
                .counters
                .wal_bytes
                .store(self.wal.bytes(), Ordering::Relaxed);
            let hold = !self.seal_when_due();
            match self.shared.log.queue.take(hold, TICK) {
                Work::Group(group) => self.work(group),
                Work::Idle => {}
                Work::Stop => break,
            }
        }
    }

    fn work(&mut self, group: Vec<Item>) {
        let (mut commits, mut barriers) = (Vec::with_capacity(group.len()), Vec::new());
        for item in group {
            match item {
                Item::Commit(commit) => commits.push(*commit),
                Item::Barrier { ack, failures } => barriers.push((ack, failures)),
                Item::Seal(reply) => self.seals.push(reply),
            }
        }
        if !commits.is_empty() {
            self.commit(commits);
        }
        let failed = self
            .shared
            .data
            .counters
            .commit_failures
            .load(Ordering::Relaxed);
        // After a start on a full or read-only disk, queries may show data that is not synced yet.
        let settled = barriers.is_empty() || self.wal.settle().is_ok();
        for (ack, failures) in barriers {
            // A batch that the barrier waits for has failed, so the barrier fails too.
            let answer = if failed == failures && settled {
                Ok(())
            } else {
                Err(AppendError::Disk(
                    "a batch before this one could not be written".into(),
                ))
            };
            let _ = ack.send(answer);
        }
    }

    fn commit(&mut self, commits: Vec<Commit>) {
        let weight = commits.iter().map(|commit| commit.weight).sum();
        match self.write(&commits) {
            Ok(sequences) => {
                let (acks, range) = self.apply(commits, &sequences);
                // The watermark moves before any batch is acknowledged.
                if let (Some(sequence), Some(range)) = (sequences.last(), range) {
                    let sequence = *sequence;
                    self.watermark.note(Watermark { sequence, range });
                }
                // A caller that is gone needs no answer.
                acks.into_iter().for_each(|ack| drop(ack.send(Ok(()))));
            }
            Err(error) => {
                tracing::error!(%error, batches = commits.len(), "batches could not be written to the log; their senders are asked to try again");
                add(&self.shared.data.counters.commit_failures, 1);
                let error = AppendError::Disk(error.to_string());
                commits
                    .into_iter()
                    .for_each(|commit| drop(commit.ack.send(Err(error.clone()))));
            }
        }
        self.shared.log.queue.release(weight);
    }

    fn write(&mut self, commits: &[Commit]) -> Result<Vec<u64>, WalError> {
        let sequences = commits
            .iter()
            .map(|commit| self.wal.append(&commit.frame))
            .collect::<Result<Vec<_>, _>>()?;
        self.wal.sync()?;
        Ok(sequences)
    }

    /// Makes batches visible. Returns their acknowledgement channels, and the time range of the
    /// rows in memory.
    fn apply(
        &self,
        commits: Vec<Commit>,
        sequences: &[u64],
    ) -> (Vec<crate::log::queue::Ack>, Option<TimeRange>) {
        let now = self.shared.data.clock.monotonic();
        let mut acks = Vec::with_capacity(commits.len());
        let mut state = self.shared.data.write();
        for (commit, sequence) in commits.into_iter().zip(sequences) {
            let Commit {
                chunk,
                rollups,
                names,
                ack,
                ..
            } = commit;
            let rows = &self.shared.data.counters.rows_by_signal[signals::position(chunk.signal())];
            add(rows, chunk.len() as u64);
            self.shared.names.learn(chunk.project(), &names);
            state.apply(*sequence, chunk, &rollups, now);
            acks.push(ack);
        }
        let sealed = state.sealed.iter().filter_map(|table| table.range);
        let range = sealed
            .chain(state.active.range)
            .reduce(|all, one| all.union(one));
        drop(state);
        add(&self.shared.data.counters.commits, 1);
        (acks, range)
    }

    /// Seals the memtable if it is full, old or requested. Returns whether commits may continue:
    /// they stop while a full memtable waits for the disk.
    fn seal_when_due(&mut self) -> bool {
        let limits = &self.shared.data.limits;
        let now = self.shared.data.clock.monotonic();
        let state = self.shared.data.read();
        let active = &state.active;
        let full = active.bytes() >= limits.memtable_bytes;
        let old = !active.is_empty() && now.saturating_sub(active.opened) >= limits.memtable_age;
        let asked = !self.seals.is_empty();
        let (empty, waiting) = (active.is_empty(), state.sealed.len());
        drop(state);
        if !(full || old || asked) {
            return true;
        }
        if !empty && waiting >= limits.sealed_memtables {
            // Only a full memtable blocks commits. One that is old or requested can wait.
            return !full;
        }
        let mut state = self.shared.data.write();
        if !empty {
            state.seal();
        }
        let generation = state.generation;
        drop(state);
        self.shared.threads.flusher.notify();
        for reply in self.seals.drain(..) {
            // A caller that is gone needs no answer.
            let _ = reply.send(generation);
        }
        true
    }

    fn truncate(&mut self) {
        let before = self.shared.log.truncate_before.load(Ordering::Acquire);
        if before <= self.truncated_before {
            return;
        }
        match self.wal.truncate_before(before) {
            Ok(()) => self.truncated_before = before,
            // This only costs space; the next flush retries.
            Err(error) => {
                tracing::warn!(%error, "old log files could not be removed");
                self.truncated_before = before;
            }
        }
    }
}
