//! Limits of decoding: how much of what an agent sends is kept. Beyond them things are cut and
//! counted, never failed: an agent would only send the same again.

use std::time::Duration;

/// Limits of one [`Decoder`](crate::Decoder). `Default` gives the values named at each field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Attributes of a span, event, link or resource; those behind are dropped. 128, the SDKs'
    /// own default.
    pub max_attributes: usize,
    /// Bytes of an attribute's key; a longer one is dropped with its value. 256.
    pub max_key_bytes: usize,
    /// Bytes of a text or bytes value, SQL included; the rest is cut. 64 KiB: the longest
    /// statement a person will read.
    pub max_value_bytes: usize,
    /// Nesting of arrays and maps; deeper values become `null`. 16.
    pub max_depth: usize,
    /// Bytes of JSON for each of a span's attributes, events and links; elements that would begin
    /// behind it are dropped. 1 MiB, so that 128 attributes of 64 KiB cannot fill the memory.
    pub max_json_bytes: usize,
    /// Bytes that the JSON of a request's events and links may have beyond what they had on the wire,
    /// besides a quarter of the whole request; those that would come on top are dropped. 1 MiB: ten
    /// thousand events of nothing but a time, which take 14 bytes and become 62.
    pub max_growth_bytes: usize,
    /// Events of a span; the last ones are dropped. 128, the SDKs' own default.
    pub max_events: usize,
    /// Links of a span; the last ones are dropped. 128, the SDKs' own default.
    pub max_links: usize,
    /// Messages of a request that hold nothing: resources and scopes without spans, spans shorter than
    /// their ids and times, in JSON empty objects in lists. With more the request is refused whole.
    /// 100,000: no agent sends any, and so many cost less than 30 ms.
    pub max_empty_messages: usize,
    /// Bytes of a name: span, operation, service, host, error type. 1 KiB: names are keys of
    /// rollups.
    pub max_name_bytes: usize,
    /// Bytes of a statement's fingerprint. 2 KiB; also what a screen shows of it.
    pub max_fingerprint_bytes: usize,
    /// Bytes of a status message. 4 KiB: the head of a stack trace, not all of it.
    pub max_message_bytes: usize,
    /// How far ahead of the server's clock a span may end before it is shifted back. 5 min.
    pub max_future: Duration,
    /// How old a span's start may be; older ones are refused, since their buckets are sealed and
    /// perhaps deleted. 30 days.
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
