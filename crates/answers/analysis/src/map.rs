//! How the nodes of the service map are: what the board says of services, and what the list of partners
//! says of partners. The map has no judgement of its own.

use crate::{Analysis, Blame, Health, Verdict};
use hinomi_model::{Selection, Text, TimeRange, rollup::ServiceKey};
use hinomi_query::{
    QueryError,
    answer::{NodeKey, NodeKind},
};
use std::collections::HashMap;

/// How a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeState {
    /// No trouble was found.
    Ok,
    /// Worth watching, or it is not clear whose trouble it is.
    Watch,
    /// In trouble, whoever caused it.
    Bad,
    /// Nothing has arrived for a while.
    NoData,
}

/// How services and partners are at the end of a range.
#[derive(Debug, Clone, Default)]
pub struct NodeStates {
    healths: HashMap<ServiceKey, Health>,
    blames: HashMap<Text, Blame>,
}

impl NodeStates {
    /// How a node is; `None` for nodes that are not judged: databases, caches, queues, gateways.
    pub fn of(&self, node: &NodeKey) -> Option<NodeState> {
        match node.kind {
            NodeKind::Service => {
                let key = ServiceKey {
                    service: node.name.clone(),
                    namespace: node.namespace.clone(),
                    environment: node.environment.clone(),
                };
                let health = self.healths.get(&key)?;
                Some(match health.verdict {
                    Verdict::Bad(_) => NodeState::Bad,
                    Verdict::Watch(_) => NodeState::Watch,
                    Verdict::NoData { .. } => NodeState::NoData,
                    Verdict::Ok => NodeState::Ok,
                })
            }
            NodeKind::Partner => Some(match self.blames.get(&node.name)? {
                Blame::Fine => NodeState::Ok,
                Blame::Unclear(_) => NodeState::Watch,
                Blame::Theirs(_) | Blame::Ours(_) => NodeState::Bad,
            }),
            NodeKind::Database | NodeKind::Cache | NodeKind::Queue | NodeKind::Gateway => None,
        }
    }
}

impl Analysis {
    /// How the services and the partners of a selection are at the end of a range.
    pub async fn node_states(
        &self,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<NodeStates, QueryError> {
        let healths = self.healths(selection, range.to).await?;
        let partners = self.partners(selection, range, None).await?;
        let blames = partners.hosts.into_iter();
        Ok(NodeStates {
            healths,
            blames: blames
                .map(|partner| (partner.host, partner.blame))
                .collect(),
        })
    }
}
