//! The page that compares two traces.

pub(crate) mod handler;
pub(crate) mod view;
