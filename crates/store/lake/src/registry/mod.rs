//! What is remembered about services beside their telemetry: labels, deployments and names.

pub(crate) mod deployments;
pub(crate) mod labels;
pub(crate) mod names;
