//! The result of decoding one request: the spans, and an account of everything that was not kept as
//! sent.

use hinomi_model::{SpanBatch, UnixNanos};
use std::fmt;

/// One request, decoded.
#[derive(Debug, Default)]
pub struct Received {
    /// The accepted spans, in order of arrival.
    pub spans: SpanBatch,
    /// The refused spans.
    pub rejected: Rejected,
    /// Number of things cut to a limit or dropped: values, names, attributes, events, links, parent
    /// ids.
    pub truncated: u64,
    /// Number of spans that ended too far in the future and were shifted to end now.
    pub skewed: u64,
    /// The newest end of a span by its sender's clock, refused spans included: among the ends that
    /// are not too far in the future, or among all when there are no such ends.
    pub newest: Option<UnixNanos>,
}

/// The refused spans, with reasons. Its `Display` is the `error_message` of OTLP's partial success,
/// in English as the protocol requires.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rejected {
    /// Number of refused spans.
    pub count: u64,
    /// Each reason with its count, in the order of their first occurrence.
    pub first_reasons: Vec<(Refusal, u64)>,
}

impl Rejected {
    /// Whether nothing was refused. The answer then has no partial success.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn add(&mut self, refusal: Refusal) {
        self.count += 1;
        match self
            .first_reasons
            .iter_mut()
            .find(|(reason, _)| *reason == refusal)
        {
            Some((_, count)) => *count += 1,
            None => self.first_reasons.push((refusal, 1)),
        }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} span{} refused",
            self.count,
            if self.count == 1 { "" } else { "s" }
        )?;
        for (index, (reason, count)) in self.first_reasons.iter().enumerate() {
            let separator = if index == 0 { ": " } else { "; " };
            let (one, many) = reason.phrases();
            write!(
                f,
                "{separator}{count} {}",
                if *count == 1 { one } else { many }
            )?;
        }
        Ok(())
    }
}

/// The reasons for refusing a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The trace id is not 16 bytes long, or is not hex.
    TraceIdLength,
    /// The trace id is all zero.
    TraceIdZero,
    /// The span id is not 8 bytes long, or is not hex.
    SpanIdLength,
    /// The span id is all zero.
    SpanIdZero,
    /// The start is not set.
    NoStart,
    /// The end is not set: the span has not ended.
    NoEnd,
    /// The start or the end is after the year 2262.
    TimeOutOfRange,
    /// The end is before the start.
    EndsBeforeStart,
    /// The start is before the oldest accepted time.
    TooOld,
    /// The bytes are not a span: they are cut short, have wrong types, or contain a text that is
    /// not UTF-8.
    Malformed,
}

impl From<crate::Malformed> for Refusal {
    fn from(_: crate::Malformed) -> Self {
        Self::Malformed
    }
}

impl Refusal {
    /// The predicate for one span, and for several.
    fn phrases(self) -> (&'static str, &'static str) {
        match self {
            Self::TraceIdLength => (
                "has a trace id that is not 16 bytes",
                "have trace ids that are not 16 bytes",
            ),
            Self::TraceIdZero => ("has a trace id of zeros", "have trace ids of zeros"),
            Self::SpanIdLength => (
                "has a span id that is not 8 bytes",
                "have span ids that are not 8 bytes",
            ),
            Self::SpanIdZero => ("has a span id of zeros", "have span ids of zeros"),
            Self::NoStart => ("has no start time", "have no start time"),
            Self::NoEnd => ("has no end time", "have no end time"),
            Self::TimeOutOfRange => (
                "has a time after the year 2262",
                "have times after the year 2262",
            ),
            Self::EndsBeforeStart => ("ends before it starts", "end before they start"),
            Self::TooOld => (
                "began before the oldest time accepted",
                "began before the oldest time accepted",
            ),
            Self::Malformed => ("can not be decoded", "can not be decoded"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_reads_as_a_sentence() {
        let mut rejected = Rejected::default();
        rejected.add(Refusal::TraceIdZero);
        assert_eq!(
            rejected.to_string(),
            "1 span refused: 1 has a trace id of zeros"
        );
        rejected.add(Refusal::EndsBeforeStart);
        rejected.add(Refusal::EndsBeforeStart);
        assert_eq!(
            rejected.to_string(),
            "3 spans refused: 1 has a trace id of zeros; 2 end before they start"
        );
    }
}
