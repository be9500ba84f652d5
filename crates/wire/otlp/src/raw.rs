//! A span in its encoded form.

use crate::{
    Admissible, Limits, Refusal,
    known::Split,
    protobuf::{Fields, Malformed},
};
use hinomi_model::{SpanId, SpanKind, SpanStatus, TraceId, UnixNanos, id::InvalidId};

/// The single fields of a span.
#[derive(Default)]
pub(crate) struct RawSpan<'a> {
    trace_id: &'a [u8],
    span_id: &'a [u8],
    pub parent: &'a [u8],
    pub name: &'a [u8],
    pub kind: i32,
    start: u64,
    end: u64,
    status: i32,
    pub message: &'a [u8],
    /// Number of attributes, events and links beyond their limits.
    pub dropped: u64,
}

/// The lists of a span. They are reused for each span.
#[derive(Default)]
pub(crate) struct Lists<'a> {
    /// Encoded `KeyValue`s.
    pub attributes: Vec<&'a [u8]>,
    /// Encoded `Event`s.
    pub events: Vec<&'a [u8]>,
    /// Encoded `Link`s.
    pub links: Vec<&'a [u8]>,
    pub facts: Vec<u8>,
    pub split: Split<'a>,
}

impl<'a> RawSpan<'a> {
    /// Reads an encoded `Span`.
    pub fn read(
        encoded: &'a [u8],
        lists: &mut Lists<'a>,
        limits: &Limits,
    ) -> Result<Self, Malformed> {
        lists.attributes.clear();
        lists.events.clear();
        lists.links.clear();
        let mut span = Self::default();
        let mut add = |list: &mut Vec<&'a [u8]>, item, max| {
            if list.len() < max {
                list.push(item);
            } else {
                span.dropped += 1;
            }
        };
        let mut fields = Fields(encoded);
        while let Some((number, field)) = fields.next()? {
            match number {
                1 => span.trace_id = field.bytes()?,
                2 => span.span_id = field.bytes()?,
                4 => span.parent = field.bytes()?,
                5 => span.name = field.bytes()?,
                6 => span.kind = field.variant()?,
                7 => span.start = field.fixed64()?,
                8 => span.end = field.fixed64()?,
                9 => add(&mut lists.attributes, field.bytes()?, limits.max_attributes),
                11 => add(&mut lists.events, field.bytes()?, limits.max_events),
                13 => add(&mut lists.links, field.bytes()?, limits.max_links),
                15 => {
                    let mut fields = Fields(field.bytes()?);
                    while let Some((number, field)) = fields.next()? {
                        match number {
                            2 => span.message = field.bytes()?,
                            3 => span.status = field.variant()?,
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(span)
    }

    /// Trace and span id.
    pub fn ids(&self) -> Result<(TraceId, SpanId), Refusal> {
        let trace_id = TraceId::from_slice(self.trace_id).map_err(|invalid| match invalid {
            InvalidId::Zero => Refusal::TraceIdZero,
            _ => Refusal::TraceIdLength,
        })?;
        let span_id = SpanId::from_slice(self.span_id).map_err(|invalid| match invalid {
            InvalidId::Zero => Refusal::SpanIdZero,
            _ => Refusal::SpanIdLength,
        })?;
        Ok((trace_id, span_id))
    }

    /// Kind and status of the span.
    pub fn kind_and_status(&self) -> (SpanKind, SpanStatus) {
        (
            SpanKind::from_otlp(self.kind),
            SpanStatus::from_otlp(self.status),
        )
    }

    /// Writes the bytes that distinguish it from other spans of the same name, except for its
    /// attributes.
    pub fn facts(&self, is_root: bool, has_events: bool, facts: &mut Vec<u8>) {
        facts.clear();
        let status = SpanStatus::from_otlp(self.status);
        facts.extend_from_slice(&[status as u8, u8::from(is_root), u8::from(has_events)]);
        facts.extend_from_slice(&(self.message.len() as u32).to_le_bytes());
        facts.extend_from_slice(self.message);
    }

    /// When it ended by its sender's clock; `None` when the time is invalid.
    pub fn sent_end(&self) -> Option<UnixNanos> {
        let end = i64::try_from(self.end).ok()?;
        (end > 0 && self.start <= self.end).then_some(UnixNanos(end))
    }

    /// Start, end, and the shift back to `now` of a span from the future. A span beyond
    /// `max_future` would land in buckets that no screen shows for hours. Only the sender's clock
    /// is wrong; the duration is valid and is kept.
    pub fn times(
        &self,
        times: Admissible,
        limits: &Limits,
    ) -> Result<(UnixNanos, UnixNanos, i64), Refusal> {
        let now = times.now;
        let instant = |nanos: u64, unset| match i64::try_from(nanos) {
            Ok(0) => Err(unset),
            Ok(nanos) => Ok(UnixNanos(nanos)),
            Err(_) => Err(Refusal::TimeOutOfRange),
        };
        let start = instant(self.start, Refusal::NoStart)?;
        let end = instant(self.end, Refusal::NoEnd)?;
        if end < start {
            return Err(Refusal::EndsBeforeStart);
        }
        let shift_ns = if end > now.plus(limits.max_future) {
            end.0.saturating_sub(now.0)
        } else {
            0
        };
        let start = UnixNanos(start.0.saturating_sub(shift_ns));
        let end = UnixNanos(end.0.saturating_sub(shift_ns));
        // The start is tested instead of the end, so that this also limits the duration of a span.
        if start < now.minus(limits.max_age).min(times.oldest) {
            return Err(Refusal::TooOld);
        }
        Ok((start, end, shift_ns))
    }
}
