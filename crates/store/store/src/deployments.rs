//! What a store knows of deployments: when each version of a service was first seen, and what was
//! reported.

use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};

/// A version of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenVersion {
    /// The service that has this version.
    pub service: ServiceKey,
    /// `service.version`, not empty.
    pub version: Text,
    /// The start of the 5 s bucket in which its first transaction ended.
    pub first: UnixNanos,
}

/// A deployment that someone reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// The service that was deployed.
    pub service: ServiceKey,
    /// The version; empty for a change of configuration.
    pub version: Text,
    /// When it was deployed.
    pub at: UnixNanos,
    /// The text beside its marker on charts; may be empty.
    pub label: Text,
}
