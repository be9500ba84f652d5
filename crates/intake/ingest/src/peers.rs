//! Learns which called hosts are services of ours. If a server span's parent is a client span of an
//! HTTP or RPC call, the call's target is the service of the server span.
//!
//! The two spans come from different processes, in either order and in different requests. Where several
//! services answer at one host, what is learned holds for one caller and one path.

use crate::{Secret, dedupe::SpanKey};
use foldhash::fast::RandomState;
use hinomi_model::{CallCategory, SpanBatch, SpanKind, Text};
use hinomi_store::HostPlace;
use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map::Entry},
    hash::Hash,
    sync::Arc,
    time::Duration,
};

/// A target and the service that answered there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Peer {
    /// A host, or the name of a place behind a shared one.
    pub target: Text,
    pub service: Text,
}

/// Matches client spans with server spans.
#[derive(Debug)]
pub(crate) struct PeerLearner {
    secret: Secret,
    calls: Bounded<SpanKey, Arc<HostPlace>>,
    answers: Bounded<SpanKey, Text>,
    /// Peers that were already reported, with the time of the report on the monotonic clock.
    known: HashMap<Peer, Duration, RandomState>,
    /// Who answered at each host first.
    first: HashMap<Text, First, RandomState>,
    /// Hosts at which several services answer, with the number of places that were reported of each.
    shared: HashMap<Text, usize, RandomState>,
    /// Recently called places.
    places: HashSet<Arc<HostPlace>, RandomState>,
}

/// Who answered at a host first.
#[derive(Debug)]
struct First {
    service: Text,
    /// Where it answered.
    places: HashSet<Arc<HostPlace>, RandomState>,
}

/// Maximum number of places of a host that are remembered before it is known to be shared. Later ones
/// are learned when they are called again.
const MAX_FIRST_PLACES: usize = 64;
/// Maximum number of places of a shared host that are reported. Calls to further ones lead to a gateway on
/// the map, and the other hosts of the registry stay.
const MAX_SHARED_PLACES: usize = 512;
/// Maximum number of places that are kept as shared values.
const MAX_PLACES: usize = 4096;
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
        let mut learner = Self {
            secret,
            calls: Bounded::new(candidates),
            answers: Bounded::new(candidates),
            known: HashMap::default(),
            first: HashMap::default(),
            shared: HashMap::default(),
            places: HashSet::default(),
        };
        for peer in known {
            match HostPlace::of(&peer.target) {
                // A service that calls itself is no rule for others.
                Some(place) if place.caller == peer.service => {}
                Some(place) => *learner.shared.entry(place.target).or_default() += 1,
                None => {
                    let first = First {
                        service: peer.service.clone(),
                        places: HashSet::default(),
                    };
                    learner.first.insert(peer.target.clone(), first);
                }
            }
            learner.known.insert(peer, now);
        }
        learner
    }

    /// The peers that these spans reveal and that were not reported recently.
    pub fn observe(&mut self, spans: &SpanBatch, now: Duration) -> Vec<Peer> {
        let mut learned = Vec::new();
        // A batch has few kinds of calls.
        let mut places: HashMap<(u32, u32), Arc<HostPlace>, RandomState> = HashMap::default();
        for row in &spans.rows {
            let shape = spans.shape(row);
            let met = match (shape.kind, shape.call, row.parent_span_id) {
                (SpanKind::Client, Some(call), _)
                    if matches!(call.category, CallCategory::Http | CallCategory::Rpc) =>
                {
                    let place = match places.entry((row.shape, row.resource)) {
                        Entry::Occupied(known) => known.get().clone(),
                        Entry::Vacant(free) => {
                            let place = self.place(HostPlace {
                                target: spans.words.get(call.target).into(),
                                caller: spans.resource(row).service.clone(),
                                path: spans.words.get(call.detail).into(),
                            });
                            free.insert(place).clone()
                        }
                    };
                    self.called(self.secret.key_of_ids(row.trace_id, row.span_id), place)
                }
                (SpanKind::Server, _, parent) => {
                    let service = spans.resource(row).service.clone();
                    // The caller is the parent, or has the same id.
                    let own = self.secret.key_of_ids(row.trace_id, row.span_id);
                    match (self.calls.remove(&own), parent) {
                        (Some(place), _) => Some((place, service)),
                        (None, Some(parent)) => {
                            self.answered(self.secret.key_of_ids(row.trace_id, parent), service)
                        }
                        (None, None) => None,
                    }
                }
                _ => None,
            };
            if let Some((place, service)) = met {
                let peers = self.peers(place, service).into_iter();
                learned.extend(peers.filter(|peer| self.is_news(peer, now)));
            }
        }
        learned
    }

    /// What a call that was answered tells: of the host, or of the place where the host is shared. A
    /// service that calls itself tells of the place, too: the host is nobody else's for it.
    fn peers(&mut self, place: Arc<HostPlace>, service: Text) -> Vec<Peer> {
        let of_place = |place: &HostPlace, service: &Text| Peer {
            target: place.name(),
            service: service.clone(),
        };
        let reported = self.shared.get_mut(&place.target);
        if reported.is_some() || place.caller == service {
            let peer = of_place(&place, &service);
            if let Some(reported) = reported
                && !self.known.contains_key(&peer)
            {
                if *reported >= MAX_SHARED_PLACES {
                    return Vec::new();
                }
                *reported += 1;
            }
            return vec![peer];
        }
        let Some(first) = self.first.get_mut(&place.target) else {
            if self.first.len() >= MAX_KNOWN {
                self.first.clear();
            }
            let target = place.target.clone();
            let first = First {
                service: service.clone(),
                places: HashSet::from_iter([place]),
            };
            self.first.insert(target.clone(), first);
            return vec![Peer { target, service }];
        };
        if first.service == service {
            if first.places.len() < MAX_FIRST_PLACES {
                first.places.insert(place.clone());
            }
            let target = place.target.clone();
            return vec![Peer { target, service }];
        }
        // From now on it takes the path to tell who answers: also for those who have answered so far.
        let earlier = std::mem::take(&mut first.places);
        let earlier = earlier.iter().map(|place| of_place(place, &first.service));
        let mut all: Vec<Peer> = earlier.collect();
        all.push(of_place(&place, &service));
        if self.shared.len() >= MAX_KNOWN {
            self.shared.clear();
        }
        self.shared.insert(place.target.clone(), all.len());
        all
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

    /// The place as a shared value.
    fn place(&mut self, place: HostPlace) -> Arc<HostPlace> {
        if let Some(known) = self.places.get(&place) {
            return known.clone();
        }
        if self.places.len() >= MAX_PLACES {
            self.places.clear();
        }
        let place = Arc::new(place);
        self.places.insert(place.clone());
        place
    }

    fn called(&mut self, call: SpanKey, place: Arc<HostPlace>) -> Option<(Arc<HostPlace>, Text)> {
        if let Some(service) = self.answers.remove(&call) {
            return Some((place, service));
        }
        self.calls.insert(call, place);
        None
    }

    fn answered(&mut self, call: SpanKey, service: Text) -> Option<(Arc<HostPlace>, Text)> {
        if let Some(place) = self.calls.remove(&call) {
            return Some((place, service));
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
    fn a_host_of_several_services_is_learned_by_caller_and_path() {
        let at = Duration::from_secs(7);
        let mut learner = PeerLearner::new(10, [], at, Secret::new(&SystemEntropy));
        let meet = |learner: &mut PeerLearner, caller: &str, service: &str| {
            let call = SpanBuilder::http_call(caller, "gw:80").build();
            let answer = SpanBuilder::server(service, "POST /pay")
                .child_of(&call)
                .build();
            let spans = [&call, &answer].into_iter().collect();
            let learned = learner.observe(&spans, at);
            let detail = call.call.map(|call| call.detail).unwrap_or_default();
            let place = |caller: &str| HostPlace {
                target: "gw:80".into(),
                caller: caller.into(),
                path: detail.clone(),
            };
            let of_place = Peer {
                target: place(caller).name(),
                service: service.into(),
            };
            (learned, of_place)
        };
        let (learned, _) = meet(&mut learner, "shop", "orders");
        let whole = Peer {
            target: "gw:80".into(),
            service: "orders".into(),
        };
        assert_eq!(learned, std::slice::from_ref(&whole));
        let (learned, of_place) = meet(&mut learner, "desk", "pay");
        let earlier = Peer {
            target: HostPlace {
                caller: "shop".into(),
                ..HostPlace::of(&of_place.target).unwrap()
            }
            .name(),
            service: "orders".into(),
        };
        assert_eq!(learned, [earlier, of_place.clone()]);
        let known = [whole, of_place];
        let mut later = PeerLearner::new(10, known, at, Secret::new(&SystemEntropy));
        let (learned, of_place) = meet(&mut later, "shop", "pay");
        assert_eq!(learned, [of_place], "a later start knows that it is shared");
        let mut fresh = PeerLearner::new(10, [], at, Secret::new(&SystemEntropy));
        let (learned, of_place) = meet(&mut fresh, "pay", "pay");
        assert_eq!(learned, std::slice::from_ref(&of_place));
        let mut later = PeerLearner::new(10, [of_place], at, Secret::new(&SystemEntropy));
        let (learned, _) = meet(&mut later, "shop", "pay");
        let whole = Peer {
            target: "gw:80".into(),
            service: "pay".into(),
        };
        assert_eq!(learned, [whole], "who calls itself is no rule for others");
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
