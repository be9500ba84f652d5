//! Layout of the service map: layers from callers to called nodes, few crossings, and known nodes
//! keep their place.
//!
//! A pure function of the earlier places and the graph: equal inputs give equal layouts, whatever
//! the order of nodes and edges. [`Layout::extended`] never moves a node. New nodes go into gaps
//! and to the ends.

use hinomi_query::answer::NodeKey;
use std::collections::{BTreeMap, BTreeSet};

/// Most nodes above each other. A taller layer continues in a column beside it.
const TALLEST: usize = 14;
/// Number of passes that move nodes towards their neighbours.
const SWEEPS: usize = 8;
/// Most nodes that a layout keeps. Beyond that, the layout starts from nothing.
const NODES_MAX: usize = 2_000;

/// Column and row of a node, from the top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) column: usize,
    pub(crate) row: usize,
}

/// The place of each node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Layout {
    places: BTreeMap<NodeKey, Place>,
}

/// The nodes, with callers and called nodes of each.
pub(crate) struct Graph {
    nodes: BTreeSet<NodeKey>,
    callers: BTreeMap<NodeKey, BTreeSet<NodeKey>>,
    called: BTreeMap<NodeKey, BTreeSet<NodeKey>>,
}

impl Graph {
    /// The graph of these nodes and edges. Edges from a node to itself are ignored.
    pub(crate) fn new(
        nodes: impl IntoIterator<Item = NodeKey>,
        edges: impl IntoIterator<Item = (NodeKey, NodeKey)>,
    ) -> Self {
        let mut graph = Self {
            nodes: nodes.into_iter().collect(),
            callers: BTreeMap::new(),
            called: BTreeMap::new(),
        };
        for (from, to) in edges {
            if from == to {
                continue;
            }
            graph.nodes.extend([from.clone(), to.clone()]);
            let callers = graph.callers.entry(to.clone()).or_default();
            callers.insert(from.clone());
            graph.called.entry(from).or_default().insert(to);
        }
        graph
    }

    fn callers(&self, of: &NodeKey) -> impl Iterator<Item = &NodeKey> {
        self.callers.get(of).into_iter().flatten()
    }

    fn called(&self, by: &NodeKey) -> impl Iterator<Item = &NodeKey> {
        self.called.get(by).into_iter().flatten()
    }

    /// Distance of each node from its furthest caller, in calls. Calls that close a cycle are
    /// ignored.
    fn depths(&self) -> BTreeMap<&NodeKey, usize> {
        let mut depths = BTreeMap::new();
        let mut open = BTreeSet::new();
        for node in &self.nodes {
            self.depth(node, &mut depths, &mut open);
        }
        depths
    }

    /// Walks up the callers. Iterative: a chain of services can be longer than the stack allows.
    fn depth<'a>(
        &'a self,
        node: &'a NodeKey,
        depths: &mut BTreeMap<&'a NodeKey, usize>,
        open: &mut BTreeSet<&'a NodeKey>,
    ) {
        let mut path = vec![node];
        while let Some(&at) = path.last() {
            if depths.contains_key(at) {
                path.pop();
                continue;
            }
            open.insert(at);
            let unknown = self
                .callers(at)
                .find(|caller| !depths.contains_key(*caller) && !open.contains(*caller));
            if let Some(caller) = unknown {
                path.push(caller);
                continue;
            }
            let known = self.callers(at).filter_map(|caller| depths.get(caller));
            let depth = known.max().map_or(0, |depth| depth + 1);
            depths.insert(at, depth);
            open.remove(at);
            path.pop();
        }
    }
}

impl Layout {
    /// The layout of a graph, computed from nothing.
    pub(crate) fn new(graph: &Graph) -> Self {
        let mut layers: Vec<Vec<&NodeKey>> = Vec::new();
        for (node, depth) in graph.depths() {
            if layers.len() <= depth {
                layers.resize_with(depth + 1, Vec::new);
            }
            layers[depth].push(node);
        }
        order(graph, &mut layers);
        let mut columns: Vec<Vec<&NodeKey>> = Vec::new();
        for layer in layers {
            let parts = layer.len().div_ceil(TALLEST).max(1);
            let height = layer.len().div_ceil(parts).max(1);
            columns.extend(layer.chunks(height).map(<[_]>::to_vec));
        }
        let tallest = columns.iter().map(Vec::len).max().unwrap_or(0);
        let mut places = BTreeMap::new();
        for (column, nodes) in columns.iter().enumerate() {
            let first = (tallest - nodes.len()) / 2;
            for (at, node) in nodes.iter().enumerate() {
                let row = first + at;
                places.insert((*node).clone(), Place { column, row });
            }
        }
        Self { places }
    }

    /// The layout of a graph in which every known node keeps its place.
    pub(crate) fn extended(&self, graph: &Graph) -> Self {
        if self.places.is_empty() || self.places.len() + graph.nodes.len() > NODES_MAX {
            return Self::new(graph);
        }
        let mut layout = self.clone();
        let depths = graph.depths();
        let mut fresh: Vec<(usize, &NodeKey)> = depths
            .into_iter()
            .filter(|(node, _)| !self.places.contains_key(*node))
            .map(|(node, depth)| (depth, node))
            .collect();
        // Callers come first, so that a node called by a new node is placed after it.
        fresh.sort_unstable();
        for (_, node) in fresh {
            let place = layout.free_place(graph, node);
            layout.places.insert(node.clone(), place);
        }
        layout
    }

    /// Whether no node has a place yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The place of a node.
    pub(crate) fn place(&self, node: &NodeKey) -> Option<Place> {
        self.places.get(node).copied()
    }

    /// The free place closest to a node's neighbours: in the column after its callers, else in the
    /// one before the nodes that it calls.
    fn free_place(&self, graph: &Graph, node: &NodeKey) -> Place {
        let stand = |node: &NodeKey| self.place(node);
        let after = graph.callers(node).filter_map(stand);
        let before = graph.called(node).filter_map(stand);
        let column = after.map(|place| place.column + 1).max().or_else(|| {
            let first = before.map(|place| place.column).min();
            first.map(|column| column.saturating_sub(1))
        });
        let around = graph.callers(node).chain(graph.called(node));
        let rows: Vec<usize> = around.filter_map(stand).map(|place| place.row).collect();
        let wanted = match rows.len() {
            0 => 0,
            count => rows.iter().sum::<usize>() / count,
        };
        let column = column.unwrap_or(0);
        let taken: BTreeSet<usize> = self
            .places
            .values()
            .filter(|place| place.column == column)
            .map(|place| place.row)
            .collect();
        let mut rows = (0..=taken.len() + wanted).filter(|row| !taken.contains(row));
        let first = rows.next().unwrap_or(taken.len() + wanted + 1);
        let row = rows.fold(first, |best, row| {
            if row.abs_diff(wanted) < best.abs_diff(wanted) {
                row
            } else {
                best
            }
        });
        Place { column, row }
    }
}

/// Orders the nodes of each layer by the places of their neighbours in the adjacent layers.
fn order(graph: &Graph, layers: &mut [Vec<&NodeKey>]) {
    let mut heights: BTreeMap<&NodeKey, f64> = BTreeMap::new();
    let settle = |layer: &[&NodeKey]| -> Vec<f64> {
        let count = layer.len() as f64;
        (0..layer.len())
            .map(|at| (at as f64 + 0.5) / count)
            .collect()
    };
    for layer in layers.iter() {
        heights.extend(layer.iter().copied().zip(settle(layer)));
    }
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        let count = layers.len();
        for step in 0..count {
            let at = if down { step } else { count - 1 - step };
            let mut weighed: Vec<(f64, &NodeKey)> = layers[at]
                .iter()
                .map(|node| {
                    let neighbours: Vec<f64> = if down {
                        graph
                            .callers(node)
                            .filter_map(|of| heights.get(of))
                            .copied()
                            .collect()
                    } else {
                        graph
                            .called(node)
                            .filter_map(|of| heights.get(of))
                            .copied()
                            .collect()
                    };
                    let own = heights.get(node).copied().unwrap_or(0.5);
                    let mean = match neighbours.len() {
                        0 => own,
                        count => neighbours.iter().sum::<f64>() / count as f64,
                    };
                    (mean, *node)
                })
                .collect();
            weighed.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1)));
            layers[at] = weighed.into_iter().map(|(_, node)| node).collect();
            heights.extend(layers[at].iter().copied().zip(settle(&layers[at])));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_query::answer::NodeKind;
    use proptest::prelude::*;

    fn node(number: u8) -> NodeKey {
        let kind =
            [NodeKind::Service, NodeKind::Database, NodeKind::Partner][usize::from(number % 3)];
        NodeKey::of_target(kind, format!("n{number}").into())
    }

    fn graph(edges: &[(u8, u8)]) -> Graph {
        let edges = edges.iter().map(|(a, b)| (node(*a), node(*b)));
        Graph::new([], edges)
    }

    fn all_apart(layout: &Layout) -> bool {
        let places: BTreeSet<Place> = layout.places.values().copied().collect();
        places.len() == layout.places.len()
    }

    proptest! {
        #[test]
        fn the_same_graph_has_the_same_layout_in_whatever_order_it_comes(
            edges in prop::collection::vec((0..60_u8, 0..60_u8), 0..150),
            turn in 0..150_usize,
        ) {
            let layout = Layout::new(&graph(&edges));
            let mut turned = edges.clone();
            let by = turn % edges.len().max(1);
            turned.rotate_left(by);
            turned.reverse();
            prop_assert_eq!(&layout, &Layout::new(&graph(&turned)));
            prop_assert!(all_apart(&layout));
        }

        #[test]
        fn nodes_keep_their_place_when_others_come_and_go(
            edges in prop::collection::vec((0..60_u8, 0..60_u8), 1..100),
            more in prop::collection::vec((0..90_u8, 0..90_u8), 0..60),
            gone in 0..100_usize,
        ) {
            let first = Layout::new(&graph(&edges));
            let mut grown = edges.clone();
            grown.extend(&more);
            let second = first.extended(&graph(&grown));
            for (node, place) in &first.places {
                prop_assert_eq!(second.place(node), Some(*place));
            }
            prop_assert!(all_apart(&second));
            let fewer = &grown[gone % grown.len()..];
            let third = second.extended(&graph(fewer));
            prop_assert_eq!(&third, &second, "what is away for a while comes back to its place");
        }
    }

    #[test]
    fn callers_stand_before_those_they_call() {
        let edges = [(0, 3), (3, 6), (6, 1), (0, 6), (3, 2)];
        let layout = Layout::new(&graph(&edges));
        for (from, to) in edges {
            let column = |number| layout.place(&node(number)).unwrap().column;
            assert!(column(from) < column(to), "{from} calls {to}");
        }
    }

    #[test]
    fn services_that_call_each_other_in_a_circle_have_places_too() {
        let layout = Layout::new(&graph(&[(0, 3), (3, 6), (6, 0)]));
        assert_eq!(layout.places.len(), 3);
    }

    #[test]
    fn a_tall_layer_goes_on_beside_itself() {
        let edges: Vec<(u8, u8)> = (1..=40).map(|to| (0, to)).collect();
        let layout = Layout::new(&graph(&edges));
        let tallest = layout.places.values().map(|place| place.row).max();
        assert!(tallest < Some(TALLEST), "{tallest:?}");
    }
}
