//! The repositories: one trait an entity, and a transaction over all of them.
//!
//! Rows are keyed by project. What is not said here is the same for all: `put` adds rows or changes
//! them, `remove` is no error for rows that are not there, and nothing counts before
//! [`RegistryTransaction::commit`].

use crate::RegistryError;
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use hinomi_store::{Deployed, LearnedTo, Peer, Reply, ServiceSettings};

/// An answer of the database.
pub type RegistryReply<'a, T> = Reply<'a, T, RegistryError>;

/// A service of a project.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceOf {
    /// The project.
    pub project: Text,
    /// The service.
    pub service: ServiceKey,
}

/// A service and the start of its newest 5 s bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceRow {
    /// The service.
    pub of: ServiceOf,
    /// The start of its newest 5 s bucket.
    pub newest: UnixNanos,
}

/// A version and the start of its first 5 s bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionRow {
    /// The service.
    pub of: ServiceOf,
    /// The version.
    pub version: Text,
    /// The start of its first 5 s bucket.
    pub first: UnixNanos,
}

/// A label of a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LabelRow {
    /// The service.
    pub of: ServiceOf,
    /// Name of the label.
    pub name: Text,
    /// Value of the label.
    pub value: Text,
}

/// A promoted attribute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PromotedRow {
    /// The project.
    pub project: Text,
    /// Key of the attribute.
    pub key: Text,
    /// When it was promoted.
    pub since: UnixNanos,
}

/// Services with their newest bucket.
pub trait Services: Send {
    /// All rows.
    fn services(&mut self) -> RegistryReply<'_, Vec<ServiceRow>>;
    /// Of two times of a service the later counts.
    fn put_services(&mut self, rows: Vec<ServiceRow>) -> RegistryReply<'_, ()>;
    /// Removes services.
    fn remove_services(&mut self, of: Vec<ServiceOf>) -> RegistryReply<'_, ()>;
}

/// Versions of services.
pub trait Versions: Send {
    /// All rows.
    fn versions(&mut self) -> RegistryReply<'_, Vec<VersionRow>>;
    /// Of two times of a version the earlier counts.
    fn put_versions(&mut self, rows: Vec<VersionRow>) -> RegistryReply<'_, ()>;
    /// Removes versions.
    fn remove_versions(&mut self, of: Vec<(ServiceOf, Text)>) -> RegistryReply<'_, ()>;
}

/// Labels of services.
pub trait Labels: Send {
    /// All rows.
    fn labels(&mut self) -> RegistryReply<'_, Vec<LabelRow>>;
    /// Of two values of a label the later one put counts.
    fn put_labels(&mut self, rows: Vec<LabelRow>) -> RegistryReply<'_, ()>;
    /// Puts those labels that have no value yet.
    fn put_missing_labels(&mut self, rows: Vec<LabelRow>) -> RegistryReply<'_, ()>;
}

/// Hosts that are services.
pub trait Peers: Send {
    /// All rows, with their projects.
    fn peers(&mut self) -> RegistryReply<'_, Vec<(Text, Peer)>>;
    /// Of two services of a host the one that was seen later counts.
    fn put_peers(&mut self, rows: Vec<(Text, Peer)>) -> RegistryReply<'_, ()>;
    /// Removes hosts, by project and target.
    fn remove_peers(&mut self, of: Vec<(Text, Text)>) -> RegistryReply<'_, ()>;
}

/// Reported deployments.
pub trait Deployments: Send {
    /// All rows with their projects, in order of arrival.
    fn deployments(&mut self) -> RegistryReply<'_, Vec<(Text, Deployed)>>;
    /// Adds deployments after all others, equal ones too.
    fn add_deployments(&mut self, rows: Vec<(Text, Deployed)>) -> RegistryReply<'_, ()>;
    /// Removes all but the last `most` of a project.
    fn keep_deployments(&mut self, project: Text, most: usize) -> RegistryReply<'_, ()>;
}

/// Promoted attributes.
pub trait PromotedAttributes: Send {
    /// All rows.
    fn promoted(&mut self) -> RegistryReply<'_, Vec<PromotedRow>>;
    /// Promotes attributes. One that is promoted keeps its time.
    fn promote(&mut self, rows: Vec<PromotedRow>) -> RegistryReply<'_, ()>;
    /// Ends the promotion of an attribute.
    fn demote(&mut self, project: Text, key: Text) -> RegistryReply<'_, ()>;
}

/// SettingsOfServices of services.
pub trait SettingsOfServices: Send {
    /// SettingsOfServices of all services that have some.
    fn settings(&mut self) -> RegistryReply<'_, Vec<(ServiceOf, ServiceSettings)>>;
    /// Replaces the settings of a service; the row goes when all of them are defaults.
    fn set(&mut self, of: ServiceOf, settings: ServiceSettings) -> RegistryReply<'_, ()>;
}

/// How far engines have come.
pub trait Engines: Send {
    /// The last log record of each node whose names are in the other tables.
    fn learned(&mut self) -> RegistryReply<'_, Vec<LearnedTo>>;
    /// Moves the mark of a node, also back.
    fn set_learned(&mut self, mark: LearnedTo) -> RegistryReply<'_, ()>;
    /// Notes that names with this digest are taken over. False when they were already.
    fn begin_take_over(&mut self, digest: Text) -> RegistryReply<'_, bool>;
}

/// A transaction over all entities. Dropped without a commit, it has changed nothing.
pub trait RegistryTransaction:
    Services
    + Versions
    + Labels
    + Peers
    + Deployments
    + PromotedAttributes
    + SettingsOfServices
    + Engines
{
    /// Makes all changes count, durably.
    fn commit(self: Box<Self>) -> RegistryReply<'static, ()>;
}

/// A database of the registry.
pub trait Database: Send + Sync {
    /// Begins a transaction.
    fn begin(&self) -> RegistryReply<'_, Box<dyn RegistryTransaction>>;
    /// Begins a transaction that only reads. It may succeed when the database cannot be written.
    fn begin_reading(&self) -> RegistryReply<'_, Box<dyn RegistryTransaction>> {
        self.begin()
    }
    /// Ends all connections.
    fn close(&self) -> RegistryReply<'_, ()>;
}
