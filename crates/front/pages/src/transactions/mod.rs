//! The list of transactions.

pub(crate) mod csv;
pub(crate) mod handler;
pub(crate) mod view;
