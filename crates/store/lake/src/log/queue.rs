//! The queue before the committer: bounded by weight and number, in order of arrival.
//!
//! A place is reserved before a batch is encoded. So the limit also covers batches that are being
//! encoded, and a barrier waits for every batch that came before it.

use crate::{AppendError, LakeLimits, memtable::AnyChunk};
use hinomi_model::RollupSet;
use hinomi_store::BatchNames;
use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::oneshot;

/// Channel for the result of an append.
pub(crate) type Ack = oneshot::Sender<Result<(), AppendError>>;

/// A task for the committer.
pub(crate) enum Item {
    /// A batch to write.
    Commit(Box<Commit>),
    /// Acknowledge once everything before it is durable. `failures` is the number of failed commits
    /// at the time of the request.
    Barrier { ack: Ack, failures: u64 },
    /// Seal the memtable and answer with its generation.
    Seal(oneshot::Sender<u64>),
}

/// An encoded batch.
pub(crate) struct Commit {
    pub frame: Vec<u8>,
    pub chunk: Arc<dyn AnyChunk>,
    pub rollups: Arc<RollupSet>,
    pub names: BatchNames,
    pub weight: usize,
    pub ack: Ack,
}

/// The next work of the committer.
pub(crate) enum Work {
    /// Commit these in one group, with one sync.
    Group(Vec<Item>),
    /// Nothing arrived within the tick.
    Idle,
    /// The lake has stopped.
    Stop,
}

pub(crate) struct Queue {
    inner: Mutex<Inner>,
    changed: Condvar,
    limits: LakeLimits,
}

#[derive(Default)]
struct Inner {
    slots: VecDeque<Slot>,
    /// Number of the first slot.
    first: u64,
    /// Total weight of waiting batches and of those being committed.
    bytes: usize,
    closed: bool,
    stopped: bool,
    woken: bool,
}

enum Slot {
    Encoding,
    Ready(Item),
    Abandoned,
}

impl Queue {
    pub fn new(limits: LakeLimits) -> Self {
        Self {
            inner: Mutex::default(),
            changed: Condvar::new(),
            limits,
        }
    }

    /// Reserves a place for a batch of this weight.
    pub fn reserve(self: &Arc<Self>, weight: usize) -> Result<Place, AppendError> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(AppendError::ShuttingDown);
        }
        // A batch larger than the whole limit is accepted when the queue is empty; otherwise it
        // never would be.
        let full = inner.bytes > 0 && inner.bytes + weight > self.limits.queue_bytes;
        if full || inner.slots.len() >= self.limits.queue_batches {
            return Err(AppendError::Full);
        }
        inner.bytes += weight;
        let number = inner.first + inner.slots.len() as u64;
        inner.slots.push_back(Slot::Encoding);
        Ok(Place {
            queue: self.clone(),
            number,
            weight,
            filled: false,
        })
    }

    /// Queues a request to seal, even if the queue is full.
    pub fn seal(&self, reply: oneshot::Sender<u64>) {
        self.lock().slots.push_back(Slot::Ready(Item::Seal(reply)));
        self.changed.notify_all();
    }

    /// Waits for work, at most `tick`. With `hold` it takes nothing, because the memtable is full.
    pub fn take(&self, hold: bool, tick: Duration) -> Work {
        let mut inner = self.lock();
        loop {
            if inner.stopped {
                return Work::Stop;
            }
            if !hold {
                let group = inner.pop_group(&self.limits);
                if !group.is_empty() {
                    return Work::Group(group);
                }
            }
            if std::mem::take(&mut inner.woken) {
                return Work::Idle;
            }
            let waited = self.changed.wait_timeout(inner, tick);
            let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            inner = guard;
            if timeout.timed_out() {
                inner.woken = true;
            }
        }
    }

    /// Releases the weight of committed or refused batches.
    pub fn release(&self, weight: usize) {
        self.lock().release(weight);
    }

    /// Makes a waiting [`Self::take`] return `Idle`.
    pub fn wake(&self) {
        self.lock().woken = true;
        self.changed.notify_all();
    }

    /// Refuses further appends.
    pub fn close(&self) {
        self.lock().closed = true;
    }

    /// Stops the committer and refuses everything that waits.
    pub fn stop(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.stopped = true;
        // Dropping the senders notifies the waiting callers.
        let waiting = std::mem::take(&mut inner.slots);
        inner.first += waiting.len() as u64;
        drop(inner);
        self.changed.notify_all();
    }

    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    pub fn len(&self) -> usize {
        self.lock().slots.len()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn pop_group(&mut self, limits: &LakeLimits) -> Vec<Item> {
        let (mut group, mut bytes) = (Vec::new(), 0);
        while group.len() < limits.group_batches && bytes < limits.group_bytes {
            // A seal forms its own group, after the commit of everything before it.
            match self.slots.front() {
                Some(Slot::Ready(Item::Seal(_))) if !group.is_empty() => break,
                Some(Slot::Ready(_) | Slot::Abandoned) => {}
                Some(Slot::Encoding) | None => break,
            }
            self.first += 1;
            if let Some(Slot::Ready(item)) = self.slots.pop_front() {
                let seal = matches!(item, Item::Seal(_));
                if let Item::Commit(commit) = &item {
                    bytes += commit.frame.len();
                }
                group.push(item);
                if seal {
                    break;
                }
            }
        }
        group
    }

    fn release(&mut self, weight: usize) {
        debug_assert!(self.bytes >= weight, "what is given back was taken");
        self.bytes = self.bytes.saturating_sub(weight);
    }
}

/// A place in the queue. If dropped unfilled, the place is abandoned.
pub(crate) struct Place {
    queue: Arc<Queue>,
    number: u64,
    pub weight: usize,
    filled: bool,
}

impl Place {
    /// Fills the place.
    pub fn fill(mut self, item: Item) {
        self.filled = true;
        self.put(Slot::Ready(item));
    }

    fn put(&self, slot: Slot) {
        let mut inner = self.queue.lock();
        // The place is gone if the queue was stopped meanwhile; dropping the item notifies its
        // caller.
        if let Some(at) = self.number.checked_sub(inner.first)
            && let Some(place) = inner.slots.get_mut(at as usize)
        {
            *place = slot;
        }
        drop(inner);
        self.queue.changed.notify_all();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.filled {
            self.put(Slot::Abandoned);
            self.queue.release(self.weight);
        }
    }
}
