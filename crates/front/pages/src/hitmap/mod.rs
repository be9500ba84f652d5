//! The page with only the hitmap.

pub(crate) mod handler;
pub(crate) mod view;
