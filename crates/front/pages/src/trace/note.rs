//! Notes on the trace page: hosts whose clocks are off, and the other pages of a long trace.

use super::clean::{self, NAME_MAX};
use hinomi_query::{answer::Trace, trace::Clocks};
use hinomi_webkit::{
    cursor,
    format::{count, duration},
    i18n::Translations,
};
use std::time::Duration;

/// Most hosts that are named. Further ones are only counted.
const NAMED_MAX: usize = 3;

/// Note that other spans of the trace are on other pages, with links to these.
pub(crate) struct PageNote {
    pub(crate) sentence: String,
    /// Whether there are pages before this one.
    pub(crate) is_later: bool,
    /// `cursor` of the next page; empty on the last page.
    pub(crate) next: String,
}

impl PageNote {
    /// The note; `None` when the page has all spans.
    pub(crate) fn of(trace: &Trace, words: &Translations) -> Option<Self> {
        if !trace.is_page() {
            return None;
        }
        let number = |number: usize| count(number as u64).into();
        let first = trace.before + usize::from(!trace.spans.is_empty());
        let args = [
            ("first", number(first)),
            ("last", number(trace.before + trace.spans.len())),
            ("count", number(trace.total())),
        ];
        Some(Self {
            sentence: words.say_with("trace-page", &args),
            is_later: trace.before > 0,
            next: trace
                .next
                .as_ref()
                .map(cursor::encode_place)
                .unwrap_or_default(),
        })
    }
}

/// The note on clocks, with a link to the other way of showing the trace.
pub(crate) struct ClockNote {
    pub(crate) sentences: Vec<String>,
    /// Value of the `clock` parameter in that link.
    pub(crate) other: &'static str,
    pub(crate) other_word: String,
}

impl ClockNote {
    /// The note; `None` when all clocks agree and the reader did not ask for times as sent.
    pub(crate) fn of(trace: &Trace, clocks: Clocks, words: &Translations) -> Option<Self> {
        // Clocks of a trace with several pages are not aligned, so there is no other way to show
        // it.
        if trace.is_page() {
            return None;
        }
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
