//! Reads one trace: finds it by id in memory and segments, and returns it page by page, each span
//! once.
//!
//! Promises: memory is bounded by the size of a page plus eight bytes per other span of the trace.
//! Spans are sorted by start. If a span id occurs twice, the earlier span counts. The total covers
//! the whole trace, whichever page is read.

mod place;
mod rows;

use crate::{
    LakeError, Lost, TracePlace, TraceRows, TraceStart,
    data::Data,
    memtable::Chunk,
    query::cancel::Cancel,
    scan::{self, scan_open},
    segment::Segment,
    tables::TableId,
};
use hinomi_io::HeldMemory;
use hinomi_model::{Span, SpanBatch, SpanId, TimeRange, TraceId, UnixNanos};
use place::{At, Begin, Chosen, Ids, Places};
use rows::FileRows;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

/// For reporting lost data: all spans of a trace are assumed to end within this time of each other.
const NEAR: Duration = Duration::from_secs(3_600);

/// Approximate size of a span in memory, without its attributes, events and links, in bytes.
const SPAN_BYTES: usize = 512;

/// A page may use this fraction of the queries' memory (one quarter), because several pages are
/// read at once. A page that would need more ends earlier.
const PAGE_PART: usize = 4;

/// What to read of a trace.
pub(crate) struct Wanted {
    pub id: TraceId,
    pub start: TraceStart,
    /// Maximum number of spans.
    pub most: usize,
}

pub(crate) fn trace(
    data: &Data,
    project: &str,
    wanted: &Wanted,
    cancel: &Cancel,
) -> Result<TraceRows, LakeError> {
    loop {
        // A flush moves rows from memory to segments, so each attempt takes a new snapshot.
        let mut snapshot = data
            .read()
            .snapshot::<SpanBatch>(project, TableId::SPANS, None);
        let mut lost = std::mem::take(&mut snapshot.lost);
        let segments = newest_first(snapshot.segments, Some(&mut lost));
        let memory = in_memory(&snapshot.chunks, &[wanted.id], cancel)?;
        let source = Source {
            data,
            chunks: &snapshot.chunks,
            segments: &segments,
            cancel,
        };
        let rows = memory.get(&wanted.id).map_or(&[][..], Vec::as_slice);
        if let Some(found) = source.page(wanted, rows)? {
            return Ok(found.with(lost));
        }
        // If a segment turns out to be damaged, everything is read again without it.
        cancel.check()?;
    }
}

/// The spans of several traces that end in the range, at most `max_spans` per trace. Reads traces
/// in the order of `ids` until the deadline.
pub(crate) fn traces(
    data: &Data,
    project: &str,
    ids: &[TraceId],
    range: TimeRange,
    max_spans: usize,
    deadline: Duration,
    cancel: &Cancel,
) -> Result<Vec<(TraceId, Vec<Span>)>, LakeError> {
    let snapshot = data
        .read()
        .snapshot::<SpanBatch>(project, TableId::SPANS, Some(range));
    let mut segments = newest_first(snapshot.segments, None);
    let memory = in_memory(&snapshot.chunks, ids, cancel)?;
    let mut answers = Vec::new();
    let mut asked = HashSet::new();
    // A repeated id is answered once.
    for id in ids.iter().filter(|id| asked.insert(**id)) {
        if data.clock.monotonic() > deadline {
            break;
        }
        let wanted = Wanted {
            id: *id,
            start: TraceStart::First,
            most: max_spans,
        };
        let rows = memory.get(id).map_or(&[][..], Vec::as_slice);
        let page = loop {
            let source = Source {
                data,
                chunks: &snapshot.chunks,
                segments: &segments,
                cancel,
            };
            if let Some(page) = source.page(&wanted, rows)? {
                break page;
            }
            cancel.check()?;
            segments.retain(|segment| !segment.is_damaged());
        };
        answers.push((*id, page.spans));
    }
    Ok(answers)
}

/// The readable segments, newest first. Adds the data of the others to `lost`.
fn newest_first(segments: Vec<Arc<Segment>>, lost: Option<&mut Vec<Lost>>) -> Vec<Arc<Segment>> {
    let (damaged, mut segments): (Vec<_>, Vec<_>) = segments
        .into_iter()
        .partition(|segment| segment.is_damaged());
    if let Some(lost) = lost {
        lost.extend(damaged.iter().map(|segment| scan::lost(segment)));
    }
    segments.sort_by_key(|segment| Reverse(segment.range.to));
    segments
}

/// Locations of the spans of some traces in memory, as chunk and row.
fn in_memory(
    chunks: &[Arc<Chunk<SpanBatch>>],
    ids: &[TraceId],
    cancel: &Cancel,
) -> Result<HashMap<TraceId, Vec<At>>, LakeError> {
    let mut found: HashMap<TraceId, Vec<At>> = ids.iter().map(|id| (*id, Vec::new())).collect();
    for (source, chunk) in chunks.iter().enumerate() {
        cancel.check()?;
        for (row, of) in chunk.batch.rows.iter().enumerate() {
            if let Some(rows) = found.get_mut(&of.trace_id) {
                rows.push(At::new(source, 0, row));
            }
        }
    }
    Ok(found)
}

/// What the first pass finds: span ids, the rows in files, and where the page begins.
type Known = Option<(Ids, Vec<(usize, FileRows)>, Begin)>;

/// The snapshot from which spans are read.
struct Source<'a> {
    data: &'a Data,
    chunks: &'a [Arc<Chunk<SpanBatch>>],
    segments: &'a [Arc<Segment>],
    cancel: &'a Cancel,
}

impl Source<'_> {
    /// Reads one page of a trace. `None` if a segment turned out to be damaged; the next attempt
    /// leaves it out.
    fn page(&self, wanted: &Wanted, memory: &[At]) -> Result<Option<Page>, LakeError> {
        let most = wanted.most.min(self.data.limits.trace_spans).max(1);
        let mut held = self.cancel.hold(0)?;
        let Some((ids, files, begin)) = self.ids(wanted, memory, &mut held)? else {
            return Ok(None);
        };
        let mut places = Places::new(&ids, begin, most);
        for at in memory {
            places.add(self.place(*at), *at);
        }
        let known = ids.bytes();
        for (segment, file) in &files {
            let whole = self.open(*segment, |open| {
                file.each_place(open, *segment, self.cancel, |place, at| {
                    places.add(place, at);
                })?;
                self.cancel.resize(&mut held, known + places.bytes())
            })?;
            if !whole {
                return Ok(None);
            }
        }
        let chosen = places.finish();
        let budget = (self.cancel.memory_limit() / PAGE_PART).max(1);
        let held_before = known + chosen.places.len() * place::BYTES;
        let mut page = Reading::new(budget);
        let mut grow = |page: &Reading| self.cancel.resize(&mut held, held_before + page.bytes);
        let mut rest = &chosen.places[..];
        while let Some((_, first)) = rest.first() {
            let alike = rest.partition_point(|(_, at)| at.file() == first.file());
            let (now, later) = rest.split_at(alike);
            rest = later;
            if first.source < self.chunks.len() {
                for (place, at) in now {
                    if page.wants(place) {
                        page.keep(*place, self.chunks[at.source].batch.span(at.row));
                    }
                }
                grow(&page)?;
                continue;
            }
            let whole = self.open(first.source, |open| {
                rows::each_span(open, now, self.cancel, |place, span| {
                    match page.wants(place) {
                        true => {
                            page.keep(*place, span()?);
                            grow(&page)
                        }
                        false => Ok(()),
                    }
                })
            })?;
            if !whole {
                return Ok(None);
            }
        }
        Ok(Some(page.finish(&ids, &chosen)))
    }

    /// The ids of all spans of the trace, their rows in files, and where the page begins. `None` if
    /// a segment turned out to be damaged.
    fn ids(
        &self,
        wanted: &Wanted,
        memory: &[At],
        held: &mut HeldMemory,
    ) -> Result<Known, LakeError> {
        let mut ids = Ids::default();
        let mut begin = match wanted.start {
            TraceStart::After(place) => Begin::After(place),
            TraceStart::First | TraceStart::With(_) => Begin::First,
        };
        // If a span has copies, the earliest counts.
        let mut see = |place: TracePlace| match begin {
            Begin::With(have) if have <= place => {}
            _ => begin = Begin::With(place),
        };
        let with = match wanted.start {
            TraceStart::With(span) => Some(span),
            TraceStart::First | TraceStart::After(_) => None,
        };
        for at in memory {
            let place = self.place(*at);
            ids.add(place.span_id);
            if with == Some(place.span_id) {
                see(place);
            }
        }
        let mut files = Vec::new();
        for segment in self.chunks.len()..self.chunks.len() + self.segments.len() {
            let whole = self.open(segment, |open| {
                let rows = FileRows::of(open, wanted.id)?;
                if rows.is_empty() {
                    return Ok(());
                }
                let mut found = Vec::new();
                rows.each_id(open, self.cancel, |id, at| {
                    ids.add(id);
                    if with == Some(id) {
                        found.push(at);
                    }
                })?;
                for (group, row) in found {
                    rows::each_place(open, segment, group, &[row], &mut |place, _| see(place))?;
                }
                files.push((segment, rows));
                self.cancel.resize(held, ids.bytes())
            })?;
            if !whole {
                return Ok(None);
            }
        }
        ids.settle();
        Ok(Some((ids, files, begin)))
    }

    /// The sort key of a span in memory.
    fn place(&self, at: At) -> TracePlace {
        let row = &self.chunks[at.source].batch.rows[at.row];
        TracePlace {
            start: row.start,
            end: row.end,
            span_id: row.span_id,
            kind: self.chunks[at.source].batch.shape(row).kind,
        }
    }

    /// Passes a segment to `read`. `source` numbers chunks first, then segments. Returns false if
    /// the segment turned out to be damaged.
    fn open(
        &self,
        source: usize,
        read: impl FnOnce(&crate::segment::OpenSegment) -> Result<(), LakeError>,
    ) -> Result<bool, LakeError> {
        let segment = &self.segments[source - self.chunks.len()];
        scan_open(self.data, segment, self.cancel, |open| read(&open))
    }
}

/// Collects the spans of a page within a byte budget.
struct Reading {
    spans: BTreeMap<TracePlace, Span>,
    bytes: usize,
    budget: usize,
    /// Spans from here on do not fit the budget.
    cut: Option<TracePlace>,
}

impl Reading {
    fn new(budget: usize) -> Self {
        Self {
            spans: BTreeMap::new(),
            bytes: 0,
            budget,
            cut: None,
        }
    }

    fn wants(&self, place: &TracePlace) -> bool {
        self.cut.is_none_or(|cut| *place < cut)
    }

    /// Adds a span. While the budget is exceeded, drops the last span, but keeps at least one.
    fn keep(&mut self, place: TracePlace, span: Span) {
        self.bytes += bytes_of(&span);
        self.spans.insert(place, span);
        while self.bytes > self.budget
            && self.spans.len() > 1
            && let Some((place, span)) = self.spans.pop_last()
        {
            self.bytes -= bytes_of(&span);
            self.cut = Some(place);
        }
    }

    fn finish(self, ids: &Ids, chosen: &Chosen) -> Page {
        let here: HashSet<SpanId> = self.spans.keys().map(|place| place.span_id).collect();
        let parents = self.spans.values().filter_map(|span| span.parent_span_id);
        let elsewhere = parents.filter(|id| !here.contains(id) && ids.has(*id));
        let elsewhere = elsewhere.collect();
        let omitted = chosen.distinct - chosen.before - self.spans.len();
        let last = self.spans.last_key_value();
        Page {
            next: last.map(|(place, _)| *place).filter(|_| omitted > 0),
            spans: self.spans.into_values().collect(),
            before: chosen.before,
            omitted,
            elsewhere,
            ends: chosen.ends,
        }
    }
}

/// The spans of a page, and numbers about the rest of the trace.
struct Page {
    spans: Vec<Span>,
    before: usize,
    omitted: usize,
    next: Option<TracePlace>,
    elsewhere: HashSet<SpanId>,
    /// The earliest and the latest end among the trace's spans.
    ends: Option<(UnixNanos, UnixNanos)>,
}

impl Page {
    /// Converts the page to an answer that reports `lost`.
    fn with(self, mut lost: Vec<Lost>) -> TraceRows {
        // Where the lost spans of a trace were is unknown. Losses more than an hour away are
        // assumed unrelated.
        if let Some((first, last)) = self.ends {
            let around = TimeRange::new(first.minus(NEAR), last.plus(NEAR));
            lost.retain(|lost| lost.range.overlaps(&around));
        }
        TraceRows {
            spans: self.spans,
            before: self.before,
            omitted: self.omitted,
            next: self.next,
            elsewhere: self.elsewhere,
            partial: !lost.is_empty(),
            lost,
        }
    }
}

fn bytes_of(span: &Span) -> usize {
    SPAN_BYTES + span.attributes.len() + span.events.len() + span.links.len()
}
