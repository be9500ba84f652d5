//! The board: one tile for each service, worst first, with a sentence where something is wrong.
//! With many services the tiles are small and have only a name and a number.

use super::choice::{BoardChoice, By, ByLink, STATES};
use crate::parts::receivers::Receivers;
use crate::parts::verdict::{Part, VerdictView};
use askama::Template;
use hinomi_analysis::{Reason, ServiceSummary, Verdict};
use hinomi_api::embedded::verdict_word;
use hinomi_model::Text;
use hinomi_webkit::{
    format::{self, Measure},
    page::{InPage, Page, json_block},
    services::ServiceEntries,
    spark::Spark,
    url,
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// With more tiles than this, the tiles are small.
const DENSE_FROM: usize = 60;

/// The page.
#[derive(Template)]
#[template(path = "board/page.html")]
pub(crate) struct BoardPage {
    page: Page,
    view: BoardView,
}

impl BoardPage {
    /// The page of these services. `page` must have its range.
    pub(crate) fn new(page: Page, services: &[ServiceSummary], otlp: &Receivers) -> Self {
        let view = BoardView::new(&page, services, otlp);
        Self { page, view }
    }
}

impl InPage for BoardPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

struct BoardView {
    counts: Vec<StateCount>,
    by: Vec<ByLink>,
    /// Text that the shown names contain.
    q: String,
    /// Parameters that the search form keeps.
    kept: Vec<(String, String)>,
    /// Link to the board without filters; set when no service passes the filters.
    unfiltered: Option<String>,
    dense: bool,
    groups: Vec<Group>,
    /// Set when no service has ever sent anything.
    empty: Option<Empty>,
    /// Set when the chosen environment has no service.
    none_here: bool,
    all_environments: String,
    data: String,
}

struct StateCount {
    class: &'static str,
    count: usize,
    word: String,
    href: String,
    current: bool,
}

struct Group {
    name: String,
    size: String,
    state: String,
    tiles: Vec<Tile>,
}

struct Tile {
    service: String,
    href: String,
    verdict: VerdictView,
    wide: bool,
    rate: Measure,
    p95: Measure,
    errors: Measure,
    /// `error` or `slow` when the verdict is about this number.
    errors_class: &'static str,
    p95_class: &'static str,
    rate_class: &'static str,
    rate_spark: Spark,
    p95_spark: Spark,
    /// Name, namespace and environment: the key of the service in the stream.
    key: [Text; 3],
    /// Index among all tiles.
    number: usize,
    sentence: Vec<Part>,
}

struct Empty {
    grpc: String,
    http: String,
}

#[derive(Serialize)]
struct Data {
    /// Whether the stream keeps the board up to date.
    streams: bool,
    live: bool,
    from_ms: i64,
    to_ms: i64,
    empty: bool,
    /// Whether filters hide some services.
    filtered: bool,
    environment: String,
    /// Name, namespace and environment of each tile.
    tiles: Vec<[Text; 3]>,
}

impl BoardView {
    fn new(page: &Page, services: &[ServiceSummary], otlp: &Receivers) -> Self {
        let length = page
            .range
            .as_ref()
            .map_or(Duration::ZERO, |range| range.range.length());
        let here: Vec<&ServiceSummary> = services
            .iter()
            .filter(|service| {
                page.environment.is_empty() || *service.environment == *page.environment
            })
            .collect();
        let choice = BoardChoice::new(page, &here);
        let named: Vec<&ServiceSummary> = here
            .iter()
            .copied()
            .filter(|service| choice.has_name(service))
            .collect();
        let shown: Vec<&ServiceSummary> = named
            .iter()
            .copied()
            .filter(|service| {
                let class = verdict_word(&service.health.verdict);
                choice.state.is_none_or(|state| state == class)
            })
            .collect();
        let dense = shown.len() > DENSE_FROM;
        let entries = ServiceEntries::of(here.iter().map(|service| service.key()));
        let mut groups = groups(page, &choice.by, &shown, |service| {
            Tile::new((page, &entries), service, length, dense)
        });
        for (number, tile) in groups
            .iter_mut()
            .flat_map(|group| &mut group.tiles)
            .enumerate()
        {
            tile.number = number;
        }

        let counts = STATES.map(|class| {
            let of_class =
                |service: &&&ServiceSummary| verdict_word(&service.health.verdict) == class;
            let current = choice.state == Some(class);
            StateCount {
                class,
                count: named.iter().filter(of_class).count(),
                word: state_word(page, class),
                href: page.this_with(&[("state", if current { "" } else { class })]),
                current,
            }
        });
        let (grpc, http) = otlp.urls();
        let range = page.range.as_ref();
        let data = Data {
            // Small tiles show nothing that changes every second.
            streams: !dense && range.is_some_and(|range| range.streams()),
            live: range.is_some_and(|range| range.live),
            from_ms: range.map_or(0, |range| range.range.from.millis()),
            to_ms: range.map_or(0, |range| range.range.to.millis()),
            empty: services.is_empty(),
            filtered: choice.filters(),
            environment: page.environment.clone(),
            tiles: groups
                .iter()
                .flat_map(|group| &group.tiles)
                .map(|tile| tile.key.clone())
                .collect(),
        };
        Self {
            counts: counts
                .into_iter()
                .filter(|state| state.count > 0 || state.current)
                .collect(),
            by: choice.links(page),
            kept: page
                .query
                .iter()
                .filter(|(name, value)| !matches!(name.as_str(), "q" | "lang") && !value.is_empty())
                .cloned()
                .collect(),
            unfiltered: (shown.is_empty() && !here.is_empty())
                .then(|| page.this_with(&[("q", ""), ("state", "")])),
            q: choice.q,
            dense,
            none_here: here.is_empty() && !services.is_empty(),
            groups,
            empty: services.is_empty().then_some(Empty { grpc, http }),
            all_environments: page.this_with(&[("environment", "")]),
            data: json_block(&data),
        }
    }
}

/// The services in groups, the worst group first.
fn groups(
    page: &Page,
    by: &By,
    services: &[&ServiceSummary],
    tile: impl Fn(&ServiceSummary) -> Tile,
) -> Vec<Group> {
    let environments: BTreeSet<&str> = services
        .iter()
        .map(|service| &*service.environment)
        .collect();
    // Groups of the same namespace in several environments would look alike, so they are kept
    // apart.
    let apart = *by == By::Namespace && environments.len() > 1;
    let mut grouped: BTreeMap<(&str, &str), Vec<Tile>> = BTreeMap::new();
    for service in services {
        let environment = if apart { &*service.environment } else { "" };
        let tiles = grouped.entry((by.value(service), environment)).or_default();
        tiles.push(tile(service));
    }
    let alone = grouped.len() == 1;
    let mut groups: Vec<(Vec<u8>, Group)> = grouped
        .into_iter()
        .map(|((value, environment), mut tiles)| {
            // The sort is stable: within one state the order of the answer stays, worst first.
            tiles.sort_by_key(|tile| badness(tile.verdict.class));
            let rank: Vec<u8> = tiles
                .iter()
                .map(|tile| badness(tile.verdict.class))
                .take(4)
                .collect();
            let mut name = by.heading(page, value, alone);
            if !environment.is_empty() {
                name = format!("{name} · {}", format::name(environment));
            }
            (rank, Group::new(page, name, tiles))
        })
        .collect();
    groups.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.name.cmp(&b.1.name)));
    groups.into_iter().map(|(_, group)| group).collect()
}

impl Group {
    fn new(page: &Page, name: String, tiles: Vec<Tile>) -> Self {
        let states: Vec<String> = ["bad", "watch", "no_data"]
            .into_iter()
            .filter_map(|class| {
                let count = tiles
                    .iter()
                    .filter(|tile| tile.verdict.class == class)
                    .count();
                let values = [
                    ("count", count.into()),
                    ("state", state_word(page, class).into()),
                ];
                (count > 0).then(|| page.words().say_with("board-state-count", &values))
            })
            .collect();
        let state = if states.is_empty() {
            page.t("board-all-ok")
        } else {
            states.join(&page.t("list-comma"))
        };
        let size = page
            .words()
            .say_with("board-size", &[("count", tiles.len().into())]);
        Self {
            name,
            size,
            state,
            tiles,
        }
    }
}

impl Tile {
    fn new(
        (page, entries): (&Page, &ServiceEntries),
        service: &ServiceSummary,
        length: Duration,
        dense: bool,
    ) -> Self {
        let verdict = VerdictView::new(page, &service.health);
        let total = service.counts.total();
        // Small tiles have no sparklines.
        let points = if dense { &[] } else { &*service.timeline };
        // The last column is left out while it is incomplete, because it would look like a drop.
        let points = match points {
            [rest @ .., before, last] if last.start.0 * 2 - before.start.0 > page.now.0 => {
                &points[..rest.len() + 1]
            }
            all => all,
        };
        let rates: Vec<_> = points
            .iter()
            .map(|point| Some(point.counts.total() as f64))
            .collect();
        let tails: Vec<_> = points
            .iter()
            .map(|point| point.latency.p95.map(|latency| latency.as_secs_f64()))
            .collect();
        let (reason, class) = match service.health.verdict {
            Verdict::Bad(reason) => (Some(reason), "error"),
            Verdict::Watch(reason) => (Some(reason), "slow"),
            _ => (None, ""),
        };
        let named = |is: bool| if is { class } else { "" };
        let key = service.key();
        let href = page.link(&url::service(&service.service), &entries.own(&key));
        Self {
            service: entries.label(&key),
            href,
            wide: matches!(verdict.class, "bad" | "watch"),
            rate: format::rate(total, length),
            p95: format::some_duration(service.latency.p95),
            errors: format::percent(format::share(service.counts.error, total)),
            errors_class: named(matches!(reason, Some(Reason::Errors { .. }))),
            p95_class: named(matches!(
                reason,
                Some(Reason::Slow { .. } | Reason::Slower { .. })
            )),
            rate_class: named(matches!(reason, Some(Reason::Quiet { .. }))),
            rate_spark: Spark::of(&rates),
            p95_spark: Spark::of(&tails),
            key: [
                service.service.clone(),
                service.namespace.clone(),
                service.environment.clone(),
            ],
            number: 0,
            sentence: verdict.sentence.clone(),
            verdict,
        }
    }
}

fn badness(class: &str) -> u8 {
    match class {
        "bad" => 0,
        "watch" => 1,
        "no_data" => 2,
        _ => 3,
    }
}

fn state_word(page: &Page, class: &str) -> String {
    let key = match class {
        "bad" => "board-count-bad",
        "watch" => "board-count-watch",
        "no_data" => "board-count-no-data",
        _ => "board-count-ok",
    };
    page.t(key)
}
