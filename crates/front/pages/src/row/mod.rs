//! Pages of one row of a statistic.

pub(crate) mod handler;
pub(crate) mod view;
