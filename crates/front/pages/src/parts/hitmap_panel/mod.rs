//! The hitmap panel: counts, axes and filters, and the data that its script draws.

mod slow_choice;

use super::deployment::Marker;
use hinomi_api::embedded::{GridWire, PatternWire};
use hinomi_query::answer::{Counts, Deployment, Facets, Hitmap, SpentIn};
use hinomi_webkit::{
    format,
    page::{Page, json_block},
    versus::Other,
};
use serde::Serialize;
use slow_choice::SlowChoice;
use std::collections::BTreeMap;

/// The axes, as in the URL. The first is the default.
const AXES: [&str; 6] = ["log", "5", "10", "20", "40", "80"];
/// The other times that can be drawn together with a map.
const THENS: [Other; 2] = [Other::Yesterday, Other::LastWeek];
/// Most values that a filter offers: the most frequent ones.
const OPTIONS_MAX: usize = 200;
/// Most rows of the table that replaces the map for screen readers.
const SPOKEN_ROWS: i64 = 12;

/// Texts that the script shows. The script fills in `{…}`.
const SCRIPT_WORDS: [(&str, &[&str]); 85] = [
    ("map-selected", &["count"]),
    ("map-above", &["count", "edge"]),
    ("map-page", &["first", "last", "total"]),
    ("map-slow-failed", &[]),
    ("map-none", &[]),
    ("list-expired", &["time"]),
    ("map-list-failed", &[]),
    ("map-cell-ok", &["count"]),
    ("map-cell-slow", &["count"]),
    ("map-cell-error", &["count"]),
    ("map-from-edge", &["edge"]),
    ("map-below-edge", &["edge"]),
    ("map-cell", &["times", "durations", "total"]),
    ("map-mark-ok", &[]),
    ("map-mark-slow", &[]),
    ("map-mark-error", &[]),
    ("map-no-transactions", &[]),
    ("map-waiting", &[]),
    ("calls-waiting", &[]),
    ("map-selection-outside", &[]),
    ("map-selection-partly", &[]),
    ("list-comma", &[]),
    ("map-nothing-left", &[]),
    ("vs-yesterday", &[]),
    ("vs-last-week", &[]),
    ("map-then-asking", &[]),
    ("map-then-failed", &[]),
    ("map-then-short", &[]),
    ("map-then-none", &[]),
    ("map-then-help", &[]),
    ("map-then-partial", &[]),
    ("map-then-transactions", &["then", "now"]),
    ("map-then-slow", &["then", "now"]),
    ("map-then-errors", &["then", "now"]),
    ("map-spent-reading", &[]),
    ("map-spent-database", &[]),
    ("map-spent-external", &[]),
    ("map-spent-pace", &["seconds"]),
    ("map-spent-expired", &["time"]),
    ("map-spent-too-much", &[]),
    ("map-spent-failed", &[]),
    ("spent-database", &[]),
    ("spent-external", &[]),
    ("column-took", &[]),
    ("copied", &[]),
    ("chart-show-all", &["count"]),
    ("chart-show-less", &[]),
    ("pattern-vertical", &["time"]),
    ("pattern-horizontal", &["constant", "time"]),
    ("pattern-horizontal-ended", &["constant", "time", "end"]),
    ("pattern-horizontal-before", &["constant", "time"]),
    ("pattern-line", &["constant", "time"]),
    ("pattern-line-ended", &["constant", "time", "end"]),
    ("pattern-line-before", &["constant", "time"]),
    ("pattern-wave", &["period"]),
    ("pattern-overload", &["times"]),
    ("pattern-flood", &["times"]),
    ("pattern-of-all", &["name"]),
    ("help-what", &["title"]),
    ("deploy-unnamed", &[]),
    ("diff-failed", &[]),
    ("diff-none", &[]),
    ("diff-nothing", &[]),
    ("diff-time", &[]),
    ("diff-error_type", &[]),
    ("diff-http_status", &[]),
    ("diff-waiting", &[]),
    ("diff-time_spent", &[]),
    ("diff-operation", &[]),
    ("diff-statement", &[]),
    ("diff-external", &[]),
    ("diff-instance", &[]),
    ("diff-version", &[]),
    ("diff-host", &[]),
    ("diff-attribute", &[]),
    ("time-own", &[]),
    ("time-database", &[]),
    ("time-cache", &[]),
    ("time-external", &[]),
    ("time-internal", &[]),
    ("time-messaging", &[]),
    ("diff-alike", &["names"]),
    ("diff-sampled", &["selected", "rest"]),
    ("diff-with", &["names"]),
    ("diff-vs", &["share"]),
];

/// The panel, ready to be rendered.
pub(crate) struct HitmapPanel {
    pub(crate) total: String,
    pub(crate) slow: String,
    pub(crate) slow_share: String,
    pub(crate) errors: String,
    pub(crate) error_share: String,
    pub(crate) slow_from: String,
    pub(crate) slow_choice: Option<SlowChoice>,
    pub(crate) outcome: &'static str,
    pub(crate) axes: Vec<Axis>,
    pub(crate) filters: Vec<Filter>,
    /// The other time drawn together with this one, as in the URL; empty for none.
    pub(crate) then: &'static str,
    pub(crate) thens: Vec<(&'static str, String)>,
    /// The calls whose time the rows stand for, as in the URL; empty for the response time.
    pub(crate) spent: &'static str,
    pub(crate) spents: Vec<(&'static str, String)>,
    pub(crate) spoken: Vec<SpokenRow>,
    pub(crate) full_page: Option<String>,
    pub(crate) data: String,
}

/// An axis to choose.
pub(crate) struct Axis {
    pub(crate) value: &'static str,
    pub(crate) label: String,
    pub(crate) pressed: bool,
}

/// A filter with its values.
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    pub(crate) label: String,
    pub(crate) chosen: bool,
    pub(crate) options: Vec<(String, String, bool)>,
}

/// A row of the table for screen readers.
pub(crate) struct SpokenRow {
    pub(crate) time: String,
    pub(crate) ok: u64,
    pub(crate) slow: u64,
    pub(crate) errors: u64,
}

/// The data for the script.
#[derive(Serialize)]
struct Data<'a> {
    #[serde(flatten)]
    grid: GridWire,
    now_ms: i64,
    /// Whether the range ends now.
    live: bool,
    /// Whether the live stream alone keeps the range up to date.
    streams: bool,
    service: Option<&'a str>,
    /// API parameters that select what is drawn.
    filters: BTreeMap<&'static str, &'a str>,
    patterns: &'a [PatternWire],
    deployments: Vec<Marker>,
    words: BTreeMap<&'static str, String>,
}

/// Marks over the map.
#[derive(Default)]
pub(crate) struct Marks {
    /// The map's patterns.
    pub(crate) patterns: Vec<PatternWire>,
    /// The deployments in the map's range.
    pub(crate) deployments: Vec<Deployment>,
}

impl HitmapPanel {
    /// The panel of a map. `full_page` is the URL of the map's own page; `None` on that page.
    pub(crate) fn new(
        page: &Page,
        map: &Hitmap,
        facets: &Facets,
        marks: &Marks,
        full_page: Option<String>,
    ) -> Self {
        let counts = map.total;
        let total = counts.total();
        let share = |part| format::percent(format::share(part, total)).to_string();
        let axis = page
            .param("axis")
            .filter(|axis| AXES.contains(axis))
            .unwrap_or(AXES[0]);
        Self {
            total: format::count(total),
            slow: format::count(counts.slow),
            slow_share: share(counts.slow),
            errors: format::count(counts.error),
            error_share: share(counts.error),
            slow_from: format::edge(map.slow_threshold),
            slow_choice: SlowChoice::new(page, map.slow_threshold),
            outcome: match page.param("outcome") {
                Some("ok") => "ok",
                Some("slow") => "slow",
                Some("error") => "error",
                _ => "",
            },
            axes: AXES
                .iter()
                .skip(1)
                .chain(AXES.first())
                .map(|value| Axis {
                    value,
                    label: match *value {
                        "log" => page.t("map-axis-log"),
                        "80" => "80 s".into(),
                        value => value.to_owned(),
                    },
                    pressed: *value == axis,
                })
                .collect(),
            filters: filters(page, facets),
            then: THENS
                .into_iter()
                .map(Other::as_str)
                .find(|word| page.param("vs") == Some(word))
                .unwrap_or(""),
            thens: std::iter::once(("", page.t("map-then-nothing")))
                .chain(THENS.map(|other| (other.as_str(), page.t(other.key()))))
                .collect(),
            spent: page
                .param("y")
                .and_then(SpentIn::parse)
                .map_or("", SpentIn::as_str),
            spents: std::iter::once(("", page.t("map-spent-nothing")))
                .chain(SpentIn::ALL.map(|spent| {
                    let key = match spent {
                        SpentIn::Database => "map-spent-in-database",
                        SpentIn::External => "map-spent-in-external",
                    };
                    (spent.as_str(), page.t(key))
                }))
                .collect(),
            spoken: spoken(page, map),
            full_page,
            data: data(page, map, marks),
        }
    }
}

/// The filters that facets have values for, each with the chosen value.
pub(crate) fn filters(page: &Page, facets: &Facets) -> Vec<Filter> {
    let kinds = [
        ("operation", &facets.operations),
        ("instance", &facets.instances),
        ("version", &facets.versions),
    ];
    kinds
        .into_iter()
        .filter_map(|(name, values)| {
            let chosen = page.param(name);
            let mut options: Vec<(String, String, bool)> = values
                .iter()
                .filter(|value| !value.is_empty())
                .take(OPTIONS_MAX)
                .map(|value| {
                    (
                        value.to_string(),
                        format::name(value),
                        Some(&**value) == chosen,
                    )
                })
                .collect();
            if let Some(chosen) = chosen
                && !options.iter().any(|option| option.2)
            {
                options.insert(0, (chosen.to_owned(), format::name(chosen), true));
            }
            (!options.is_empty()).then(|| Filter {
                name,
                label: page.t(match name {
                    "operation" => "map-filter-operation",
                    "instance" => "map-filter-instance",
                    _ => "map-filter-version",
                }),
                chosen: chosen.is_some(),
                options,
            })
        })
        .collect()
}

/// The map as a table of a dozen rows, for screen readers.
fn spoken(page: &Page, map: &Hitmap) -> Vec<SpokenRow> {
    let length = map.range.length();
    let columns = (length.as_secs_f64() / map.column.as_secs_f64().max(1.0)).ceil() as i64;
    let each = (columns / SPOKEN_ROWS).max(1);
    let mut rows: BTreeMap<i64, Counts> = BTreeMap::new();
    for cell in &map.cells {
        let counts = rows.entry(i64::from(cell.column) / each).or_default();
        counts.ok += cell.counts.ok;
        counts.slow += cell.counts.slow;
        counts.error += cell.counts.error;
    }
    rows.into_iter()
        .map(|(row, counts)| {
            let column = u32::try_from(row * each).unwrap_or(0);
            let start = map.range.from.plus(map.column.saturating_mul(column));
            SpokenRow {
                time: page.when(start, format::ClockStyle::Seconds).text,
                ok: counts.ok,
                slow: counts.slow,
                errors: counts.error,
            }
        })
        .collect()
}

/// API parameters for the filters of the page.
pub(crate) fn api_filters(page: &Page) -> BTreeMap<&'static str, &str> {
    let mut filters = BTreeMap::new();
    for name in ["operation", "instance", "version", "namespace"] {
        if let Some(value) = page.param(name) {
            filters.insert(name, value);
        }
    }
    if !page.environment.is_empty() {
        filters.insert("environment", page.environment.as_str());
    }
    filters
}

fn data(page: &Page, map: &Hitmap, marks: &Marks) -> String {
    let range = page.range.as_ref();
    json_block(&Data {
        grid: GridWire::of(map),
        now_ms: page.now.millis(),
        live: range.is_some_and(|range| range.live),
        streams: range.is_some_and(|range| range.streams()),
        service: page.service.as_deref(),
        filters: api_filters(page),
        patterns: &marks.patterns,
        deployments: Marker::all(page, &marks.deployments),
        words: hinomi_webkit::script_words::script_words(page, &SCRIPT_WORDS),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use hinomi_webkit::i18n::Language;

    fn panel(query: &[(&str, &str)]) -> HitmapPanel {
        let mut page = crate::sample::page(Language::English);
        page.query = query
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        let map = sample::hitmap(sample::RANGE);
        HitmapPanel::new(&page, &map, &sample::facets(), &Marks::default(), None)
    }

    #[test]
    fn the_axis_of_the_address_is_pressed_and_nonsense_is_the_default() {
        let pressed = |query| {
            let axes = panel(query).axes;
            let pressed: Vec<_> = axes
                .iter()
                .filter(|axis| axis.pressed)
                .map(|axis| axis.value)
                .collect();
            pressed
        };
        assert_eq!(pressed(&[]), ["log"]);
        assert_eq!(pressed(&[("axis", "20")]), ["20"]);
        assert_eq!(pressed(&[("axis", "7")]), ["log"]);
    }

    #[test]
    fn the_other_time_of_the_address_is_chosen_and_nonsense_is_none() {
        assert_eq!(panel(&[("vs", "last-week")]).then, "last-week");
        assert_eq!(panel(&[("vs", "custom")]).then, "");
        assert_eq!(panel(&[]).thens.len(), 3);
    }

    #[test]
    fn the_calls_of_the_address_are_chosen_and_nonsense_is_the_response_time() {
        assert_eq!(panel(&[("y", "database")]).spent, "database");
        assert_eq!(panel(&[("y", "duration")]).spent, "");
        assert_eq!(panel(&[]).spents.len(), 3);
    }

    #[test]
    fn a_chosen_value_that_is_not_frequent_is_still_offered() {
        let panel = panel(&[("version", "0.0.1")]);
        let version = panel
            .filters
            .iter()
            .find(|filter| filter.name == "version")
            .unwrap();
        assert_eq!(version.options[0], ("0.0.1".into(), "0.0.1".into(), true));
    }

    #[test]
    fn the_table_behind_the_map_counts_what_the_map_counts() {
        let panel = panel(&[]);
        let total: u64 = panel
            .spoken
            .iter()
            .map(|row| row.ok + row.slow + row.errors)
            .sum();
        assert_eq!(format::count(total), panel.total);
        assert!(panel.spoken.len() <= 13);
    }
}
