//! The list of external hosts, and the page of one of them.

pub(crate) mod csv;
pub(crate) mod handler;
pub(crate) mod view;
