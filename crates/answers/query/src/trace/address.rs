//! How a span is named within its trace, in links and on pages.

use crate::answers::{Trace, TraceSpan};
use hinomi_model::SpanId;
use std::{collections::HashMap, fmt, str::FromStr};

/// The address of a span within its trace: its id, and its number among the spans that have this id.
///
/// Written as the id, for all but the first with a point and the number: `00f067aa0ba902b7.2`. The answering
/// side of a call comes before the calling side, because a list of transactions links to the id alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanAddress {
    /// The id.
    pub id: SpanId,
    /// Its number; the first has 1.
    pub number: u32,
}

impl From<SpanId> for SpanAddress {
    fn from(id: SpanId) -> Self {
        Self { id, number: 1 }
    }
}

impl fmt::Display for SpanAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            1 => write!(f, "{}", self.id),
            number => write!(f, "{}.{number}", self.id),
        }
    }
}

/// A text is no address of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no span id, and none with a point and a number")]
pub struct NoSpanAddress;

impl FromStr for SpanAddress {
    type Err = NoSpanAddress;

    fn from_str(text: &str) -> Result<Self, NoSpanAddress> {
        let (id, number) = text.split_once('.').unwrap_or((text, "1"));
        Ok(Self {
            id: id.parse().map_err(|_| NoSpanAddress)?,
            number: number.parse().map_err(|_| NoSpanAddress)?,
        })
    }
}

impl TraceSpan {
    /// Its address within its trace.
    pub fn address(&self) -> SpanAddress {
        SpanAddress {
            id: self.span_id,
            number: self.number,
        }
    }
}

impl Trace {
    /// The index of a span in `spans`.
    pub fn position(&self, address: SpanAddress) -> Option<usize> {
        let mut spans = self.spans.iter();
        spans.position(|span| span.address() == address)
    }
}

/// Numbers the spans that share an id.
pub(super) fn number(spans: &mut [TraceSpan]) {
    let mut seen: HashMap<SpanId, u32> = HashMap::with_capacity(spans.len());
    for answering in [true, false] {
        for span in spans.iter_mut() {
            if span.kind.is_answering() == answering {
                let number = seen.entry(span.span_id).or_default();
                *number += 1;
                span.number = *number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_is_written() {
        for text in ["00f067aa0ba902b7", "00f067aa0ba902b7.2"] {
            assert_eq!(text.parse::<SpanAddress>().unwrap().to_string(), text);
        }
        for text in ["", "0", "00f067aa0ba902b7.", "00f067aa0ba902b7.x", ".2"] {
            assert_eq!(text.parse::<SpanAddress>(), Err(NoSpanAddress), "{text}");
        }
    }
}
