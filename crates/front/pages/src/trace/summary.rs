//! Where the time of a trace went: the parts of the bar, which add up to the trace's length, and
//! the two places that the sentence names.

use super::{
    clean::{self, NAME_MAX},
    rows,
};
use hinomi_query::{
    answer::{SelfTimeCategory, Trace},
    trace::{critical_time, critical_time_by_category},
};
use std::{cmp::Reverse, collections::HashMap, time::Duration};

/// A second place is named from this share on.
const ALSO_MIN: f64 = 0.15;

/// A part of the bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Part {
    /// What the time was spent on.
    pub(crate) category: SelfTimeCategory,
    /// Time of the part.
    pub(crate) time: Duration,
    /// Share of the trace, 0 to 1.
    pub(crate) share: f64,
    /// Sum of the shares of the parts before it.
    pub(crate) offset: f64,
}

/// A place where time was spent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// Category of the time.
    pub(crate) category: SelfTimeCategory,
    /// The service that spent the time.
    pub(crate) service: String,
    /// The target that it waited for; empty for the service's own code.
    pub(crate) target: String,
    /// Share of the trace, 0 to 1.
    pub(crate) share: f64,
}

/// The parts of the bar, longest first.
pub(crate) fn parts(trace: &Trace) -> Vec<Part> {
    let total = trace.end.since(trace.start);
    let mut times = critical_time_by_category(trace);
    times.sort_by_key(|(category, time)| (Reverse(*time), *category));
    let mut offset = 0.0;
    times
        .into_iter()
        .map(|(category, time)| {
            let share = time.div_duration_f64(total);
            offset += share;
            Part {
                category,
                time,
                share,
                offset: offset - share,
            }
        })
        .collect()
}

/// The place where most time was spent, and a second one if its share is large enough.
pub(crate) fn places(trace: &Trace) -> Vec<Place> {
    let total = trace.end.since(trace.start);
    let mut sums: HashMap<(SelfTimeCategory, &str, &str), Duration> = HashMap::new();
    for part in critical_time(trace) {
        let span = &trace.spans[part.span];
        let target = match (&span.call, part.category) {
            (Some(call), category) if category != SelfTimeCategory::Code => &*call.target,
            (None, SelfTimeCategory::Messaging) => &*span.name,
            _ => "",
        };
        *sums
            .entry((part.category, &*span.resource.service, target))
            .or_default() += part.time;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(place, time)| (Reverse(*time), *place));
    sums.into_iter()
        .take(2)
        .map(|((category, service, target), time)| Place {
            category,
            service: clean::line(service, NAME_MAX),
            target: rows::host(target),
            share: time.div_duration_f64(total),
        })
        .enumerate()
        .filter(|(rank, place)| *rank == 0 || place.share >= ALSO_MIN)
        .map(|(_, place)| place)
        .collect()
}

/// The ticks of the ruler: a round step that gives at most `ticks_max` ticks.
pub(crate) fn ticks(total: Duration, ticks_max: u32) -> Vec<Duration> {
    let Some(step) = round_steps().find(|step| *step * ticks_max >= total) else {
        return vec![Duration::ZERO];
    };
    (0..=ticks_max)
        .map(|number| step * number)
        .take_while(|tick| *tick <= total)
        .collect()
}

/// 1, 2 and 5 times each power of ten, from one microsecond to decades.
fn round_steps() -> impl Iterator<Item = Duration> {
    (0..16)
        .flat_map(|power| [1, 2, 5].map(|digit| Duration::from_micros(digit * 10_u64.pow(power))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;

    #[test]
    fn the_bar_adds_up_to_the_whole() {
        for trace in sample::all() {
            let parts = parts(&trace);
            let total: Duration = parts.iter().map(|part| part.time).sum();
            assert_eq!(total, trace.end.since(trace.start));
            let end = parts.last().map_or(1.0, |part| part.offset + part.share);
            assert!((end - 1.0).abs() < 1e-9, "{end}");
        }
    }

    #[test]
    fn the_places_are_named_by_what_was_waited_for() {
        let places = places(&sample::checkout());
        assert_eq!(
            (places[0].category, &*places[0].service),
            (SelfTimeCategory::Code, "payment")
        );
        assert_eq!(
            (places[1].category, &*places[1].target),
            (SelfTimeCategory::Database, "pg-ledger-1")
        );
    }

    #[test]
    fn ticks_are_round_and_few() {
        let ticks = |millis| {
            ticks(Duration::from_millis(millis), 7)
                .iter()
                .map(|tick| tick.as_millis())
                .collect::<Vec<_>>()
        };
        assert_eq!(ticks(3_014), [0, 500, 1000, 1500, 2000, 2500, 3000]);
        assert_eq!(ticks(0), [0]);
        assert_eq!(ticks(100).len(), 6);
    }
}
