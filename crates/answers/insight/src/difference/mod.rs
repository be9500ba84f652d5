//! What makes the selected transactions different from the rest of the window.
//!
//! Each feature (an operation, an instance, a statement that ran, an attribute's value) has a share
//! among the selected transactions and one among the rest. A finding is a feature whose share is
//! certainly larger among the selected, however many features were tested: the lower bound of its
//! share among the selected is above the upper bound of its share among the rest (Wilson's bounds,
//! at a level divided by the number of features). Findings are ranked by how well these two bounds
//! separate the sides, so few transactions rank low automatically. Features that occur together are
//! one finding.

mod rank;

pub use rank::{Difference, Findings, Population, Proportion, rank};

use hinomi_model::Text;

/// The property that a feature describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// Type of the error.
    ErrorType,
    /// HTTP response status.
    HttpStatus,
    /// The call that took at least half of the transaction's time.
    Waiting,
    /// What at least half of the transaction's time was spent on.
    TimeSpent,
    /// The operation.
    Operation,
    /// A statement that ran.
    Statement,
    /// An external host that was called.
    External,
    /// `service.instance.id`.
    Instance,
    /// `service.version`.
    Version,
    /// `host.name`.
    Host,
    /// An attribute of the entry span.
    Attribute,
}

impl Dimension {
    /// All dimensions.
    pub const ALL: [Self; 11] = [
        Self::ErrorType,
        Self::HttpStatus,
        Self::Waiting,
        Self::TimeSpent,
        Self::Operation,
        Self::Statement,
        Self::External,
        Self::Instance,
        Self::Version,
        Self::Host,
        Self::Attribute,
    ];

    /// The word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ErrorType => "error_type",
            Self::HttpStatus => "http_status",
            Self::Waiting => "waiting",
            Self::TimeSpent => "time_spent",
            Self::Operation => "operation",
            Self::Statement => "statement",
            Self::External => "external",
            Self::Instance => "instance",
            Self::Version => "version",
            Self::Host => "host",
            Self::Attribute => "attribute",
        }
    }

    /// Whether it says where a transaction ran. Such features follow from each other.
    fn is_place(self) -> bool {
        matches!(
            self,
            Self::Instance | Self::Version | Self::Host | Self::Attribute
        )
    }
}

/// A property that a transaction has or does not have.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Feature {
    /// Property that the feature describes.
    pub dimension: Dimension,
    /// The attribute's key; empty for other dimensions.
    pub key: Text,
    /// The value.
    pub value: Text,
}
