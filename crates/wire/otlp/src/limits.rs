//! Limits of decoding: how much of the data from an agent is kept. Data beyond a limit is cut and
//! counted, but is not an error: an agent would only send the same data again.

use std::time::Duration;

/// Limits of one [`Decoder`](crate::Decoder). `Default` gives the values named at each field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Attributes of a span, event, link or resource; further ones are dropped. Default 128, the
    /// same as in the SDKs.
    pub max_attributes: usize,
    /// Bytes of an attribute's key; an attribute with a longer key is dropped. Default 256.
    pub max_key_bytes: usize,
    /// Bytes of a text or byte value, SQL included; the rest is cut. Default 64 KiB: the longest
    /// statement that a person will read.
    pub max_value_bytes: usize,
    /// Nesting of arrays and maps; deeper values become `null`. Default 16.
    pub max_depth: usize,
    /// Bytes of JSON for each of a span's attributes, events and links; elements that would begin
    /// after that are dropped. Default 1 MiB, so that 128 attributes of 64 KiB cannot fill the
    /// memory.
    pub max_json_bytes: usize,
    /// Bytes by which the JSON of a request's events and links may exceed their size on the wire,
    /// in addition to a quarter of the request's size; further ones are dropped. Default 1 MiB: ten
    /// thousand events that have only a time (14 bytes on the wire, 62 bytes of JSON).
    pub max_growth_bytes: usize,
    /// Events of a span; further ones are dropped. Default 128, the same as in the SDKs.
    pub max_events: usize,
    /// Links of a span; further ones are dropped. Default 128, the same as in the SDKs.
    pub max_links: usize,
    /// Empty messages of a request: resources and scopes without spans, spans shorter than their
    /// ids and times, in JSON also empty objects in lists. A request with more is refused as a
    /// whole. Default 100,000: agents do not send any, and this many cost less than 30 ms.
    pub max_empty_messages: usize,
    /// Bytes of a name: span, operation, service, host, error type. Default 1 KiB: names are keys
    /// of rollups.
    pub max_name_bytes: usize,
    /// Bytes of a statement's fingerprint. Default 2 KiB; screens show no more of it.
    pub max_fingerprint_bytes: usize,
    /// Bytes of a status message. Default 4 KiB: the beginning of a stack trace, not all of it.
    pub max_message_bytes: usize,
    /// How far after the server's time a span may end before it is shifted back. Default 5 min.
    pub max_future: Duration,
    /// How old a span's start may be. Older spans are refused, because their buckets are sealed and
    /// perhaps deleted. Default 30 days.
    pub max_age: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_attributes: 128,
            max_key_bytes: 256,
            max_value_bytes: 64 << 10,
            max_depth: 16,
            max_json_bytes: 1 << 20,
            max_growth_bytes: 1 << 20,
            max_events: 128,
            max_links: 128,
            max_empty_messages: 100_000,
            max_name_bytes: 1 << 10,
            max_fingerprint_bytes: 2 << 10,
            max_message_bytes: 4 << 10,
            max_future: Duration::from_secs(5 * 60),
            max_age: Duration::from_secs(30 * 24 * 60 * 60),
        }
    }
}
