//! Whose question is next: a queue a kind, in it a turn an asker, and running slots that are kept free.
//!
//! Promises, whatever is asked:
//! - Pages and searches run in slots of their own: no number of searches makes a page wait.
//! - Within a kind askers take turns: one who asks a thousand times is before another once.
//! - One asker's scans never take all slots for scans, where there are several.
//! - Searches go before exports, which are passed over [`PASSED_OVER`] times at most, so that they end.
//!   The same holds for the server's own questions and pages.
//! - When a queue is full, the newest question of whoever has most in it makes room for another asker.
//!
//! Knows neither threads nor time: what is to be told when a turn comes is the caller's `W`.

use crate::QuestionKind;
use hinomi_model::Text;
use std::collections::{BTreeMap, VecDeque};

/// Times that a kind which waits sees a more urgent one go first.
const PASSED_OVER: u32 = 4;

/// Kinds.
pub(crate) const KINDS: usize = QuestionKind::ALL.len();

/// How many run and wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TurnLimits {
    /// Pages and own questions that run at once.
    pub prompt: usize,
    /// Searches and exports that run at once.
    pub scans: usize,
    /// Questions of a kind that wait.
    pub waiting: usize,
}

/// The queue is full, and no one has more in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct QueueFull;

pub(crate) struct Turns<W> {
    limits: TurnLimits,
    queues: [Queue<W>; KINDS],
    running: BTreeMap<u64, (QuestionKind, Text)>,
    next_id: u64,
}

struct Queue<W> {
    /// Askers that wait, whose turn is next first, and their questions.
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

    /// Queues a question. Answers its id, and what waited in its place, which is refused now.
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

    /// Starts the next question, if one may run. To be called until there is none.
    pub fn start(&mut self) -> Option<(u64, W)> {
        use QuestionKind::{Export, Own, Page, Search};
        self.start_of([Own, Page])
            .or_else(|| self.start_of([Search, Export]))
    }

    /// A question has ended, or nobody waits for it any more.
    pub fn end(&mut self, id: u64) {
        if self.running.remove(&id).is_none() {
            for queue in &mut self.queues {
                queue.remove(id);
            }
        }
    }

    /// Questions of a kind that wait.
    pub fn waiting(&self, kind: QuestionKind) -> usize {
        self.queues[kind as usize].waiting
    }

    /// Questions of a kind that run.
    pub fn running(&self, kind: QuestionKind) -> usize {
        let running = self.running.values();
        running.filter(|(have, _)| *have == kind).count()
    }

    /// Starts one of two kinds that share slots, the first unless the second has waited long enough.
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

    /// Takes the question whose turn it is out of a queue, if a slot is free for it.
    fn take(&mut self, kind: QuestionKind) -> Option<(Text, u64, W)> {
        let is_alike = |other: QuestionKind| other.is_scan() == kind.is_scan();
        let slots = match kind.is_scan() {
            true => self.limits.scans,
            false => self.limits.prompt,
        };
        // One slot is left to others.
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
    /// Takes the newest question of whoever has most, if that is at least two more than this asker has.
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
