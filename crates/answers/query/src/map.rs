//! The service map: which service calls which, with counts and latency.
//!
//! The nodes are services and the other things that services call: databases, caches, queues and
//! external hosts. A queue has edges to the services that process what is sent to it: their operation is
//! of its name (`orders`, `process orders`), or of what senders say (`send MailJob`, `process MailJob`).

use crate::{
    Query, QueryError,
    answers::{Lost, Quantiles},
    parts::parts,
    source::Asked,
    tally::quantiles,
};
use hinomi_model::{
    CallCategory, LatencySum, Selection, Text, TimeRange, TransactionKind, rollup::ServiceKey,
};
use hinomi_store::{
    Answerer, Dimensions, Families, Family, Hosts, Measures, RollupGroup, RollupSum, Steps,
};
use std::collections::{BTreeMap, HashMap};

/// The nodes and edges of a range.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceMap {
    /// The time that the answer covers, widened to whole rollups.
    pub range: TimeRange,
    /// The nodes, sorted by kind and name.
    pub nodes: Vec<MapNode>,
    /// The edges, sorted by their ends.
    pub edges: Vec<MapEdge>,
    /// Damaged data that is missing from the map; empty when the map is complete.
    pub lost: Vec<Lost>,
}

/// The kinds of node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NodeKind {
    /// One of our services.
    Service,
    /// A database.
    Database,
    /// A cache.
    Cache,
    /// A queue or topic.
    Queue,
    /// An external host.
    Partner,
    /// A host in front of several of our services, where it is not known which of them is called.
    Gateway,
}

impl NodeKind {
    /// The word used in the API and in style sheets.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Database => "database",
            Self::Cache => "cache",
            Self::Queue => "queue",
            Self::Partner => "partner",
            Self::Gateway => "gateway",
        }
    }
}

/// Identity of a node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeKey {
    /// Kind of the node.
    pub kind: NodeKind,
    /// `service.name`, or the target of the calls.
    pub name: Text,
    /// `service.namespace` of a service.
    pub namespace: Text,
    /// `deployment.environment.name` of a service.
    pub environment: Text,
}

impl NodeKey {
    /// The node of a service.
    fn of_service(key: &ServiceKey) -> Self {
        Self {
            kind: NodeKind::Service,
            name: key.service.clone(),
            namespace: key.namespace.clone(),
            environment: key.environment.clone(),
        }
    }

    /// The node of anything else. It has no namespace and no environment of its own.
    pub fn of_target(kind: NodeKind, name: Text) -> Self {
        Self {
            kind,
            name,
            namespace: "".into(),
            environment: "".into(),
        }
    }
}

/// Counts and latency of a node or an edge.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Traffic {
    /// Number of transactions or calls.
    pub count: u64,
    /// How many failed.
    pub errors: u64,
    /// Latency.
    pub latency: Quantiles,
}

/// A node. For a service the traffic is its transactions, for any other node the calls to it.
#[derive(Debug, Clone, PartialEq)]
pub struct MapNode {
    /// Identity of the node.
    pub key: NodeKey,
    /// Transactions of the node, or calls to it.
    pub traffic: Traffic,
}

/// Calls from one node to another.
#[derive(Debug, Clone, PartialEq)]
pub struct MapEdge {
    /// The calling node.
    pub from: NodeKey,
    /// The called node.
    pub to: NodeKey,
    /// The calls. On an edge from a queue: the transactions of the service that it leads to.
    pub traffic: Traffic,
}

impl Query {
    /// The service map of the range.
    pub async fn service_map(
        &self,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<ServiceMap, QueryError> {
        let hosts = self.hosts(&selection.scope).await?;
        let columns = self.columns_for_sums(&selection.scope.project, range);
        let families = Families::TRANSACTIONS | Families::CALLS;
        let by =
            Dimensions::SERVICE | Dimensions::OPERATION | Dimensions::TARGET | Dimensions::KIND;
        let asked = Asked::new(selection, families, by, Measures::LATENCY);
        let found = self
            .rollups_of_parts(&asked, parts(&columns), Steps::Whole)
            .await?;
        let sent = Asked {
            categories: vec![CallCategory::Messaging],
            ..Asked::new(
                selection,
                Families::CALLS,
                Dimensions::TARGET | Dimensions::DETAIL,
                Measures::COUNTS,
            )
        };
        let sent = self
            .rollups_of_parts(&sent, parts(&columns), Steps::Whole)
            .await?;
        let sent = sent.groups.into_iter().map(|group| group.key);
        let by_path = if hosts.has_shared() {
            let by = Dimensions::SERVICE | Dimensions::TARGET | Dimensions::DETAIL;
            let asked = Asked {
                categories: vec![CallCategory::Http, CallCategory::Rpc],
                ..Asked::new(selection, Families::CALLS, by, Measures::LATENCY)
            };
            let found = self
                .rollups_of_parts(&asked, parts(&columns), Steps::Whole)
                .await?;
            found.groups
        } else {
            Vec::new()
        };
        let known = self.known_services(&selection.scope).await?;
        let mut sums = Sums {
            queues: sent
                .map(|key| (object(&key.detail).into(), key.target))
                .collect(),
            hosts,
            services: known.into_iter().map(|(key, _)| key).collect(),
            sums: Vec::new(),
        };
        found.groups.into_iter().for_each(|group| sums.add(group));
        by_path
            .into_iter()
            .for_each(|group| sums.add_by_path(group));
        let (nodes, edges) = sums.finish();
        Ok(ServiceMap {
            range: columns.range,
            nodes,
            edges,
            lost: found.lost,
        })
    }
}

#[derive(Debug, Clone, Default)]
struct Sum {
    count: u64,
    errors: u64,
    latency: LatencySum,
}

impl Sum {
    fn of(sum: RollupSum) -> Self {
        Self {
            count: sum.count,
            errors: sum.errors,
            latency: sum.latency,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.errors += other.errors;
        self.latency.merge(&other.latency);
    }

    fn traffic(self) -> Traffic {
        Traffic {
            count: self.count,
            errors: self.errors,
            latency: quantiles(&self.latency),
        }
    }
}

/// Where a rollup is added: to the transactions of a service's operation, or to the calls to a
/// target.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Place {
    Operation(ServiceKey, Text, TransactionKind),
    /// Calls to a target by a path, which is empty unless it takes the path to tell who answers.
    Call(ServiceKey, CallCategory, Text, Text),
}

struct Sums {
    /// Where our services answer.
    hosts: Hosts,
    /// All services.
    services: Vec<ServiceKey>,
    /// The queue to which each kind of message is sent.
    queues: HashMap<Text, Text>,
    sums: Vec<(Place, Sum)>,
}

impl Sums {
    fn add(&mut self, group: RollupGroup) {
        let service = group.key.service.clone();
        let place = match (group.key.family, group.key.category) {
            (Family::Transactions, _) => {
                let kind = group.key.kind.unwrap_or_default();
                Place::Operation(service, group.key.operation.clone(), kind)
            }
            (Family::Calls, Some(category)) if !self.is_by_path(category, &group.key.target) => {
                Place::Call(service, category, group.key.target.clone(), "".into())
            }
            _ => return,
        };
        let is_stream = group.key.kind == Some(TransactionKind::Stream);
        let mut sum = Sum::of(group.into_whole());
        if is_stream {
            // How long people listened is no latency of the service.
            sum.latency = LatencySum::new();
        }
        self.sums.push((place, sum));
    }

    /// Whether it takes the path to tell who answers calls to a target.
    fn is_by_path(&self, category: CallCategory, target: &str) -> bool {
        matches!(category, CallCategory::Http | CallCategory::Rpc) && self.hosts.is_shared(target)
    }

    /// Adds calls whose path is known, if it takes the path to tell who answers.
    fn add_by_path(&mut self, group: RollupGroup) {
        let key = &group.key;
        if let Some(category) = key.category
            && self.is_by_path(category, &key.target)
        {
            let (target, path) = (key.target.clone(), key.detail.clone());
            let place = Place::Call(key.service.clone(), category, target, path);
            self.sums.push((place, Sum::of(group.into_whole())));
        }
    }

    /// The service of this name that a service calls: of its own environment and namespace if there is
    /// one, else of its environment, else any. Hosts tell the name of a service only.
    fn called(&self, name: &Text, caller: &ServiceKey) -> NodeKey {
        let of_name = self.services.iter().filter(|key| key.service == *name);
        let called = of_name.max_by_key(|key| {
            let is_near = key.environment == caller.environment;
            (is_near, is_near && key.namespace == caller.namespace)
        });
        match called {
            Some(key) => NodeKey::of_service(key),
            None => NodeKey::of_target(NodeKind::Service, name.clone()),
        }
    }

    /// What a target of a service is.
    fn target(
        &self,
        caller: &ServiceKey,
        category: CallCategory,
        (target, path): (&Text, &Text),
    ) -> NodeKey {
        let kind = match category {
            CallCategory::Database => NodeKind::Database,
            CallCategory::Cache => NodeKind::Cache,
            CallCategory::Messaging => NodeKind::Queue,
            CallCategory::Http | CallCategory::Rpc => {
                match self.hosts.answerer(target, &caller.service, path) {
                    Answerer::Service(service) => return self.called(service, caller),
                    Answerer::Gateway => NodeKind::Gateway,
                    Answerer::Outside => NodeKind::Partner,
                }
            }
        };
        NodeKey::of_target(kind, target.clone())
    }

    fn finish(self) -> (Vec<MapNode>, Vec<MapEdge>) {
        let service = NodeKey::of_service;
        let mut nodes: BTreeMap<NodeKey, Sum> = BTreeMap::new();
        let mut edges: BTreeMap<(NodeKey, NodeKey), Sum> = BTreeMap::new();
        let mut queues = self.queues.clone();
        for (place, sum) in self.sums.iter().filter(|(_, sum)| sum.count > 0) {
            match place {
                Place::Operation(name, _, _) => nodes.entry(service(name)).or_default().merge(sum),
                Place::Call(name, category, target, path) => {
                    let to = self.target(name, *category, (target, path));
                    nodes.entry(service(name)).or_default();
                    let of_target = nodes.entry(to.clone()).or_default();
                    if to.kind != NodeKind::Service {
                        of_target.merge(sum);
                    }
                    if to.kind == NodeKind::Queue {
                        queues.insert(to.name.clone(), to.name.clone());
                    }
                    edges.entry((service(name), to)).or_default().merge(sum);
                }
            }
        }
        for (place, sum) in self.sums.iter().filter(|(_, sum)| sum.count > 0) {
            if let Place::Operation(name, operation, TransactionKind::Message) = place {
                let queue = queue_of(&queues, operation);
                let from = NodeKey::of_target(NodeKind::Queue, queue);
                nodes.entry(from.clone()).or_default();
                edges.entry((from, service(name))).or_default().merge(sum);
            }
        }
        let nodes = nodes.into_iter().map(|(key, sum)| MapNode {
            traffic: sum.traffic(),
            key,
        });
        let edges = edges.into_iter().map(|((from, to), sum)| MapEdge {
            from,
            to,
            traffic: sum.traffic(),
        });
        (nodes.collect(), edges.collect())
    }
}

/// The queue from which the messages of an operation come. RabbitMQ's producers name exchange and routing
/// key, its consumers the queue behind these (`orders:created:billing`). A queue to which nobody is seen
/// to send has the consumers' name.
fn queue_of(queues: &HashMap<Text, Text>, operation: &str) -> Text {
    let name = object(operation);
    let known = queues.get(name).or_else(|| {
        let (exchange, _) = name.rsplit_once(':')?;
        queues.get(exchange)
    });
    known.map_or_else(|| name.into(), Text::clone)
}

/// What an operation is done with: `orders` of `process orders`. Names of queues may have blanks.
fn object(operation: &str) -> &str {
    operation.split_once(' ').map_or(operation, |(_, of)| of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::LatencyHistogram;
    use std::time::Duration;

    fn key(service: &str, environment: &str) -> ServiceKey {
        ServiceKey {
            service: service.into(),
            namespace: "".into(),
            environment: environment.into(),
        }
    }

    fn call(service: &str, category: CallCategory, target: &str) -> Place {
        Place::Call(key(service, "prod"), category, target.into(), "".into())
    }

    fn transaction(service: &str, operation: &str) -> Place {
        let kind = match operation.starts_with("process ") {
            true => TransactionKind::Message,
            false => TransactionKind::Request,
        };
        Place::Operation(key(service, "prod"), operation.into(), kind)
    }

    #[test]
    fn a_known_host_is_the_service_behind_it_and_a_queue_leads_on() {
        let mut sums = Sums {
            hosts: Hosts::of([("b:8080".into(), "b".into())]),
            services: vec![key("b", "prod")],
            queues: HashMap::from([("MailJob".into(), "orders".into())]),
            sums: Vec::new(),
        };
        let mut latency = LatencyHistogram::new();
        latency.record(Duration::from_millis(10));
        for place in [
            call("a", CallCategory::Http, "b:8080"),
            call("a", CallCategory::Http, "bank.example"),
            call("a", CallCategory::Database, "pg/orders"),
            call("a", CallCategory::Messaging, "orders"),
            transaction("a", "POST /"),
            transaction("b", "GET /"),
            transaction("c", "process orders"),
            transaction("d", "process MailJob"),
            call("a", CallCategory::Messaging, "order events"),
            transaction("e", "process order events"),
        ] {
            let mut sum = Sum {
                count: 1,
                errors: 1,
                latency: LatencySum::new(),
            };
            sum.latency.add(latency.buckets());
            sums.sums.push((place, sum));
        }
        let (nodes, edges) = sums.finish();
        let name = |key: &NodeKey| format!("{} {}", key.kind.as_str(), key.name);
        let names: Vec<String> = nodes.iter().map(|node| name(&node.key)).collect();
        assert_eq!(
            names,
            [
                "service a",
                "service b",
                "service c",
                "service d",
                "service e",
                "database pg/orders",
                "queue order events",
                "queue orders",
                "partner bank.example"
            ]
        );
        let drawn: Vec<String> = edges
            .iter()
            .map(|edge| format!("{} > {}", name(&edge.from), name(&edge.to)))
            .collect();
        assert_eq!(
            drawn,
            [
                "service a > service b",
                "service a > database pg/orders",
                "service a > queue order events",
                "service a > queue orders",
                "service a > partner bank.example",
                "queue order events > service e",
                "queue orders > service c",
                "queue orders > service d"
            ]
        );
        assert!(edges.iter().all(|edge| edge.traffic.errors == 1));
        // A node is counted by its own transactions if it has any, else by the calls to it.
        assert!(nodes.iter().all(|node| node.traffic.count == 1));
    }

    #[test]
    fn services_of_one_name_are_nodes_of_their_own_and_call_each_other_within_their_environment() {
        let mut sums = Sums {
            hosts: Hosts::of([("b:8080".into(), "b".into())]),
            services: vec![key("b", "prod"), key("b", "staging"), key("a", "prod")],
            queues: HashMap::new(),
            sums: Vec::new(),
        };
        for environment in ["prod", "staging", "test"] {
            let caller = key("a", environment);
            let place = Place::Call(caller, CallCategory::Http, "b:8080".into(), "".into());
            let sum = Sum {
                count: 1,
                ..Sum::default()
            };
            sums.sums.push((place, sum));
        }
        let (nodes, edges) = sums.finish();
        assert_eq!(nodes.len(), 5, "three of a and two of b");
        let drawn = edges.iter().map(|edge| {
            let environment = |key: &NodeKey| key.environment.to_string();
            (environment(&edge.from), environment(&edge.to))
        });
        let drawn: Vec<(String, String)> = drawn.collect();
        assert_eq!(drawn[0], ("prod".into(), "prod".into()));
        assert_eq!(drawn[1], ("staging".into(), "staging".into()));
        assert_eq!(drawn.len(), 3, "test calls one of them");
    }
}
