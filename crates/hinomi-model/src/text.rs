//! Shared, immutable strings: the many equal names that spans carry are stored once a batch.

use std::sync::Arc;

/// A cheaply cloned string. Names, hosts and statements are `Text`; bodies are `String`.
pub type Text = Arc<str>;

/// What stands in for every name beyond a cardinality limit.
pub const OTHER: &str = "(other)";
