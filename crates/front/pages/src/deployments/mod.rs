//! The list of deployments.

pub(crate) mod handler;
pub(crate) mod view;
