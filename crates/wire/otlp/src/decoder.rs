//! The decoder: turns one request body into a batch and an account of everything that was not kept
//! as sent.

use crate::{
    Limits, Received, Refusal,
    empties::Empties,
    json::{self, Growth},
    known::{Group, Resources, Shapes, Split},
    maker::Maker,
    protobuf::{Field, Fields, Malformed, text},
    raw::{Lists, RawSpan},
    request::DecodeError,
    texts::{Texts, head},
    value::{RawPair, Value},
    wire::{self, Body},
};
use hinomi_model::{
    SpanId, UnixNanos,
    batch::{BatchBuilder, Row, ValueKind},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The attribute that is added to a span whose sender's clock is ahead. Its value is the shift
/// back, in milliseconds.
pub const CLOCK_SKEW: &str = "hinomi.clock_skew_ms";

/// Bytes of the smallest valid span: two ids and two times.
const LEAST_SPAN: usize = 46;

/// Turns request bodies into batches. It caches what it has learned of the senders, which changes
/// speed but never results. Share it by reference.
#[derive(Default)]
pub struct Decoder {
    limits: Limits,
    /// One memory for each thread that has decoded at the same time as others.
    memories: Mutex<Vec<Memory>>,
}

/// What one decoding thread has learned.
pub(crate) struct Memory {
    shapes: Shapes,
    pub(crate) resources: Resources,
    pub(crate) texts: Texts,
    /// Number of the present request.
    number: u64,
}

impl Decoder {
    /// A decoder with these limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            memories: Mutex::default(),
        }
    }

    /// Decodes an `ExportTraceServiceRequest` that was received at [`Admissible::now`]. Fails only
    /// when the body is not such a message. Invalid spans are refused one by one and excess data is
    /// cut; both are counted.
    pub fn protobuf(
        &self,
        body: &[u8],
        times: impl Into<Admissible>,
    ) -> Result<Received, DecodeError> {
        let times = times.into();
        self.with_memory(|memory| {
            let mut request = Request {
                memory,
                limits: &self.limits,
                times,
                sent_late: None,
                growth: Growth::of(body.len(), &self.limits),
                empties: Empties::new(&self.limits),
                batch: BatchBuilder::default(),
                received: Received::default(),
            };
            request.read(body)?;
            let Request {
                batch,
                mut received,
                sent_late,
                ..
            } = request;
            received.newest = received.newest.or(sent_late);
            received.truncated += memory.texts.truncated;
            received.spans = batch.finish();
            Ok(received)
        })
    }

    /// Decodes an OTLP/JSON body: ids in hex of either case, 64-bit integers as numbers or texts,
    /// enums as numbers or names. Unknown fields are ignored; `null` counts as absent.
    pub fn json(&self, body: &[u8], times: impl Into<Admissible>) -> Result<Received, DecodeError> {
        let protobuf = wire::protobuf(body, Body::Traces, &self.limits)?;
        self.protobuf(&protobuf, times)
            .map_err(DecodeError::of_json)
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Decodes with a free memory, or with a new one.
    pub(crate) fn with_memory<T>(&self, decode: impl FnOnce(&mut Memory) -> T) -> T {
        let known = self.lock().pop();
        let mut memory = known.unwrap_or_else(|| Memory {
            shapes: Shapes::default(),
            resources: Resources::default(),
            texts: Texts::new(&self.limits),
            number: 0,
        });
        memory.number += 1;
        memory.texts.truncated = 0;
        let decoded = decode(&mut memory);
        self.lock().push(memory);
        decoded
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Memory>> {
        self.memories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which times of spans are accepted unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admissible {
    /// When the request arrived. Spans that end later by more than [`Limits::max_future`] are
    /// shifted back.
    pub now: UnixNanos,
    /// Spans that start before this are refused, if they are also older than [`Limits::max_age`]
    /// before `now`. The second condition keeps a server clock that is ahead from refusing valid
    /// spans.
    pub oldest: UnixNanos,
}

impl From<UnixNanos> for Admissible {
    fn from(now: UnixNanos) -> Self {
        let oldest = UnixNanos(i64::MAX);
        Self { now, oldest }
    }
}

/// One request while it is decoded.
struct Request<'m> {
    memory: &'m mut Memory,
    limits: &'m Limits,
    times: Admissible,
    /// The newest end that is too far in the future.
    sent_late: Option<UnixNanos>,
    growth: Growth,
    empties: Empties,
    batch: BatchBuilder,
    received: Received,
}

impl Request<'_> {
    fn read(&mut self, body: &[u8]) -> Result<(), Malformed> {
        let mut lists = Lists::default();
        let mut request = Fields(body);
        while let Some((number, field)) = request.next()? {
            if number == 1 {
                self.resource_spans(field.bytes()?, &mut lists)?;
            }
        }
        Ok(())
    }

    fn resource_spans<'a>(
        &mut self,
        group: &'a [u8],
        lists: &mut Lists<'a>,
    ) -> Result<(), Malformed> {
        let (mut sent, mut has_scopes): (&[u8], _) = (&[], false);
        let mut fields = Fields(group);
        while let Some((number, field)) = fields.next()? {
            match number {
                1 => sent = field.bytes()?,
                2 => has_scopes = true,
                _ => {}
            }
        }
        if !has_scopes {
            self.empties.add()?;
        }
        let memory = &mut *self.memory;
        let (resource, cut) = memory.resources.get(sent, &mut memory.texts)?;
        self.received.truncated += cut;
        let resource = self.batch.resource(&resource);
        let mut fields = Fields(group);
        while let Some((number, field)) = fields.next()? {
            if number == 2 {
                self.scope_spans(field.bytes()?, resource, lists)?;
            }
        }
        Ok(())
    }

    fn scope_spans<'a>(
        &mut self,
        group: &'a [u8],
        resource: u32,
        lists: &mut Lists<'a>,
    ) -> Result<(), Malformed> {
        let (mut scope, mut spans, mut is_empty): (&[u8], _, _) = (&[], 0, true);
        let mut fields = Fields(group);
        while let Some((number, field)) = fields.next()? {
            match (number, field) {
                (1, field) => {
                    let mut members = Fields(field.bytes()?);
                    while let Some((number, field)) = members.next()? {
                        if number == 1 {
                            scope = field.bytes()?;
                        }
                    }
                }
                (2, Field::Bytes(span)) => {
                    is_empty = false;
                    if span.len() < LEAST_SPAN {
                        self.empties.add()?;
                    } else {
                        spans += 1;
                    }
                }
                _ => {}
            }
        }
        if is_empty {
            self.empties.add()?;
        }
        // Reserved at once: a list that grows step by step needs three times its size for a moment.
        self.batch.reserve(spans);
        text(scope)?;
        let mut fields = Fields(group);
        while let Some((number, field)) = fields.next()? {
            if number != 2 {
                continue;
            }
            if let Err(refusal) = self.span(field.bytes()?, resource, scope, lists) {
                self.batch.discard_own();
                self.received.rejected.add(refusal);
            }
        }
        Ok(())
    }

    /// Remembers when the newest span ended by its sender's clock; see [`Received::newest`].
    fn see_end(&mut self, raw: &RawSpan<'_>) {
        let Some(end) = raw.sent_end() else {
            return;
        };
        let newest = if end > self.times.now.plus(self.limits.max_future) {
            &mut self.sent_late
        } else {
            &mut self.received.newest
        };
        *newest = Some(end).max(*newest);
    }

    fn span<'a>(
        &mut self,
        encoded: &'a [u8],
        resource: u32,
        scope: &'a [u8],
        lists: &mut Lists<'a>,
    ) -> Result<(), Refusal> {
        let raw = RawSpan::read(encoded, lists, self.limits)?;
        let (trace_id, span_id) = raw.ids()?;
        self.see_end(&raw);
        let (start, end, shift_ns) = raw.times(self.times, self.limits)?;
        let parent_span_id = SpanId::from_slice(raw.parent).ok();
        let odd_parent = !raw.parent.is_empty() && raw.parent.len() != SpanId::LEN;

        if shift_ns > 0 {
            lists.attributes.retain(|pair| !is_skew(pair));
        }
        let (events, cut_in_events) =
            json::events(&lists.events, shift_ns, self.limits, &mut self.growth)?;
        let (links, cut_in_links) = json::links(&lists.links, self.limits, &mut self.growth)?;
        // Must come before the row, because the attribute added below belongs to it.
        let shape = self.shape(&raw, scope, parent_span_id.is_none(), lists)?;
        if shift_ns > 0 {
            let key = self.batch.key(CLOCK_SKEW, ValueKind::Json);
            let shift = self.batch.words().push(&(shift_ns / 1_000_000).to_string());
            self.batch.own(key, shift);
            self.received.skewed += 1;
        }
        self.received.truncated +=
            raw.dropped + cut_in_events + cut_in_links + u64::from(odd_parent);
        let row = Row {
            trace_id,
            span_id,
            parent_span_id,
            start,
            end,
            resource,
            shape,
            own_end: 0,
        };
        self.batch.row(row, &events, &links);
        Ok(())
    }

    /// The index of the span's shape. Adds the attribute values that only this span has.
    fn shape<'a>(
        &mut self,
        raw: &RawSpan<'a>,
        scope: &[u8],
        is_root: bool,
        lists: &mut Lists<'a>,
    ) -> Result<u32, Malformed> {
        let Lists {
            attributes,
            events,
            facts,
            split,
            ..
        } = lists;
        let Self {
            memory,
            limits,
            batch,
            received,
            ..
        } = self;
        let Memory {
            shapes,
            texts,
            number,
            ..
        } = &mut **memory;
        raw.facts(is_root, !events.is_empty(), facts);
        let (group, hasher) = shapes.group(raw.kind, scope, raw.name);
        group.split(facts, attributes, split)?;
        let mut grew = 0;
        if group.find(split, hasher).is_none() && group.learn(attributes, split, hasher) {
            group.split(facts, attributes, split)?;
        }
        let maker = Maker {
            raw,
            scope,
            is_root,
            attributes,
            is_own: &split.is_own,
            events,
        };
        let shape = match group.find(split, hasher) {
            Some(known) if known.varies => {
                received.truncated += known.made.truncated;
                maker.make(texts, Some(&known.made))?.0.put(batch)
            }
            Some(known) => {
                received.truncated += known.made.truncated;
                known.place(*number, batch)
            }
            None => {
                let (made, varies) = maker.make(texts, None)?;
                received.truncated += made.truncated;
                let shape = made.put(batch);
                grew = group.insert(split, made, varies, hasher);
                shape
            }
        };
        received.truncated += split.repeated;
        received.truncated += own_attributes(group, split, *number, batch, limits)?;
        shapes.grew(grew);
        Ok(shape)
    }
}

/// Adds the attribute values that only this span has. Returns how many things were cut.
fn own_attributes(
    group: &mut Group,
    split: &Split<'_>,
    number: u64,
    batch: &mut BatchBuilder,
    limits: &Limits,
) -> Result<u64, Malformed> {
    let (mut truncated, mut bytes) = (0, 0);
    for own in &split.own {
        let fits = !own.pair.key.is_empty() && own.pair.key.len() <= limits.max_key_bytes;
        if !fits || bytes >= limits.max_json_bytes {
            truncated += 1;
            continue;
        }
        let (kind, value, length) = match Value::read(own.pair.value)? {
            Value::Text(text) => {
                let kept = head(text, limits.max_value_bytes);
                truncated += u64::from(kept.len() < text.len());
                (
                    ValueKind::Text,
                    batch.words().intern(kept),
                    json_length(kept),
                )
            }
            value => {
                let (json, cut) = json::value(value, limits)?;
                truncated += cut;
                (ValueKind::Json, batch.words().intern(&json), json.len())
            }
        };
        bytes += length;
        let key = group.own_key(own, kind, number, batch)?;
        batch.own(key, value);
    }
    Ok(truncated)
}

/// Upper bound of a text's length in JSON, in bytes.
fn json_length(text: &str) -> usize {
    let controls = text.bytes().filter(|byte| *byte < 0x20).count();
    text.len() * 2 + controls * 4
}

/// Whether an encoded attribute has the name of [`CLOCK_SKEW`].
fn is_skew(encoded: &[u8]) -> bool {
    RawPair::read(encoded).is_ok_and(|pair| pair.key == CLOCK_SKEW.as_bytes())
}
