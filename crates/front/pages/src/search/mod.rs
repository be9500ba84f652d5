//! The search in the attributes of spans.

pub(crate) mod handler;
pub(crate) mod view;
