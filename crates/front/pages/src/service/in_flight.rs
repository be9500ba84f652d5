//! How many transactions ran at the same time: a chart over the range, and bars by age for a recent
//! instant.

use hinomi_api::embedded::{InFlightWire, RunningWire};
use hinomi_query::answer::{AGE_SECONDS, Active, InFlight, InFlightPoint, Running};
use hinomi_webkit::{
    format,
    page::{Page, json_block},
    script_words::script_words,
};
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};

/// A full bar stands for at least this many, so that one transaction alone is not a full bar.
const BAR_LEAST: u64 = 10;
/// Length of a full bar, in percent.
const BAR: u64 = 100;
const NOW: Duration = Duration::from_secs(60);

/// Texts that the script shows.
const SCRIPT_WORDS: [(&str, &[&str]); 4] = [
    ("in-flight-mean", &[]),
    ("in-flight-max", &[]),
    ("in-flight-ago", &["seconds"]),
    ("in-flight-active", &["count", "seconds"]),
];

/// The panels, ready to be rendered.
pub(crate) struct InFlightPanel {
    pub(crate) mean: String,
    /// Largest number; `None` when only means are known.
    pub(crate) max: Option<String>,
    pub(crate) note: String,
    pub(crate) ages: Option<AgesView>,
    pub(crate) data: String,
}

/// Transactions that ran at a recent instant.
pub(crate) struct AgesView {
    pub(crate) ago: String,
    pub(crate) bars: Vec<AgeBar>,
    /// Active requests that agents report; empty when they report none.
    pub(crate) active: String,
}

/// The bar of one age group.
pub(crate) struct AgeBar {
    pub(crate) label: String,
    pub(crate) count: String,
    /// Length in percent.
    pub(crate) length: u64,
}

#[derive(Serialize)]
struct Data<'a> {
    now_ms: i64,
    live: bool,
    streams: bool,
    in_flight: InFlightWire,
    running: Option<RunningWire>,
    /// API parameters that select what is counted.
    query: &'a BTreeMap<&'static str, &'a str>,
    words: BTreeMap<&'static str, String>,
}

impl InFlightPanel {
    /// The panels of these answers; `None` when nothing ran. The bars by age are only for live
    /// ranges.
    pub(crate) fn new(
        page: &Page,
        in_flight: &InFlight,
        running: Option<&Running>,
        query: &BTreeMap<&'static str, &str>,
    ) -> Option<Self> {
        if in_flight.points.iter().all(|point| point.mean == 0.0) {
            return None;
        }
        let range = page.range.as_ref();
        let (mean, max) = now(in_flight, page.now);
        let note = match in_flight.exact {
            true => "in-flight-exact",
            false => "in-flight-means",
        };
        let data = json_block(&Data {
            now_ms: page.now.millis(),
            live: range.is_some_and(|range| range.live),
            streams: range.is_some_and(|range| range.streams()),
            in_flight: InFlightWire::of(in_flight),
            running: running.map(RunningWire::of),
            query,
            words: script_words(page, &SCRIPT_WORDS),
        });
        Some(Self {
            mean: format::number(mean),
            max: max.map(format::count),
            note: page.t(note),
            ages: running.and_then(|running| AgesView::new(page, running)),
            data,
        })
    }
}

/// Mean and maximum of the last minute.
fn now(in_flight: &InFlight, now: hinomi_model::UnixNanos) -> (f64, Option<u64>) {
    let whole = |point: &&InFlightPoint| point.start.plus(in_flight.column) <= now;
    let whole: Vec<&InFlightPoint> = in_flight.points.iter().filter(whole).collect();
    let columns = NOW.div_duration_f64(in_flight.column).ceil().max(1.0) as usize;
    let recent = &whole[whole.len().saturating_sub(columns)..];
    let sum: f64 = recent.iter().map(|point| point.mean).sum();
    let max = recent.iter().filter_map(|point| point.max).max();
    (sum / recent.len().max(1) as f64, max)
}

impl AgesView {
    fn new(page: &Page, running: &Running) -> Option<Self> {
        let counts = running.ages?;
        let most = counts.into_iter().max().unwrap_or(0).max(BAR_LEAST);
        let seconds = running.lag.as_secs_f64().round() as u64;
        let bars = counts.into_iter().enumerate().map(|(age, count)| AgeBar {
            label: label(age),
            count: format::count(count),
            length: count * BAR / most,
        });
        Some(Self {
            ago: page.t1("in-flight-ago", "seconds", &seconds.to_string()),
            bars: bars.collect(),
            active: running
                .active
                .map(|active| active_words(page, active))
                .unwrap_or_default(),
        })
    }
}

fn active_words(page: &Page, active: Active) -> String {
    let seconds = page.now.since(active.since).as_secs();
    let values = [
        ("count", format::count(active.requests).into()),
        ("seconds", seconds.to_string().into()),
    ];
    page.words().say_with("in-flight-active", &values)
}

/// The label of an age group: `< 1 s`, `1–3 s`, `≥ 8 s`.
fn label(age: usize) -> String {
    let (least, next) = (AGE_SECONDS.get(age), AGE_SECONDS.get(age + 1));
    match (least, next) {
        (Some(0), Some(next)) => format!("< {next}\u{a0}s"),
        (Some(least), Some(next)) => format!("{least}–{next}\u{a0}s"),
        (Some(least), None) => format!("≥ {least}\u{a0}s"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use hinomi_webkit::i18n::Language;

    #[test]
    fn the_ages_are_said_with_their_edges() {
        let labels: Vec<String> = (0..AGE_SECONDS.len()).map(label).collect();
        let labels: Vec<String> = labels
            .iter()
            .map(|text| text.replace('\u{a0}', " "))
            .collect();
        assert_eq!(labels, ["< 1 s", "1–3 s", "3–8 s", "≥ 8 s"]);
    }

    #[test]
    fn one_alone_is_no_full_bar_and_nothing_is_no_panel() {
        let page = crate::sample::page(Language::English);
        let running = Running {
            ages: Some([1, 0, 0, 40]),
            ..sample::running()
        };
        let view = AgesView::new(&page, &running).unwrap();
        let lengths: Vec<u64> = view.bars.iter().map(|bar| bar.length).collect();
        assert_eq!(lengths, [2, 0, 0, 100]);
        let few = Running {
            ages: Some([1, 0, 0, 0]),
            ..sample::running()
        };
        assert_eq!(AgesView::new(&page, &few).unwrap().bars[0].length, 10);
        let mut nothing = sample::in_flight();
        nothing.points.iter_mut().for_each(|point| point.mean = 0.0);
        assert!(InFlightPanel::new(&page, &nothing, None, &BTreeMap::new()).is_none());
    }
}
