//! A span as it was sent, with the properties that several normalisers read.

use crate::{
    lookup::Attributes,
    protobuf::Malformed,
    value::{Pair, Pairs},
};
use hinomi_model::{
    SpanKind, SpanStatus,
    attribute::{self, Keys},
};
use std::cell::Cell;

/// A sent span whose ids and times are valid.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'r> {
    /// The span's name as it was sent.
    pub sent_name: &'r str,
    /// The attributes within the limit. Further ones are neither read nor stored.
    pub attributes: Attributes<'r>,
    /// Encoded `Event`s.
    pub events: &'r [&'r [u8]],
    /// Most attributes of an event that are read.
    pub max_attributes: usize,
    /// Set to true when an own value of the span is read.
    pub touched_own: &'r Cell<bool>,
    pub kind: SpanKind,
    pub status: SpanStatus,
    pub http_status: Option<u16>,
    /// Whether the span has no parent.
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
            http_status: http_status(attributes),
            is_root,
        }
    }

    /// The span's name, as a fallback for other names; never empty.
    pub fn name(&self) -> &'r str {
        let name = self.sent_name.trim();
        if name.is_empty() { "(unnamed)" } else { name }
    }

    /// The first text under `keys`, from the last event that has one.
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

    /// Type of its last exception. That one ended the span; earlier ones may have been handled.
    /// Some agents put the type on the span itself.
    pub fn exception_type(&self) -> Option<String> {
        // An event that does not decode is refused with its span when the events are written.
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

/// The response's status code.
fn http_status(attributes: Attributes<'_>) -> Option<u16> {
    let status = u16::try_from(attributes.integer(attribute::HTTP_STATUS)?).ok()?;
    (100..1000).contains(&status).then_some(status)
}
