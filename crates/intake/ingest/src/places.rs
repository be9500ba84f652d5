//! A bounded number of places, and who keeps one: what is counted under a name of its own.
//!
//! Who was there first and is busy stays. When all places are taken, what has not been used for long
//! loses its place; after that what is idle, to a newcomer that is busier; and where places are shared, the
//! least busy of who has more than its share, to who has less. So a scanner that makes up names wins
//! nothing.
//!
//! Names are known by a hash of 64 bits with a random key: that two of a hundred thousand share one is a
//! matter of once in a thousand million starts, and harmless.

use foldhash::fast::RandomState;
use std::{cmp::Reverse, collections::HashMap, time::Duration};

/// How often places that are all taken are looked through.
const SWEEP: Duration = Duration::from_secs(10);
/// How busy each is is halved so often: what was long ago counts little.
const HALVED: Duration = Duration::from_secs(60);
/// What was used within this time keeps its place against those of owners with as small a share.
const IN_USE: Duration = Duration::from_secs(60);
/// Spans that a newcomer has to bring between two sweeps, to take a place.
const CLAIM: u32 = 4;
/// So many times as much counts a span of who has less than its share, against who has more.
const SMALL: u32 = 8;

/// What has a place.
#[derive(Debug, Clone, Copy)]
struct Use {
    owner: u64,
    /// Second on the monotonic clock.
    used: u32,
    /// Spans of late.
    busy: u32,
}

/// The places.
#[derive(Debug)]
pub(crate) struct Places {
    capacity: usize,
    /// Whether who has more than its share has to yield to who has less.
    is_shared: bool,
    /// What was not used for so long leaves its place to another.
    unused: u32,
    taken: HashMap<u64, Use, RandomState>,
    /// Places of each owner.
    owned: HashMap<u64, u32, RandomState>,
    /// Spans of newcomers without a place, since the last sweep.
    claims: HashMap<u64, u32, RandomState>,
    /// Whose place is taken next: the last one first.
    leaving: Vec<u64>,
    swept: u32,
    halved: u32,
}

impl Places {
    /// So many places; what was not used for as long as `unused` leaves its own when it is wanted.
    pub fn new(capacity: usize, unused: Duration) -> Self {
        Self {
            capacity,
            is_shared: false,
            unused: seconds(unused),
            taken: HashMap::default(),
            owned: HashMap::default(),
            claims: HashMap::default(),
            leaving: Vec::new(),
            swept: 0,
            halved: 0,
        }
    }

    /// The same, shared out among owners. Only where there is a bound on owners: else who makes up
    /// owners has every share.
    pub fn shared(capacity: usize, unused: Duration) -> Self {
        Self {
            is_shared: true,
            ..Self::new(capacity, unused)
        }
    }

    /// Whether it has a place: notes that so many spans used it.
    pub fn is_known(&mut self, name: u64, spans: u32, now: Duration) -> bool {
        let Some(known) = self.taken.get_mut(&name) else {
            return false;
        };
        known.used = seconds(now);
        known.busy = known.busy.saturating_add(spans);
        true
    }

    /// Whether it has a place.
    pub fn contains(&self, name: u64) -> bool {
        self.taken.contains_key(&name)
    }

    /// Gives it a place, if it can have one or has one. `owner` is whose it is: places are shared among
    /// owners.
    pub fn take(&mut self, name: u64, owner: u64, spans: u32, now: Duration) -> bool {
        self.is_known(name, spans, now)
            || self.has_room(name, owner, spans, now) && {
                self.put(name, owner, spans, now);
                true
            }
    }

    /// Whether one that has no place could have one: another loses its own for it where need be.
    pub fn has_room(&mut self, name: u64, owner: u64, spans: u32, now: Duration) -> bool {
        if self.taken.len() < self.capacity {
            return true;
        }
        self.sweep(seconds(now));
        self.taken.len() < self.capacity || self.displace(name, owner, spans)
    }

    /// Gives it a place even where there is none: for who asks so for one each of a bounded number.
    pub fn insist(&mut self, name: u64, owner: u64, spans: u32, now: Duration) {
        if !self.is_known(name, spans, now) {
            self.put(name, owner, spans, now);
        }
    }

    /// How many are taken.
    pub fn len(&self) -> usize {
        self.taken.len()
    }

    /// Whether an owner has any.
    pub fn has_any(&self, owner: u64) -> bool {
        self.owned.contains_key(&owner)
    }

    fn put(&mut self, name: u64, owner: u64, spans: u32, now: Duration) {
        let place = Use {
            owner,
            used: seconds(now),
            busy: spans,
        };
        self.taken.insert(name, place);
        *self.owned.entry(owner).or_default() += 1;
    }

    /// Makes room for a newcomer that is worth it.
    fn displace(&mut self, name: u64, owner: u64, spans: u32) -> bool {
        if self.claims.len() >= self.capacity {
            // A flood of names that come once: those that come often claim anew, soon.
            self.claims.clear();
        }
        let claim = self.claims.entry(name).or_default();
        *claim = claim.saturating_add(spans);
        let claim = *claim;
        let owners = self.owned.len() + usize::from(!self.owned.contains_key(&owner));
        let has_more = self.has_more(owner, owners);
        while let Some(leaving) = self.leaving.last().copied() {
            let known = self.taken.get(&leaving).copied();
            let Some(known) = known else {
                self.leaving.pop();
                continue;
            };
            let yields = match (has_more, self.has_more(known.owner, owners)) {
                (false, true) => claim.saturating_mul(SMALL) > known.busy,
                (true, false) => false,
                _ if self.swept < known.used + seconds(IN_USE) => {
                    self.leaving.pop();
                    continue;
                }
                _ => claim >= CLAIM && claim > known.busy,
            };
            if yields {
                self.leaving.pop();
                self.remove(leaving);
                self.claims.remove(&name);
            }
            return yields;
        }
        false
    }

    /// Whether an owner has more than its share, among so many.
    fn has_more(&self, owner: u64, owners: usize) -> bool {
        let owned = self.owned.get(&owner).copied().unwrap_or(0);
        self.is_shared && owned as usize > (self.capacity / owners.max(1)).max(1)
    }

    fn remove(&mut self, name: u64) {
        if let Some(gone) = self.taken.remove(&name) {
            self.disown(gone.owner);
        }
    }

    fn disown(&mut self, owner: u64) {
        if let Some(owned) = self.owned.get_mut(&owner) {
            *owned -= 1;
            if *owned == 0 {
                self.owned.remove(&owner);
            }
        }
    }

    /// Frees what was not used for long, and finds who has to leave next.
    fn sweep(&mut self, now: u32) {
        let is_due = now >= self.swept + seconds(SWEEP);
        if !is_due && (!self.leaving.is_empty() || now == self.swept) {
            return;
        }
        self.swept = now;
        self.claims.clear();
        let halve = now >= self.halved + seconds(HALVED);
        if halve {
            self.halved = now;
        }
        let (mut gone, unused) = (Vec::new(), self.unused);
        self.taken.retain(|_, known| {
            if halve {
                known.busy /= 2;
            }
            let kept = now.saturating_sub(known.used) < unused;
            if !kept {
                gone.push(known.owner);
            }
            kept
        });
        gone.into_iter().for_each(|owner| self.disown(owner));
        let mut leaving: Vec<_> = self
            .taken
            .iter()
            .filter_map(|(name, known)| {
                // One more owner may come.
                let has_more = self.has_more(known.owner, self.owned.len() + 1);
                let is_idle = now.saturating_sub(known.used) >= seconds(IN_USE);
                let busy = if has_more {
                    known.busy / SMALL
                } else {
                    known.busy
                };
                (has_more || is_idle).then_some((
                    Reverse(busy),
                    has_more,
                    Reverse(known.used),
                    *name,
                ))
            })
            .collect();
        leaving.sort_unstable();
        self.leaving = leaving.into_iter().map(|(.., name)| name).collect();
    }
}

fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER: Duration = Duration::from_secs(900);

    fn at(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    #[test]
    fn a_flood_of_names_that_come_once_takes_no_place_of_another() {
        let mut places = Places::new(100, QUARTER);
        assert!((0..100).all(|name| places.take(name, 1, 1, at(0))));
        for second in 0..800 {
            for flood in 0..200 {
                assert!(!places.take(1_000 + second * 200 + flood, 1, 1, at(second)));
            }
            assert!(places.len() <= 100);
        }
    }

    #[test]
    fn who_has_less_than_its_share_takes_from_who_has_more_and_the_busy_stay() {
        let mut places = Places::shared(100, QUARTER);
        // A neighbour with ten busy names, then a scanner that takes all the rest.
        assert!((0..10).all(|name| places.take(name, 1, 50, at(0))));
        (10..5_000).for_each(|name| _ = places.take(name, 2, 1, at(1)));
        assert_eq!(places.len(), 100);
        // A service that comes later is let in at once, up to its share.
        assert!((9_000..9_020).all(|name| places.take(name, 3, 1, at(2))));
        assert!((0..10).all(|name| places.is_known(name, 1, at(2))));
        // The scanner gets none of these places back, however long it goes on.
        for second in 3..600 {
            for name in 0..50 {
                places.take(100_000 + second * 50 + name, 2, 1, at(second));
            }
            let mut kept = (0..10).chain(9_000..9_020);
            assert!(kept.all(|name| places.is_known(name, 1, at(second))));
        }
    }

    #[test]
    fn a_newcomer_that_is_busier_takes_the_place_of_what_is_idle() {
        let mut places = Places::new(10, QUARTER);
        assert!((0..10).all(|name| places.take(name, 1, 1, at(0))));
        assert!(
            !places.take(77, 1, 100, at(30)),
            "all were used within a minute"
        );
        assert!(places.is_known(3, 9, at(61)));
        assert!(!places.take(77, 1, 3, at(100)), "too little to tell");
        assert!(places.take(77, 1, 3, at(101)));
        assert!(places.is_known(77, 1, at(101)) && places.is_known(3, 1, at(101)));
        assert_eq!(places.len(), 10);
    }

    #[test]
    fn what_is_not_used_for_long_leaves_its_place() {
        let mut places = Places::shared(10, QUARTER);
        assert!((0..10).all(|name| places.take(name, 1, 1_000, at(0))));
        assert!(!places.take(77, 2, 1, at(899)) || places.len() == 10);
        assert!(places.take(78, 1, 1, at(1_000)));
        assert!(places.len() <= 3, "those that nobody used are gone");
    }
}
