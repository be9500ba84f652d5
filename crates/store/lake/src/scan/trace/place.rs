//! Chooses the spans of a trace that belong to a page, from the ids of all spans and the sort keys
//! of the candidates.

use crate::TracePlace;
use hinomi_model::{SpanId, SpanKind, UnixNanos};
use std::{
    collections::{BinaryHeap, HashMap},
    mem::size_of,
};

/// Size of a place with its location, in bytes.
pub(super) const BYTES: usize = size_of::<(TracePlace, At)>();

/// Size of an entry of `repeated`, including its share of the hash table, in bytes.
const REPEATED_BYTES: usize = 2 * (BYTES + size_of::<Same>());

/// What copies of a span have in common. Different spans may share an id.
type Same = (SpanId, SpanKind, UnixNanos);

/// Location of a span: chunk or segment, row group, row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub source: usize,
    pub group: u32,
    pub row: usize,
}

impl At {
    pub fn new(source: usize, group: usize, row: usize) -> Self {
        Self {
            source,
            group: group as u32,
            row,
        }
    }

    /// Spans with the same key are read together.
    pub fn file(&self) -> (usize, u32) {
        (self.source, self.group)
    }
}

/// The ids of all spans of a trace, eight bytes each.
#[derive(Default)]
pub(super) struct Ids {
    /// Distinct ids, ascending after `settle`.
    all: Vec<u64>,
    /// Ids that occur more than once, ascending.
    repeated: Vec<u64>,
}

impl Ids {
    pub fn add(&mut self, id: SpanId) {
        self.all.push(number(id));
    }

    /// Sorts and deduplicates. Call after the last `add`.
    pub fn settle(&mut self) {
        self.all.sort_unstable();
        let repeated = self.all.windows(2).filter(|pair| pair[0] == pair[1]);
        self.repeated = repeated.map(|pair| pair[0]).collect();
        self.repeated.dedup();
        self.all.dedup();
    }

    pub fn has(&self, id: SpanId) -> bool {
        self.all.binary_search(&number(id)).is_ok()
    }

    fn is_repeated(&self, id: SpanId) -> bool {
        !self.repeated.is_empty() && self.repeated.binary_search(&number(id)).is_ok()
    }

    pub fn bytes(&self) -> usize {
        (self.all.capacity() + self.repeated.capacity()) * size_of::<u64>()
    }
}

fn number(id: SpanId) -> u64 {
    u64::from_be_bytes(*id.as_bytes())
}

/// Where a page begins.
#[derive(Debug, Clone, Copy)]
pub(super) enum Begin {
    /// At the first span of the trace.
    First,
    /// After a span.
    After(TracePlace),
    /// At a span, unless the first page contains that span.
    With(TracePlace),
}

/// Sees the place of every span of a trace, copies included, and keeps those of one page.
pub(super) struct Places<'a> {
    ids: &'a Ids,
    /// The page, and the span to look for in it.
    page: Leading,
    /// The page to return instead if `page` lacks this span.
    instead: Option<(TracePlace, Leading)>,
    /// The first copy of each span whose id occurs more than once.
    repeated: HashMap<Same, (TracePlace, At)>,
    ends: Option<(UnixNanos, UnixNanos)>,
}

/// The first `most` places from `begin` on.
struct Leading {
    most: usize,
    /// Places kept so far; the last one is on top.
    kept: BinaryHeap<(TracePlace, At)>,
    begin: Begin,
    /// Number of places before `begin`.
    before: usize,
}

impl Leading {
    fn new(begin: Begin, most: usize) -> Self {
        Self {
            most,
            kept: BinaryHeap::new(),
            begin,
            before: 0,
        }
    }

    fn put(&mut self, place: TracePlace, at: At) {
        let is_before = match self.begin {
            Begin::First => false,
            Begin::After(after) => place <= after,
            Begin::With(from) => place < from,
        };
        if is_before {
            self.before += 1;
        } else if self.kept.len() < self.most {
            self.kept.push((place, at));
        } else if let Some(mut last) = self.kept.peek_mut()
            && (place, at) < *last
        {
            *last = (place, at);
        }
    }
}

/// The spans of a page.
pub(super) struct Chosen {
    /// Sorted by location, the order in which they are read.
    pub places: Vec<(TracePlace, At)>,
    /// Number of spans of the trace before the page.
    pub before: usize,
    /// Number of spans of the trace, without copies.
    pub distinct: usize,
    /// The earliest and the latest end among the trace's spans.
    pub ends: Option<(UnixNanos, UnixNanos)>,
}

impl<'a> Places<'a> {
    pub fn new(ids: &'a Ids, begin: Begin, most: usize) -> Self {
        let (page, instead) = match begin {
            Begin::With(place) => {
                let instead = Leading::new(begin, most);
                (Leading::new(Begin::First, most), Some((place, instead)))
            }
            begin => (Leading::new(begin, most), None),
        };
        Self {
            ids,
            page,
            instead,
            repeated: HashMap::new(),
            ends: None,
        }
    }

    pub fn add(&mut self, place: TracePlace, at: At) {
        let (first, last) = self.ends.unwrap_or((place.end, place.end));
        self.ends = Some((first.min(place.end), last.max(place.end)));
        if self.ids.is_repeated(place.span_id) {
            let same = (place.span_id, place.kind, place.start);
            let kept = self.repeated.entry(same).or_insert((place, at));
            *kept = (*kept).min((place, at));
        } else {
            self.put(place, at);
        }
    }

    fn put(&mut self, place: TracePlace, at: At) {
        self.page.put(place, at);
        if let Some((_, instead)) = &mut self.instead {
            instead.put(place, at);
        }
    }

    pub fn bytes(&self) -> usize {
        let instead = self.instead.as_ref();
        let instead = instead.map_or(0, |(_, page)| page.kept.len());
        (self.page.kept.len() + instead) * BYTES + self.repeated.len() * REPEATED_BYTES
    }

    pub fn finish(mut self) -> Chosen {
        let once = self.ids.all.len() - self.ids.repeated.len();
        let distinct = once + self.repeated.len();
        for (_, (place, at)) in std::mem::take(&mut self.repeated) {
            self.put(place, at);
        }
        let mut page = self.page;
        if let Some((place, instead)) = self.instead
            && page.kept.peek().is_none_or(|(last, _)| *last < place)
        {
            page = instead;
        }
        let mut places = page.kept.into_vec();
        places.sort_unstable_by_key(|(_, at)| *at);
        Chosen {
            places,
            before: page.before,
            distinct,
            ends: self.ends,
        }
    }
}
