//! `GET /api/v1/map`: the service map.

use crate::{
    params::{Params, RANGE_DEFAULT},
    wire::{LossWire, QuantilesWire},
};
use axum::{Json, extract::State};
use hinomi_analysis::{NodeState, NodeStates};
use hinomi_model::Selection;
use hinomi_query::answer::{MapEdge, MapNode, NodeKey, ServiceMap, Traffic};
use hinomi_webkit::{App, problem::Problem, readers::Reader};
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

/// A service map.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MapWire {
    from_ms: i64,
    to_ms: i64,
    nodes: Vec<NodeWire>,
    edges: Vec<EdgeWire>,
    #[serde(flatten)]
    loss: LossWire,
}

/// Identity of a node.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NodeKeyWire {
    /// `service`, `database`, `cache`, `queue`, `partner` or `gateway`.
    kind: &'static str,
    /// `service.name`, or the target of the calls.
    name: String,
    /// Of a service; empty when unset.
    namespace: String,
    /// Of a service; empty when unset.
    environment: String,
}

/// Counts and latency of a node or an edge.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrafficWire {
    count: u64,
    errors: u64,
    #[serde(flatten)]
    latency: QuantilesWire,
}

/// A node. For a service the numbers are of its transactions, for any other node of the calls to
/// it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NodeWire {
    #[serde(flatten)]
    key: NodeKeyWire,
    #[serde(flatten)]
    traffic: TrafficWire,
    /// `ok`, `watch`, `bad` or `no_data`: what `/services` says of a service, and `/partners` of a partner;
    /// null for other nodes.
    verdict: Option<&'static str>,
}

/// Calls from one node to another.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EdgeWire {
    from: NodeKeyWire,
    to: NodeKeyWire,
    #[serde(flatten)]
    traffic: TrafficWire,
}

impl NodeKeyWire {
    fn of(key: &NodeKey) -> Self {
        Self {
            kind: key.kind.as_str(),
            name: key.name.to_string(),
            namespace: key.namespace.to_string(),
            environment: key.environment.to_string(),
        }
    }
}

impl TrafficWire {
    fn of(traffic: &Traffic) -> Self {
        Self {
            count: traffic.count,
            errors: traffic.errors,
            latency: QuantilesWire::of(traffic.latency),
        }
    }
}

fn state_word(state: NodeState) -> &'static str {
    match state {
        NodeState::Ok => "ok",
        NodeState::Watch => "watch",
        NodeState::Bad => "bad",
        NodeState::NoData => "no_data",
    }
}

impl MapWire {
    fn of(map: &ServiceMap, states: &NodeStates) -> Self {
        let node = |node: &MapNode| NodeWire {
            key: NodeKeyWire::of(&node.key),
            traffic: TrafficWire::of(&node.traffic),
            verdict: states.of(&node.key).map(state_word),
        };
        let edge = |edge: &MapEdge| EdgeWire {
            from: NodeKeyWire::of(&edge.from),
            to: NodeKeyWire::of(&edge.to),
            traffic: TrafficWire::of(&edge.traffic),
        };
        Self {
            from_ms: map.range.from.millis(),
            to_ms: map.range.to.millis(),
            nodes: map.nodes.iter().map(node).collect(),
            edges: map.edges.iter().map(edge).collect(),
            loss: LossWire::of(&map.lost),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/map", tag = "statistics",
    params(
        ("from" = Option<String>, Query, description = "default 15 minutes before `to`"),
        ("to" = Option<String>, Query, description = "default now"),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
    ),
    responses((status = 200, body = MapWire), (status = 400, body = Problem, content_type = "application/problem+json")))]
/// The service map: which service calls which, with counts and latency.
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
) -> Result<Json<MapWire>, Problem> {
    let params = Params::parse(
        &reader,
        &uri,
        &[&["from", "to", "environment", "namespace"]],
    )?;
    let range = params.range(app.web.query.now(), RANGE_DEFAULT)?;
    let selection = Selection {
        ..Selection::of(params.scope())
    };
    let map = app.web.query.service_map(&selection, range).await?;
    let states = app.web.analysis.node_states(&selection, range).await?;
    Ok(Json(MapWire::of(&map, &states)))
}
