//! The page of one deployment.

pub(crate) mod handler;
pub(crate) mod view;
