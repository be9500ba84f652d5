//! Requests that can be sent repeatedly and are new each time.
//!
//! A template is an encoded request with the offsets of its ids and times. Stamping it is a copy
//! and a few writes, so that the load generator, which runs on the same machine as the server, uses
//! little CPU. Fails for requests that are not OTLP.

use anyhow::{Context, Result, bail};

/// An encoded request with the offsets of its ids and times.
#[derive(Debug, Clone)]
pub struct Template {
    body: Vec<u8>,
    /// Offsets of the bytes of all ids, in groups of eight bytes.
    ids: Vec<usize>,
    /// Offsets of little-endian Unix nanoseconds.
    times: Vec<usize>,
    /// Number of spans.
    pub spans: u64,
    /// End of the last span, in Unix nanoseconds.
    pub last_end: u64,
}

/// The types of message in a request.
#[derive(Debug, Clone, Copy)]
enum Message {
    Request,
    ResourceSpans,
    ScopeSpans,
    Span,
    Event,
    Link,
}

impl Template {
    /// Finds the ids and times of an encoded `ExportTraceServiceRequest`.
    pub fn new(body: Vec<u8>) -> Result<Self> {
        let mut template = Self {
            body: Vec::new(),
            ids: Vec::new(),
            times: Vec::new(),
            spans: 0,
            last_end: 0,
        };
        template
            .walk(&body, 0, body.len(), Message::Request)
            .context("this is no OTLP request")?;
        template.body = body;
        Ok(template)
    }

    /// The request with other ids, and with every time moved by `shift` nanoseconds. Requests
    /// stamped with the same `generation` still share their traces.
    pub fn stamp(&self, generation: u64, shift: i64) -> Vec<u8> {
        let mut body = self.body.clone();
        // The multiplier is odd, so every generation has a different mask.
        let mask = generation.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
        for at in &self.ids {
            for (byte, mask) in body[*at..*at + 8].iter_mut().zip(mask) {
                *byte ^= mask;
            }
        }
        for at in &self.times {
            let moved = read_u64(&body, *at).wrapping_add_signed(shift);
            body[*at..*at + 8].copy_from_slice(&moved.to_le_bytes());
        }
        body
    }

    fn walk(&mut self, body: &[u8], mut at: usize, end: usize, message: Message) -> Result<()> {
        self.spans += u64::from(matches!(message, Message::Span));
        while at < end {
            let tag = varint(body, &mut at, end)?;
            let length = match tag & 7 {
                0 => {
                    varint(body, &mut at, end)?;
                    continue;
                }
                1 => 8,
                2 => usize::try_from(varint(body, &mut at, end)?)?,
                5 => 4,
                other => bail!("wire type {other} at byte {at}"),
            };
            let next = at.checked_add(length).filter(|next| *next <= end);
            let next =
                next.with_context(|| format!("a field at byte {at} is longer than its message"))?;
            match (message, tag >> 3, tag & 7) {
                (Message::Request, 1, 2) => self.walk(body, at, next, Message::ResourceSpans)?,
                (Message::ResourceSpans, 2, 2) => self.walk(body, at, next, Message::ScopeSpans)?,
                (Message::ScopeSpans, 2, 2) => self.walk(body, at, next, Message::Span)?,
                (Message::Span, 11, 2) => self.walk(body, at, next, Message::Event)?,
                (Message::Span, 13, 2) => self.walk(body, at, next, Message::Link)?,
                (Message::Span | Message::Link, 1, 2) if length == 16 => {
                    self.ids.extend([at, at + 8])
                }
                (Message::Span | Message::Link, 2, 2) | (Message::Span, 4, 2) if length == 8 => {
                    self.ids.push(at);
                }
                (Message::Span, 7, 1) | (Message::Event, 1, 1) => self.times.push(at),
                (Message::Span, 8, 1) => {
                    self.times.push(at);
                    self.last_end = self.last_end.max(read_u64(body, at));
                }
                _ => {}
            }
            at = next;
        }
        Ok(())
    }
}

fn read_u64(body: &[u8], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&body[at..at + 8]);
    u64::from_le_bytes(bytes)
}

fn varint(body: &[u8], at: &mut usize, end: usize) -> Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let Some(byte) = body.get(*at).filter(|_| *at < end) else {
            bail!("it ends within a number")
        };
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    bail!("a number of more than ten bytes at byte {at}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::{
        collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span,
    };
    use prost::Message as _;

    fn spans(body: &[u8]) -> Vec<Span> {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        let scopes = request
            .resource_spans
            .into_iter()
            .flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }

    #[test]
    fn a_stamped_request_differs_in_ids_and_times_only() {
        let body = hinomi_sim::shapes::encoded_requests(7, 50).remove(0);
        let template = Template::new(body.clone()).unwrap();
        let before = spans(&body);
        assert_eq!(template.spans, before.len() as u64);
        assert_eq!(
            template.last_end,
            before
                .iter()
                .map(|span| span.end_time_unix_nano)
                .max()
                .unwrap()
        );
        assert_eq!(
            template.stamp(0, 0),
            body,
            "generation 0, not moved, is the request itself"
        );

        let after = spans(&template.stamp(3, -5));
        assert_eq!(before.len(), after.len());
        for (before, mut after) in before.into_iter().zip(after) {
            assert_ne!(before.trace_id, after.trace_id);
            assert_eq!(before.end_time_unix_nano - 5, after.end_time_unix_nano);
            assert_eq!(before.start_time_unix_nano - 5, after.start_time_unix_nano);
            assert_ne!(before.span_id, after.span_id);
            assert_eq!(before.parent_span_id.len(), after.parent_span_id.len());
            after.trace_id.clone_from(&before.trace_id);
            after.span_id.clone_from(&before.span_id);
            after.parent_span_id.clone_from(&before.parent_span_id);
            after.start_time_unix_nano += 5;
            after.end_time_unix_nano += 5;
            for event in &mut after.events {
                event.time_unix_nano += 5;
            }
            for (link, other) in after.links.iter_mut().zip(&before.links) {
                link.trace_id.clone_from(&other.trace_id);
                link.span_id.clone_from(&other.span_id);
            }
            assert_eq!(before, after);
        }
    }

    #[test]
    fn parents_are_still_parents_in_a_stamped_request() {
        let body = hinomi_sim::shapes::encoded_requests(7, 50).remove(0);
        let family = |spans: Vec<Span>| -> Vec<Option<usize>> {
            let place = |id: &[u8]| spans.iter().position(|span| span.span_id == id);
            spans
                .iter()
                .map(|span| place(&span.parent_span_id))
                .collect()
        };
        let stamped = Template::new(body.clone()).unwrap().stamp(9, 1);
        let before = family(spans(&body));
        assert!(
            before.iter().any(Option::is_some),
            "some parent is in the same request"
        );
        assert_eq!(before, family(spans(&stamped)));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        assert!(
            Template::new(vec![0x0a, 0x05, 0x00]).is_err(),
            "longer than the message"
        );
        assert!(Template::new(vec![0x0b]).is_err(), "a group");
        assert!(Template::new(vec![0x80; 11]).is_err(), "an endless number");
        assert_eq!(Template::new(Vec::new()).unwrap().spans, 0);
    }
}
