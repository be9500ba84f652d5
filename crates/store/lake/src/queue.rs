//! The queue before the committer: bounded by weight and number, in order of arrival.
//!
//! A place is taken before a batch is encoded, so that what waits, also while it is being encoded,
//! is bounded, and so that a barrier waits for every batch that came before it.

use crate::{AppendError, LakeLimits, ServiceLabels, memtable::Chunk};
use hinomi_model::{RollupSet, UnixNanos, rollup::ServiceKey};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::oneshot;

/// How an append learns of its end.
pub(crate) type Ack = oneshot::Sender<Result<(), AppendError>>;

/// What the committer works on.
pub(crate) enum Item {
    /// A batch to write.
    Commit(Box<Commit>),
    /// Ack when everything before it is durable; `failures` is how many commits had failed when it
    /// came.
    Barrier { ack: Ack, failures: u64 },
    /// Seal the memtable and answer its generation.
    Seal(oneshot::Sender<u64>),
}

/// A batch, encoded.
pub(crate) struct Commit {
    pub frame: Vec<u8>,
    pub chunk: Arc<Chunk>,
    pub rollups: Arc<RollupSet>,
    pub services: HashMap<ServiceKey, UnixNanos>,
    pub labels: Vec<(ServiceKey, ServiceLabels)>,
    pub weight: usize,
    pub ack: Ack,
}

/// What there is to do.
pub(crate) enum Work {
    /// Commit these with one sync.
    Group(Vec<Item>),
    /// Nothing came; look around.
    Idle,
    /// The lake is gone.
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
    /// Weight of all that waits or is being committed.
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

    /// Takes a place for a batch of that weight.
    pub fn reserve(self: &Arc<Self>, weight: usize) -> Result<Place, AppendError> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(AppendError::ShuttingDown);
        }
        // A batch over the whole bound gets in when it is alone, or it never would.
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

    /// Queues a request to seal, full or not.
    pub fn seal(&self, reply: oneshot::Sender<u64>) {
        self.lock().slots.push_back(Slot::Ready(Item::Seal(reply)));
        self.changed.notify_all();
    }

    /// Waits for work, at most `tick`. With `hold` nothing is taken: the memtable is full.
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

    /// Gives the weight of committed or refused batches back.
    pub fn release(&self, weight: usize) {
        self.lock().release(weight);
    }

    /// Makes a waiting [`Self::take`] answer `Idle`.
    pub fn wake(&self) {
        self.lock().woken = true;
        self.changed.notify_all();
    }

    /// No more appends.
    pub fn close(&self) {
        self.lock().closed = true;
    }

    /// No more work; what waits is refused.
    pub fn stop(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.stopped = true;
        // Dropping the senders tells those who wait.
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
            // A seal stands alone: it comes after the commit of what is before it.
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

/// A place in the queue; dropped unfilled it is given up.
pub(crate) struct Place {
    queue: Arc<Queue>,
    number: u64,
    pub weight: usize,
    filled: bool,
}

impl Place {
    /// Puts the item in its place.
    pub fn fill(mut self, item: Item) {
        self.filled = true;
        self.put(Slot::Ready(item));
    }

    fn put(&self, slot: Slot) {
        let mut inner = self.queue.lock();
        // Before the first slot: the queue was stopped meanwhile, and dropping the item says so.
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
