//! What the page says of hosts whose clocks are off.

use super::clean::{self, NAME_MAX};
use crate::{format::duration, i18n::Words};
use hinomi_query::{answer::Trace, trace::Clocks};
use std::time::Duration;

/// Hosts that are named; the rest is counted.
const NAMED_MAX: usize = 3;

/// The note, and the way to see the trace the other way.
pub(crate) struct ClockNote {
    pub(crate) sentences: Vec<String>,
    /// Value of `clock` in the address.
    pub(crate) other: &'static str,
    pub(crate) other_word: String,
}

impl ClockNote {
    /// Nothing when all clocks agree and nobody asked to see them as sent.
    pub(crate) fn of(trace: &Trace, clocks: Clocks, words: &Words) -> Option<Self> {
        if clocks == Clocks::AsSent {
            return Some(Self {
                sentences: vec![words.say("trace-clock-as-sent")],
                other: "aligned",
                other_word: words.say("trace-clock-align"),
            });
        }
        if trace.skews.is_empty() {
            return None;
        }
        let mut sentences: Vec<String> = trace
            .skews
            .iter()
            .take(NAMED_MAX)
            .map(|skew| {
                let key = if skew.moved_ns > 0 {
                    "trace-clock-behind"
                } else {
                    "trace-clock-ahead"
                };
                let by = Duration::from_nanos(skew.moved_ns.unsigned_abs());
                let args = [
                    ("host", clean::line(&skew.host, NAME_MAX).into()),
                    ("by", duration(by).to_string().into()),
                    ("count", skew.spans.into()),
                ];
                words.say_with(key, &args)
            })
            .collect();
        let more = trace.skews.len().saturating_sub(NAMED_MAX);
        if more > 0 {
            sentences.push(words.say_with("trace-clock-more", &[("count", more.into())]));
        }
        Some(Self {
            sentences,
            other: "sent",
            other_word: words.say("trace-clock-show-sent"),
        })
    }
}
