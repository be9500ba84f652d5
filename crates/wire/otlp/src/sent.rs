//! A span as it was sent, with the few facts that several normalisers read.

use crate::{
    http,
    lookup::Attributes,
    protobuf::Malformed,
    value::{Pair, Pairs},
};
use hinomi_model::{
    SpanKind, SpanStatus,
    attribute::{self, Keys},
};
use std::cell::Cell;

/// A sent span whose ids and times have been found good.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'r> {
    /// The span's name as it was sent.
    pub sent_name: &'r str,
    /// The attributes that are kept; those beyond the limit are neither read nor stored.
    pub attributes: Attributes<'r>,
    /// Encoded `Event`s.
    pub events: &'r [&'r [u8]],
    /// Attributes of an event that are looked at.
    pub max_attributes: usize,
    /// Set when what is the span's own was read.
    pub touched_own: &'r Cell<bool>,
    pub kind: SpanKind,
    pub status: SpanStatus,
    pub http_status: Option<u16>,
    /// Whether it has no parent.
    pub is_root: bool,
}

impl<'r> Sent<'r> {
    pub fn new(
        sent_name: &'r str,
        (kind, status): (SpanKind, SpanStatus),
        is_root: bool,
        pairs: &'r [Pair<'r>],
        (events, max_attributes): (&'r [&'r [u8]], usize),
        touched_own: &'r Cell<bool>,
    ) -> Self {
        let attributes = Attributes::watched(pairs, touched_own);
        Self {
            sent_name,
            attributes,
            events,
            max_attributes,
            touched_own,
            kind,
            status,
            http_status: http::status(attributes),
            is_root,
        }
    }

    /// The span's name, for want of a better word; never empty.
    pub fn name(&self) -> &'r str {
        let name = self.sent_name.trim();
        if name.is_empty() { "(unnamed)" } else { name }
    }

    /// The first text under `keys` in the attributes of the last event that has one.
    pub fn text_of_events(&self, keys: Keys) -> Result<Option<String>, Malformed> {
        for event in self.events.iter().rev() {
            self.touched_own.set(true);
            let pairs = Pairs::read(event, 3, self.max_attributes)?;
            if let Some(text) = Attributes::new(&pairs.kept).text(keys) {
                return Ok(Some(text.to_owned()));
            }
        }
        Ok(None)
    }

    /// Type of its last exception: the one that ended the span, earlier ones were perhaps handled.
    /// Some agents put it on the span itself.
    pub fn exception_type(&self) -> Option<String> {
        // What does not decode is refused with the span, when its events are written.
        let of_event = self
            .text_of_events(attribute::EXCEPTION_TYPE)
            .ok()
            .flatten();
        of_event.or_else(|| {
            self.attributes
                .text(attribute::EXCEPTION_TYPE)
                .map(str::to_owned)
        })
    }
}
