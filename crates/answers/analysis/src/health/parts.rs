//! Parts of the judged time. What is minutes old hardly changes: it is read once every few seconds for all
//! who ask, because a board on a wall asks all day.

use crate::Analysis;
use hinomi_model::{Selection, TimeRange};
use hinomi_query::{Columns, QueryError, answer::ServiceTallies};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const FIVE_SECONDS: Duration = Duration::from_secs(5);

/// How long a part that is kept is valid. Spans that arrive minutes late are judged so much later.
const KEPT_FOR: Duration = Duration::from_secs(5);
/// Most tallies that all kept parts have together: one for each service and column.
const MOST: usize = 20_000;

/// A part of the judged time, in columns of one width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    columns: Columns,
    is_kept: bool,
}

impl Part {
    /// A part that is read each time.
    pub fn anew(range: TimeRange, width: Duration) -> Self {
        Self {
            columns: Columns { range, width },
            is_kept: false,
        }
    }

    /// A part that ended some time ago.
    pub fn kept(range: TimeRange, width: Duration) -> Self {
        Self {
            is_kept: true,
            ..Self::anew(range, width)
        }
    }
}

/// The parts that were read of late.
#[derive(Default)]
pub(crate) struct PartCache(Mutex<VecDeque<Kept>>);

struct Kept {
    of: (Selection, Columns),
    read: Duration,
    found: Arc<ServiceTallies>,
}

impl Analysis {
    /// The transactions of every known service of a selection in a part of the time.
    pub(super) async fn tallies_of(
        &self,
        selection: &Selection,
        part: Part,
    ) -> Result<Arc<ServiceTallies>, QueryError> {
        let of = (selection.clone(), part.columns);
        let now = self.clock.monotonic();
        if part.is_kept
            && let Some(known) = self.parts.get(&of, now)
        {
            return Ok(known);
        }
        let found = self.query.service_tallies_by(selection, part.columns);
        let found = Arc::new(found.await?);
        if part.is_kept {
            let read = now;
            let found = found.clone();
            self.parts.keep(Kept { of, read, found });
        }
        Ok(found)
    }
}

impl PartCache {
    fn get(&self, of: &(Selection, Columns), now: Duration) -> Option<Arc<ServiceTallies>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut valid = kept
            .iter()
            .filter(|kept| now.saturating_sub(kept.read) < KEPT_FOR);
        Some(valid.find(|kept| kept.of == *of)?.found.clone())
    }

    fn keep(&self, new: Kept) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.of != new.of && new.read.saturating_sub(kept.read) < KEPT_FOR);
        kept.push_front(new);
        while kept.iter().map(Kept::tallies).sum::<usize>() > MOST {
            kept.pop_back();
        }
    }
}

impl Kept {
    fn tallies(&self) -> usize {
        let services = self.found.services.iter();
        services.map(|service| service.tallies.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::{Scope, Text, UnixNanos, rollup::ServiceKey};
    use hinomi_query::answer::{ServiceTally, Tally};

    fn part(minute: i64, tallies: usize, read: u64) -> Kept {
        let from = UnixNanos::from_millis(minute * 60_000);
        let columns = Columns {
            range: TimeRange::new(from, from.plus(MINUTE)),
            width: MINUTE,
        };
        let service = ServiceTally {
            key: ServiceKey {
                service: "a".into(),
                namespace: "".into(),
                environment: "".into(),
            },
            labels: Default::default(),
            last_seen: None,
            tallies: vec![Tally::default(); tallies],
            judged: None,
        };
        let found = ServiceTallies {
            columns,
            services: vec![service],
            lost: Vec::new(),
        };
        Kept {
            of: (Selection::of(Scope::of(Text::from("default"))), columns),
            read: Duration::from_secs(read),
            found: Arc::new(found),
        }
    }

    #[test]
    fn a_part_is_kept_for_a_moment_and_all_of_them_within_a_limit() {
        let cache = PartCache::default();
        let has = |minute, now| {
            let of = part(minute, 1, 0).of;
            cache.get(&of, Duration::from_secs(now)).is_some()
        };
        cache.keep(part(1, 3, 100));
        assert!(has(1, 104) && !has(1, 105) && !has(2, 104));
        cache.keep(part(2, MOST - 3, 102));
        assert!(has(1, 104) && has(2, 104));
        cache.keep(part(3, 1, 103));
        assert!(
            !has(1, 104) && has(2, 104) && has(3, 104),
            "the oldest goes"
        );
        cache.keep(part(4, MOST + 1, 103));
        assert!(!has(4, 104), "too large to keep");
    }
}
