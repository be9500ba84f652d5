//! A bounded number of places: decides which names are counted separately.
//!
//! Names that came first and are busy keep their places. When all places are taken, a new name can
//! displace others in this order. First, names that were unused for long. Second, idle names, if
//! the new one is busier. Third, where places are shared among owners: the least busy name of an
//! owner with more than its share, for an owner with less. So a scanner that invents names gains
//! nothing.
//!
//! Names are identified by a 64-bit hash with a random key. Among a hundred thousand names, two
//! share a hash once in a thousand million starts, which is harmless.

use foldhash::fast::RandomState;
use std::{cmp::Reverse, collections::HashMap, time::Duration};

/// Minimum time between two sweeps over all places while they are full.
const SWEEP: Duration = Duration::from_secs(10);
/// Activity counts are halved at this interval, so that old activity counts little.
const HALVED: Duration = Duration::from_secs(60);
/// A name used within this time keeps its place, unless its owner has more than its share and the
/// new name's owner has less.
const IN_USE: Duration = Duration::from_secs(60);
/// Spans that a new name must bring between two sweeps to get a place.
const CLAIM: u32 = 4;
/// For an owner with less than its share, a span counts this many times as much as for one with
/// more.
const SMALL: u32 = 8;

/// A name that has a place.
#[derive(Debug, Clone, Copy)]
struct Use {
    owner: u64,
    /// Last use, in seconds on the monotonic clock.
    used: u32,
    /// Number of recent spans; halved every [`HALVED`].
    busy: u32,
}

/// The places.
#[derive(Debug)]
pub(crate) struct Places {
    capacity: usize,
    /// Whether owners with more than their share must yield to owners with less.
    is_shared: bool,
    /// A name that was unused for this many seconds can lose its place.
    unused: u32,
    taken: HashMap<u64, Use, RandomState>,
    /// Number of places per owner.
    owned: HashMap<u64, u32, RandomState>,
    /// Spans of names without a place, since the last sweep.
    claims: HashMap<u64, u32, RandomState>,
    /// Names to displace; the last one goes first.
    leaving: Vec<u64>,
    swept: u32,
    halved: u32,
}

impl Places {
    /// Creates this many places. A name that was unused for `unused` loses its place if another
    /// needs it.
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

    /// Same, with places shared among owners. Requires a bounded number of owners, because whoever
    /// could invent owners would get every share.
    pub fn shared(capacity: usize, unused: Duration) -> Self {
        Self {
            is_shared: true,
            ..Self::new(capacity, unused)
        }
    }

    /// Whether the name has a place. If so, records that this many spans used it.
    pub fn is_known(&mut self, name: u64, spans: u32, now: Duration) -> bool {
        let Some(known) = self.taken.get_mut(&name) else {
            return false;
        };
        known.used = seconds(now);
        known.busy = known.busy.saturating_add(spans);
        true
    }

    /// Whether the name has a place.
    pub fn contains(&self, name: u64) -> bool {
        self.taken.contains_key(&name)
    }

    /// Gives the name a place, if it has none and can get one. Returns whether it has one. `owner`
    /// is the owner to whom the place counts.
    pub fn take(&mut self, name: u64, owner: u64, spans: u32, now: Duration) -> bool {
        self.is_known(name, spans, now)
            || self.has_room(name, owner, spans, now) && {
                self.put(name, owner, spans, now);
                true
            }
    }

    /// Whether a name without a place can get one. May displace another name.
    pub fn has_room(&mut self, name: u64, owner: u64, spans: u32, now: Duration) -> bool {
        if self.taken.len() < self.capacity {
            return true;
        }
        self.sweep(seconds(now));
        self.taken.len() < self.capacity || self.displace(name, owner, spans)
    }

    /// Gives the name a place even beyond the capacity. For callers that do this once for each of a
    /// bounded number of owners.
    pub fn insist(&mut self, name: u64, owner: u64, spans: u32, now: Duration) {
        if !self.is_known(name, spans, now) {
            self.put(name, owner, spans, now);
        }
    }

    /// Number of places that are taken.
    pub fn len(&self) -> usize {
        self.taken.len()
    }

    /// Whether an owner has any place.
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

    /// Tries to displace a name for a new one that is busy enough.
    fn displace(&mut self, name: u64, owner: u64, spans: u32) -> bool {
        if self.claims.len() >= self.capacity {
            // A flood of names that occur once. Names that occur often will soon claim again.
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

    /// Whether an owner has more than its share among this many owners.
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

    /// Frees long unused places, and determines which names can be displaced.
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
        // One owner with ten busy names, then a scanner that takes all remaining places.
        assert!((0..10).all(|name| places.take(name, 1, 50, at(0))));
        (10..5_000).for_each(|name| _ = places.take(name, 2, 1, at(1)));
        assert_eq!(places.len(), 100);
        // A service that comes later gets places at once, up to its share.
        assert!((9_000..9_020).all(|name| places.take(name, 3, 1, at(2))));
        assert!((0..10).all(|name| places.is_known(name, 1, at(2))));
        // The scanner gets none of these places back, however long it continues.
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
