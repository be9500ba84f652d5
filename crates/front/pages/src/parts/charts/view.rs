//! The charts of a series: throughput, latency and errors, with another time or the usual values
//! beside them.

use crate::parts::deployment::Marker;
use hinomi_analysis::{Basis, Usually};
use hinomi_api::embedded::SeriesWire;
use hinomi_query::answer::{Deployment, Timeline, TimelinePoint};
use hinomi_webkit::{
    format::{self, Measure},
    page::{Page, json_block},
    script_words::script_words,
    versus::{Other, Versus, choice::VersusChoice},
};
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};

/// The numbers in a chart's title cover the last minute, or the last column when columns are
/// longer.
const NOW: Duration = Duration::from_secs(60);

/// Texts that the script shows.
const SCRIPT_WORDS: [(&str, &[&str]); 14] = [
    ("rate", &[]),
    ("errors", &[]),
    ("vs-yesterday", &[]),
    ("vs-last-week", &[]),
    ("vs-custom", &[]),
    ("charts-usual", &[]),
    ("charts-usual-band", &["low", "high"]),
    ("charts-nothing-yet", &[]),
    ("charts-usual-weeks", &["count", "width"]),
    ("charts-usual-days", &["count", "width"]),
    ("charts-usual-few", &[]),
    ("charts-usual-long", &[]),
    ("length-minutes", &["count"]),
    ("length-hours", &["count"]),
];

/// The data of the charts.
pub(crate) struct ChartAnswers {
    pub(crate) timeline: Timeline,
    pub(crate) versus: Versus,
    pub(crate) beside: Beside,
}

/// What is drawn beside a series.
pub(crate) enum Beside {
    Nothing,
    /// The series of another time.
    Time(Timeline),
    /// The usual values.
    Usual(Usually),
    /// The usual values, but they take long to read: the page's script requests them.
    Later,
}

/// The charts, ready to be rendered.
pub(crate) struct ChartsPanel {
    pub(crate) versus: VersusChoice,
    /// What is drawn beside the series, or why nothing is.
    pub(crate) note: Option<String>,
    /// Legend of what is drawn beside the series: class (`other` or `band`) and name.
    pub(crate) key: Option<(&'static str, String)>,
    pub(crate) rate: Measure,
    pub(crate) p50: Measure,
    pub(crate) p95: Measure,
    pub(crate) p99: Measure,
    pub(crate) errors: Measure,
    pub(crate) failing: bool,
    pub(crate) data: String,
}

#[derive(Serialize)]
struct Data<'a> {
    now_ms: i64,
    live: bool,
    streams: bool,
    series: SeriesWire,
    /// How far back the other time is; `null` when nothing is compared.
    back_ms: Option<i64>,
    /// Whether the usual values are requested.
    usual: bool,
    /// The key of the other time's name.
    other: &'static str,
    /// API parameters that select what is counted.
    query: &'a BTreeMap<&'static str, &'a str>,
    deployments: Vec<Marker>,
    words: BTreeMap<&'static str, String>,
}

impl ChartsPanel {
    /// The charts of these answers; `None` when nothing was counted. `query` has the parameters
    /// with which the script requests further data from the API.
    pub(crate) fn new(
        page: &Page,
        answers: &ChartAnswers,
        deployments: &[Deployment],
        query: &BTreeMap<&'static str, &str>,
    ) -> Option<Self> {
        let ChartAnswers {
            timeline,
            versus,
            beside,
        } = answers;
        let counted = |timeline: &Timeline| {
            let mut points = timeline.points.iter();
            points.any(|point| point.counts.total() > 0)
        };
        if !counted(timeline) {
            return None;
        }
        let name = page.t(versus.other.key());
        let (note, key) = match beside {
            Beside::Nothing => (None, None),
            Beside::Time(other) if counted(other) => (None, Some(("other", name))),
            Beside::Time(_) => (Some(page.t("charts-nothing-then")), None),
            Beside::Later => {
                let key = ("band", page.t("charts-usual"));
                (Some(page.t("charts-usual-later")), Some(key))
            }
            Beside::Usual(usually) => {
                let known = matches!(usually, Usually::Known(_));
                let key = known.then(|| ("band", page.t("charts-usual")));
                (Some(usual_note(page, usually)), key)
            }
        };
        let (other, usually) = match beside {
            Beside::Nothing | Beside::Later => (None, None),
            Beside::Time(other) => (Some(other), None),
            Beside::Usual(usually) => (None, Some(usually)),
        };
        let range = page.range.as_ref();
        let back = versus.range.zip(range).map(|(other, range)| {
            let (now, then) = (range.range.from.millis(), other.from.millis());
            now - then
        });
        let data = json_block(&Data {
            now_ms: page.now.millis(),
            live: range.is_some_and(|range| range.live),
            streams: range.is_some_and(|range| range.streams()),
            series: SeriesWire::of(timeline, other, usually),
            back_ms: back,
            usual: versus.other == Other::Usual,
            other: versus.other.key(),
            query,
            deployments: Marker::all(page, deployments),
            words: script_words(page, &SCRIPT_WORDS),
        });
        let now = Now::of(timeline, page.now);
        Some(Self {
            versus: VersusChoice::new(page, versus),
            note,
            key,
            rate: now.rate,
            p50: now.p50,
            p95: now.p95,
            p99: now.p99,
            errors: format::percent(now.errors),
            failing: now.errors >= 0.01,
            data,
        })
    }
}

/// What the band is based on, or why there is none.
fn usual_note(page: &Page, usually: &Usually) -> String {
    let typical = match usually {
        Usually::TooFew => return page.t("charts-usual-few"),
        Usually::TooLong => return page.t("charts-usual-long"),
        Usually::Known(typical) => typical,
    };
    let (key, count) = match typical.basis {
        Basis::HourOfWeek { weeks } => ("charts-usual-weeks", weeks),
        Basis::HourOfDay { days } => ("charts-usual-days", days),
        Basis::HourBefore => ("charts-usual-days", 1),
    };
    let words = page.words();
    let minutes = typical.column.as_secs() / 60;
    let width = match minutes {
        60.. => words.say_with("length-hours", &[("count", (minutes / 60).into())]),
        minutes => words.say_with("length-minutes", &[("count", minutes.into())]),
    };
    words.say_with(key, &[("count", count.into()), ("width", width.into())])
}

/// The numbers in the charts' titles.
struct Now {
    rate: Measure,
    p50: Measure,
    p95: Measure,
    p99: Measure,
    /// Share that failed.
    errors: f64,
}

impl Now {
    fn of(timeline: &Timeline, now: hinomi_model::UnixNanos) -> Self {
        // The last column is left out while it is incomplete, because it would look like a drop.
        let whole: Vec<&TimelinePoint> = timeline
            .points
            .iter()
            .filter(|point| point.start.plus(timeline.column) <= now)
            .collect();
        let columns = (NOW.as_secs_f64() / timeline.column.as_secs_f64().max(1.0))
            .ceil()
            .max(1.0);
        let recent: Vec<_> = whole.iter().rev().take(columns as usize).collect();
        let total: u64 = recent.iter().map(|point| point.counts.total()).sum();
        let failed: u64 = recent.iter().map(|point| point.counts.error).sum();
        let length = timeline
            .column
            .saturating_mul(u32::try_from(recent.len()).unwrap_or(1));
        let latest = whole.iter().rev().find(|point| point.latency.p95.is_some());
        let latency = latest.map(|point| point.latency).unwrap_or_default();
        Self {
            rate: format::rate(total, length),
            p50: format::some_duration(latency.p50),
            p95: format::some_duration(latency.p95),
            p99: format::some_duration(latency.p99),
            errors: format::share(failed, total),
        }
    }
}
