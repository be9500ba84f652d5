//! Learns which called hosts are services of ours. If a server span's parent is a client span of an
//! HTTP or RPC call, the call's target is the service of the server span.
//!
//! The two spans come from different processes, in either order and in different requests.

use crate::{Secret, dedupe::SpanKey};
use foldhash::fast::RandomState;
use hinomi_model::{CallCategory, SpanBatch, SpanKind, Text};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::Hash,
    time::Duration,
};

/// A target and the service that answered there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Peer {
    pub target: Text,
    pub service: Text,
}

/// Matches client spans with server spans.
#[derive(Debug)]
pub(crate) struct PeerLearner {
    secret: Secret,
    calls: Bounded<SpanKey, Text>,
    answers: Bounded<SpanKey, Text>,
    /// Peers that were already reported, with the time of the report on the monotonic clock.
    known: HashMap<Peer, Duration, RandomState>,
    /// Recently seen targets.
    targets: HashSet<Text, RandomState>,
}

/// Maximum number of targets that are kept as shared texts.
const MAX_TARGETS: usize = 4096;
/// Maximum number of peers that are remembered as reported. Beyond it all are forgotten and
/// reported again.
const MAX_KNOWN: usize = 16 << 10;
/// A peer that is still seen is reported again after this time, because the store forgets unseen
/// peers.
const TELL_AGAIN: Duration = Duration::from_secs(24 * 3_600);

impl PeerLearner {
    /// `known` are treated as reported at `now`.
    pub fn new(
        candidates: usize,
        known: impl IntoIterator<Item = Peer>,
        now: Duration,
        secret: Secret,
    ) -> Self {
        Self {
            secret,
            calls: Bounded::new(candidates),
            answers: Bounded::new(candidates),
            known: known.into_iter().map(|peer| (peer, now)).collect(),
            targets: HashSet::default(),
        }
    }

    /// The peers that these spans reveal and that were not reported recently.
    pub fn observe(&mut self, spans: &SpanBatch, now: Duration) -> Vec<Peer> {
        let mut learned = Vec::new();
        for row in &spans.rows {
            let shape = spans.shape(row);
            let peer = match (shape.kind, shape.call, row.parent_span_id) {
                (SpanKind::Client, Some(call), _)
                    if matches!(call.category, CallCategory::Http | CallCategory::Rpc) =>
                {
                    let target = self.target(spans.words.get(call.target));
                    self.called(self.secret.key(row.trace_id, row.span_id), target)
                }
                (SpanKind::Server, _, Some(parent)) => {
                    let service = spans.resource(row).service.clone();
                    self.answered(self.secret.key(row.trace_id, parent), service)
                }
                _ => None,
            };
            learned.extend(peer.filter(|peer| self.is_news(peer, now)));
        }
        learned
    }

    fn is_news(&mut self, peer: &Peer, now: Duration) -> bool {
        if let Some(told) = self.known.get_mut(peer) {
            let is_old = now.saturating_sub(*told) >= TELL_AGAIN;
            if is_old {
                *told = now;
            }
            return is_old;
        }
        if self.known.len() >= MAX_KNOWN {
            self.known.clear();
        }
        self.known.insert(peer.clone(), now);
        true
    }

    /// The target as a shared text.
    fn target(&mut self, target: &str) -> Text {
        if let Some(known) = self.targets.get(target) {
            return known.clone();
        }
        if self.targets.len() >= MAX_TARGETS {
            self.targets.clear();
        }
        let target = Text::from(target);
        self.targets.insert(target.clone());
        target
    }

    fn called(&mut self, call: SpanKey, target: Text) -> Option<Peer> {
        if let Some(service) = self.answers.remove(&call) {
            return Some(Peer { target, service });
        }
        self.calls.insert(call, target);
        None
    }

    fn answered(&mut self, call: SpanKey, service: Text) -> Option<Peer> {
        if let Some(target) = self.calls.remove(&call) {
            return Some(Peer { target, service });
        }
        self.answers.insert(call, service);
        None
    }
}

/// A map that drops its oldest entries beyond a capacity.
#[derive(Debug)]
struct Bounded<K, V> {
    capacity: usize,
    entries: HashMap<K, V, RandomState>,
    order: VecDeque<K>,
}

impl<K: Copy + Eq + Hash, V> Bounded<K, V> {
    fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: HashMap::default(),
            order: VecDeque::new(),
        }
    }

    fn insert(&mut self, key: K, value: V) {
        if let Some(have) = self.entries.get_mut(&key) {
            *have = value;
            return;
        }
        // Evicted before the insertion, because exceeding the capacity once would double the table.
        while self.order.len() >= self.capacity {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            self.entries.remove(&oldest);
        }
        self.order.push_back(key);
        self.entries.insert(key, value);
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_io::SystemEntropy;
    use hinomi_testkit::SpanBuilder;

    #[test]
    fn a_host_is_learned_whichever_side_comes_first() {
        let call = SpanBuilder::http_call("checkout", "payment:8080").build();
        let answer = SpanBuilder::server("payment", "POST /pay")
            .child_of(&call)
            .build();
        let expected = [Peer {
            target: "payment:8080".into(),
            service: "payment".into(),
        }];
        for order in [[call.clone(), answer.clone()], [answer, call]] {
            let at = Duration::from_secs(7);
            let mut learner = PeerLearner::new(10, [], at, Secret::new(&SystemEntropy));
            let [first, second] = &order;
            let (first, second) = (
                [first].into_iter().collect(),
                [second].into_iter().collect(),
            );
            assert_eq!(learner.observe(&first, at), []);
            assert_eq!(learner.observe(&second, at), expected);
            let both = order.iter().collect();
            let day = at + TELL_AGAIN;
            assert_eq!(
                learner.observe(&both, day - Duration::from_nanos(1)),
                [],
                "told once"
            );
            assert_eq!(learner.observe(&both, day), expected, "a day later again");
            assert_eq!(learner.observe(&both, day), []);
        }
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut learner = PeerLearner::new(3, [], Duration::ZERO, Secret::new(&SystemEntropy));
        for _ in 0..10 {
            let call = SpanBuilder::http_call("checkout", "bank.example").build();
            learner.observe(&[&call].into_iter().collect(), Duration::ZERO);
        }
        assert_eq!(
            (learner.calls.entries.len(), learner.calls.order.len()),
            (3, 3)
        );
    }
}
