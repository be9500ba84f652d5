//! The service map: nodes at their places, edges between them, and the same data as a table.

use super::layout::{Layout, Place};
use askama::Template;
use hinomi_analysis::{NodeState, NodeStates};
use hinomi_model::Text;
use hinomi_query::answer::{MapEdge, MapNode, NodeKey, NodeKind, ServiceMap, Traffic};
use hinomi_webkit::{
    format::{self, Measure},
    page::{InPage, Page},
    table::{Table, TableCell, TableColumn},
    url,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Size of a node and of the grid, in units of the drawing.
const NODE_WIDTH: usize = 148;
const NODE_HEIGHT: usize = 40;
const COLUMN: usize = 184;
const ROW: usize = 54;
const MARGIN: usize = 10;
/// Width for the name in a node, in pixels.
const NAME_WIDTH: usize = 116;
/// A failed share of calls is red from `BAD` on and amber from `FAILING` on; a 95th percentile is amber
/// from `SLOW` on.
const BAD: f64 = 0.05;
const FAILING: f64 = 0.01;
const SLOW: Duration = Duration::from_secs(1);

/// The page.
#[derive(Template)]
#[template(path = "map/page.html")]
pub(crate) struct MapPage {
    page: Page,
    view: MapView,
}

impl MapPage {
    /// The page of a map, with how its nodes are.
    pub(crate) fn new(page: Page, map: (&ServiceMap, &NodeStates), layout: &Layout) -> Self {
        let view = MapView::new(&page, map, layout);
        Self { page, view }
    }
}

impl InPage for MapPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

struct MapView {
    width: usize,
    height: usize,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    /// The edges for reading and sorting.
    table: Table,
    counts: Vec<(&'static str, String)>,
    live: bool,
}

struct Node {
    number: usize,
    x: usize,
    y: usize,
    kind: &'static str,
    kind_word: String,
    name: String,
    short: String,
    href: String,
    rate: Measure,
    p95: Measure,
    errors: Measure,
    /// `error`, `slow`, `silent` or empty.
    state: &'static str,
    /// Whether the node shows its failed share.
    failing: bool,
    /// Numbers of the nodes that edges join it to.
    joined: String,
}

struct Edge {
    from: String,
    from_href: String,
    to: String,
    to_href: String,
    kind_word: String,
    path: String,
    /// Line weight by traffic, 1 to 4.
    weight: usize,
    state: &'static str,
    ends: (usize, usize),
    rate: String,
    rate_sort: f64,
    p50: String,
    p95: String,
    p99: String,
    sorts: [f64; 3],
    errors: String,
    errors_sort: f64,
    label: String,
}

impl MapView {
    fn new(page: &Page, (map, states): (&ServiceMap, &NodeStates), layout: &Layout) -> Self {
        let length = map.range.length();
        let shared = SharedNames::of(map);
        let stands = compact(map, layout);
        let numbers: BTreeMap<&NodeKey, usize> = map
            .nodes
            .iter()
            .enumerate()
            .map(|(number, node)| (&node.key, number))
            .collect();
        let mut joined: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for edge in &map.edges {
            if let (Some(from), Some(to)) = (numbers.get(&edge.from), numbers.get(&edge.to)) {
                joined.entry(*from).or_default().insert(*to);
                joined.entry(*to).or_default().insert(*from);
            }
        }
        let place = |key: &NodeKey| {
            stands
                .get(key)
                .copied()
                .unwrap_or(Place { column: 0, row: 0 })
        };
        let nodes: Vec<Node> = map
            .nodes
            .iter()
            .enumerate()
            .map(|(number, node)| {
                let with = joined.get(&number).into_iter().flatten();
                let with: Vec<String> = with.map(usize::to_string).collect();
                Node::new(
                    (page, &shared),
                    number,
                    (node, states.of(&node.key)),
                    place(&node.key),
                    length,
                    with.join(" "),
                )
            })
            .collect();
        let busiest = map.edges.iter().map(|edge| edge.traffic.count).max();
        let edges = map.edges.iter().filter_map(|edge| {
            let ends = (*numbers.get(&edge.from)?, *numbers.get(&edge.to)?);
            let places = (place(&edge.from), place(&edge.to));
            Some(Edge::new(
                (page, &shared),
                edge,
                ends,
                places,
                length,
                busiest.unwrap_or(1),
            ))
        });
        let edges: Vec<Edge> = edges.collect();
        let columns = stands.values().map(|place| place.column + 1).max();
        let rows = stands.values().map(|place| place.row + 1).max();
        let kinds = [
            NodeKind::Service,
            NodeKind::Database,
            NodeKind::Cache,
            NodeKind::Queue,
            NodeKind::Gateway,
            NodeKind::Partner,
        ];
        let counts = kinds.into_iter().filter_map(|kind| {
            let count = map
                .nodes
                .iter()
                .filter(|node| node.key.kind == kind)
                .count();
            let key = counted(kind);
            (count > 0).then(|| {
                (
                    kind.as_str(),
                    page.words().say_with(key, &[("count", count.into())]),
                )
            })
        });
        Self {
            width: columns.unwrap_or(1) * COLUMN - (COLUMN - NODE_WIDTH) + 2 * MARGIN,
            height: rows.unwrap_or(1) * ROW - (ROW - NODE_HEIGHT) + 2 * MARGIN,
            nodes,
            table: Table {
                is_sorted_by_script: true,
                ..Table::of(&edge_columns(page), &edges)
            },
            edges,
            counts: counts.collect(),
            live: page.range.as_ref().is_some_and(|range| range.live),
        }
    }
}

/// The cell of a node.
fn named(name: &str, href: &str) -> TableCell {
    let cell = TableCell::link("", href.to_owned(), name.to_owned());
    cell.title(name).value(name)
}

/// The columns of the table of edges.
fn edge_columns(page: &Page) -> [TableColumn<Edge>; 8] {
    let text = |class: &str, key, cell: fn(&Edge) -> TableCell| {
        TableColumn::new(format!("th-text{class}"), page.t(key), cell).cells("")
    };
    let number = |label: String, unit, cell: fn(&Edge) -> TableCell| {
        TableColumn::new("th-number", label, cell)
            .cells("td-number")
            .unit(unit)
    };
    [
        text("", "graph-from", |edge| named(&edge.from, &edge.from_href)),
        text("", "graph-to", |edge| named(&edge.to, &edge.to_href)),
        text(" map-kind", "graph-kind", |edge| {
            TableCell::text(&edge.kind_word).value(&edge.kind_word)
        }),
        number(page.t("column-rate"), "/s", |edge| {
            TableCell::text(&edge.rate).value(edge.rate_sort.to_string())
        }),
        number("p50".into(), "ms", |edge| {
            TableCell::text(&edge.p50).value(edge.sorts[0].to_string())
        }),
        number("p95".into(), "ms", |edge| {
            TableCell::text(&edge.p95).value(edge.sorts[1].to_string())
        }),
        number("p99".into(), "ms", |edge| {
            TableCell::text(&edge.p99).value(edge.sorts[2].to_string())
        }),
        number(page.t("column-errors"), "%", |edge| {
            let failing = edge.state == "error";
            TableCell::text(&edge.errors)
                .class(if failing { "is-error" } else { "" })
                .value(edge.errors_sort.to_string())
        }),
    ]
}

/// The places of the shown nodes. Empty columns and rows are removed at the edges of the map only;
/// within the map a gap stays, because a node may return to it.
fn compact<'a>(map: &'a ServiceMap, layout: &Layout) -> BTreeMap<&'a NodeKey, Place> {
    let stands: Vec<(&NodeKey, Place)> = map
        .nodes
        .iter()
        .filter_map(|node| Some((&node.key, layout.place(&node.key)?)))
        .collect();
    let column = stands
        .iter()
        .map(|(_, place)| place.column)
        .min()
        .unwrap_or(0);
    let row = stands.iter().map(|(_, place)| place.row).min().unwrap_or(0);
    let moved = stands.into_iter().map(|(key, place)| {
        let place = Place {
            column: place.column - column,
            row: place.row - row,
        };
        (key, place)
    });
    moved.collect()
}

/// The class of a node that is judged.
fn state_class(state: NodeState) -> &'static str {
    match state {
        NodeState::Ok => "",
        NodeState::Watch => "slow",
        NodeState::Bad => "error",
        NodeState::NoData => "silent",
    }
}

/// The class of calls, and of nodes that nobody judges.
fn traffic_state(traffic: &Traffic) -> &'static str {
    let errors = format::share(traffic.errors, traffic.count);
    if traffic.count == 0 {
        "silent"
    } else if errors >= BAD {
        "error"
    } else if errors >= FAILING || traffic.latency.p95.is_some_and(|p95| p95 >= SLOW) {
        "slow"
    } else {
        ""
    }
}

impl Node {
    fn new(
        (page, shared): (&Page, &SharedNames),
        number: usize,
        (node, state): (&MapNode, Option<NodeState>),
        place: Place,
        length: Duration,
        joined: String,
    ) -> Self {
        let traffic = &node.traffic;
        let name = shared.name(&node.key);
        let short = super::name::fitting(&name, NAME_WIDTH);
        Self {
            number,
            x: MARGIN + place.column * COLUMN,
            y: MARGIN + place.row * ROW,
            kind: node.key.kind.as_str(),
            kind_word: page.t(kind_key(node.key.kind)),
            name,
            short,
            href: shared.href(page, &node.key),
            rate: format::rate(traffic.count, length),
            p95: format::some_duration(traffic.latency.p95),
            errors: format::percent(format::share(traffic.errors, traffic.count)),
            state: state.map_or_else(|| traffic_state(traffic), state_class),
            failing: format::share(traffic.errors, traffic.count) >= FAILING,
            joined,
        }
    }
}

impl Edge {
    fn new(
        (page, shared): (&Page, &SharedNames),
        edge: &MapEdge,
        ends: (usize, usize),
        (from, to): (Place, Place),
        length: Duration,
        busiest: u64,
    ) -> Self {
        let traffic = &edge.traffic;
        let latency = &traffic.latency;
        let share = format::share(traffic.errors, traffic.count);
        let rate = format::rate(traffic.count, length);
        let seconds = |time: Option<Duration>| time.map_or(-1.0, |time| time.as_secs_f64());
        let busy = (1.0 + traffic.count as f64).ln() / (2.0 + busiest as f64).ln();
        let (from_name, to_name) = (shared.name(&edge.from), shared.name(&edge.to));
        let p95 = format::some_duration(latency.p95);
        let errors = format::percent(share);
        Self {
            label: format!("{from_name} → {to_name}: {rate}, p95 {p95}, {errors}"),
            from: from_name,
            from_href: shared.href(page, &edge.from),
            to: to_name,
            to_href: shared.href(page, &edge.to),
            kind_word: page.t(kind_key(edge.to.kind)),
            path: path(from, to),
            weight: ((busy * 4.0).ceil() as usize).clamp(1, 4),
            state: traffic_state(traffic),
            ends,
            rate: rate.number,
            rate_sort: traffic.count as f64,
            p50: format::millis(latency.p50),
            p95: format::millis(latency.p95),
            p99: format::millis(latency.p99),
            sorts: [latency.p50, latency.p95, latency.p99].map(seconds),
            errors: errors.number,
            errors_sort: share,
        }
    }
}

/// A curve from the right side of one node to the left side of another. An edge that goes backwards
/// leaves below.
fn path(from: Place, to: Place) -> String {
    let left = |place: Place| MARGIN + place.column * COLUMN;
    let middle = |place: Place| MARGIN + place.row * ROW + NODE_HEIGHT / 2;
    let (x0, y0) = (left(from) + NODE_WIDTH, middle(from));
    let (x1, y1) = (left(to), middle(to));
    if to.column > from.column {
        let bend = (x1 - x0) / 2;
        return format!("M{x0} {y0}C{} {y0} {} {y1} {x1} {y1}", x0 + bend, x1 - bend);
    }
    let (x0, x1) = (left(from) + NODE_WIDTH / 2, left(to) + NODE_WIDTH / 2);
    let (y0, y1) = (y0 + NODE_HEIGHT / 2, y1 + NODE_HEIGHT / 2);
    let low = y0.max(y1) + ROW - NODE_HEIGHT;
    format!("M{x0} {y0}C{x0} {low} {x1} {low} {x1} {y1}")
}

/// The names that several services of the map have.
struct SharedNames(BTreeSet<Text>);

impl SharedNames {
    fn of(map: &ServiceMap) -> Self {
        let (mut once, mut shared) = (BTreeSet::new(), BTreeSet::new());
        for node in &map.nodes {
            if node.key.kind == NodeKind::Service && !once.insert(&node.key.name) {
                shared.insert(node.key.name.clone());
            }
        }
        Self(shared)
    }

    fn has(&self, key: &NodeKey) -> bool {
        key.kind == NodeKind::Service && self.0.contains(&key.name)
    }

    /// The name of a node. Where other services have it too, environment and namespace follow.
    fn name(&self, key: &NodeKey) -> String {
        let name = format::name(&key.name);
        if !self.has(key) {
            return name;
        }
        let parts = [&key.environment, &key.namespace].into_iter();
        let parts = parts.filter(|part| !part.is_empty());
        parts.fold(name, |name, part| {
            format!("{name} · {}", format::name(part))
        })
    }

    fn href(&self, page: &Page, key: &NodeKey) -> String {
        match key.kind {
            NodeKind::Service if self.has(key) => {
                let own = [
                    ("environment", &*key.environment),
                    ("namespace", &*key.namespace),
                ];
                page.link(&url::service(&key.name), &own)
            }
            NodeKind::Service => page.link(&url::service(&key.name), &[]),
            NodeKind::Partner => page.link(&url::partner(&key.name), &[]),
            NodeKind::Database | NodeKind::Cache => {
                page.link("/statistics/statements", &[("q", &key.name)])
            }
            NodeKind::Gateway => page.link("/search", &[("q", &key.name)]),
            NodeKind::Queue => page.link("/statistics/operations", &[("q", &key.name)]),
        }
    }
}

fn kind_key(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Service => "graph-kind-service",
        NodeKind::Database => "graph-kind-database",
        NodeKind::Cache => "graph-kind-cache",
        NodeKind::Queue => "graph-kind-queue",
        NodeKind::Partner => "graph-kind-partner",
        NodeKind::Gateway => "graph-kind-gateway",
    }
}

fn counted(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Service => "graph-count-services",
        NodeKind::Database => "graph-count-databases",
        NodeKind::Cache => "graph-count-caches",
        NodeKind::Queue => "graph-count-queues",
        NodeKind::Partner => "graph-count-partners",
        NodeKind::Gateway => "graph-count-gateways",
    }
}
