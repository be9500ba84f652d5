//! Fair scheduling of queries: one queue per kind, turns between the askers in a queue, and
//! reserved slots.
//!
//! Promises, whatever is asked:
//! - Pages and searches have separate slots: no number of searches makes a page wait.
//! - Within a kind askers take turns: an asker with a thousand queries goes ahead of another asker
//!   once.
//! - One asker's scans never use all slots for scans, unless there is only one.
//! - Searches go before exports, but an export is passed over at most [`PASSED_OVER`] times, so
//!   that it finishes. The same holds for the server's own queries and those of pages.
//! - When a queue is full, another asker can still enter: the newest query of the asker with the
//!   most queries is refused instead.
//!
//! Knows neither threads nor time. `W` is whatever the caller uses to wake a waiting query.

use crate::QuestionKind;
use hinomi_model::Text;
use std::collections::{BTreeMap, VecDeque};

/// Maximum number of times that a waiting kind sees a more urgent one go first.
const PASSED_OVER: u32 = 4;

/// Number of kinds.
pub(crate) const KINDS: usize = QuestionKind::ALL.len();

/// Limits on running and waiting queries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TurnLimits {
    /// Number of page queries and own queries that run at once.
    pub prompt: usize,
    /// Number of searches and exports that run at once.
    pub scans: usize,
    /// Number of waiting queries per kind.
    pub waiting: usize,
}

/// The queue is full, and no other asker has enough queries in it to give way.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct QueueFull;

pub(crate) struct Turns<W> {
    limits: TurnLimits,
    queues: [Queue<W>; KINDS],
    running: BTreeMap<u64, (QuestionKind, Text)>,
    next_id: u64,
}

struct Queue<W> {
    /// Waiting askers with their queries. The asker whose turn is next comes first.
    askers: VecDeque<(Text, VecDeque<(u64, W)>)>,
    waiting: usize,
    passed_over: u32,
}

impl<W> Turns<W> {
    pub fn new(limits: TurnLimits) -> Self {
        let queue = |_| Queue {
            askers: VecDeque::new(),
            waiting: 0,
            passed_over: 0,
        };
        Self {
            limits,
            queues: QuestionKind::ALL.map(queue),
            running: BTreeMap::new(),
            next_id: 0,
        }
    }

    /// Queues a query. Returns its id, and the waker of a query that is refused in its place.
    pub fn enter(
        &mut self,
        kind: QuestionKind,
        name: &Text,
        wake: W,
    ) -> Result<(u64, Option<W>), QueueFull> {
        let queue = &mut self.queues[kind as usize];
        let mut refused = None;
        if queue.waiting >= self.limits.waiting {
            refused = Some(queue.make_room(name).ok_or(QueueFull)?);
        }
        let id = self.next_id;
        self.next_id += 1;
        queue.waiting += 1;
        match queue.askers.iter_mut().find(|(have, _)| have == name) {
            Some((_, questions)) => questions.push_back((id, wake)),
            None => queue
                .askers
                .push_back((name.clone(), VecDeque::from([(id, wake)]))),
        }
        Ok((id, refused))
    }

    /// Starts the next query, if one may run. Call until it returns `None`.
    pub fn start(&mut self) -> Option<(u64, W)> {
        use QuestionKind::{Export, Own, Page, Search};
        self.start_of([Own, Page])
            .or_else(|| self.start_of([Search, Export]))
    }

    /// Ends a query: it has finished, or its caller no longer waits.
    pub fn end(&mut self, id: u64) {
        if self.running.remove(&id).is_none() {
            for queue in &mut self.queues {
                queue.remove(id);
            }
        }
    }

    /// Number of waiting queries of a kind.
    pub fn waiting(&self, kind: QuestionKind) -> usize {
        self.queues[kind as usize].waiting
    }

    /// Number of running queries of a kind.
    pub fn running(&self, kind: QuestionKind) -> usize {
        let running = self.running.values();
        running.filter(|(have, _)| *have == kind).count()
    }

    /// Starts a query of two kinds that share slots. The first kind has priority, unless the second
    /// was passed over too often.
    fn start_of(&mut self, kinds: [QuestionKind; 2]) -> Option<(u64, W)> {
        let [first, second] = kinds;
        let passed_over = self.queues[second as usize].passed_over;
        let order = match passed_over < PASSED_OVER {
            true => [first, second],
            false => [second, first],
        };
        for kind in order {
            let Some((name, id, wake)) = self.take(kind) else {
                continue;
            };
            let other = &mut self.queues[second as usize];
            other.passed_over = match kind == second || other.waiting == 0 {
                true => 0,
                false => passed_over + 1,
            };
            self.running.insert(id, (kind, name));
            return Some((id, wake));
        }
        None
    }

    /// Removes the next query from a queue, if a slot is free for it.
    fn take(&mut self, kind: QuestionKind) -> Option<(Text, u64, W)> {
        let is_alike = |other: QuestionKind| other.is_scan() == kind.is_scan();
        let slots = match kind.is_scan() {
            true => self.limits.scans,
            false => self.limits.prompt,
        };
        // One slot is always left to other askers.
        let of_one = slots.saturating_sub(1).max(1);
        let alike = || self.running.values().filter(|(of, _)| is_alike(*of));
        if alike().count() >= slots
            || (kind == QuestionKind::Export && self.running(kind) >= of_one)
        {
            return None;
        }
        let may_run =
            |name: &Text| !kind.is_scan() || alike().filter(|(_, of)| of == name).count() < of_one;
        let queue = &self.queues[kind as usize];
        let at = queue.askers.iter().position(|(name, _)| may_run(name))?;
        let queue = &mut self.queues[kind as usize];
        let (name, mut questions) = queue.askers.remove(at)?;
        let (id, wake) = questions.pop_front()?;
        queue.waiting -= 1;
        if !questions.is_empty() {
            queue.askers.push_back((name.clone(), questions));
        }
        Some((name, id, wake))
    }
}

impl<W> Queue<W> {
    /// Removes the newest query of the asker with the most queries, if those are at least two more
    /// than this asker has.
    fn make_room(&mut self, name: &Text) -> Option<W> {
        let have = self.askers.iter().find(|(have, _)| have == name);
        let have = have.map_or(0, |(_, questions)| questions.len());
        let (_, most) = self
            .askers
            .iter_mut()
            .max_by_key(|(_, questions)| questions.len())?;
        if most.len() < have + 2 {
            return None;
        }
        let (_, wake) = most.pop_back()?;
        self.waiting -= 1;
        Some(wake)
    }

    fn remove(&mut self, id: u64) {
        for (_, questions) in &mut self.askers {
            let before = questions.len();
            questions.retain(|(have, _)| *have != id);
            self.waiting -= before - questions.len();
        }
        self.askers.retain(|(_, questions)| !questions.is_empty());
    }
}

#[cfg(test)]
mod tests;
