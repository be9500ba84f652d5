//! The dashboard of one service.

mod dashboard_table;
pub(crate) mod handler;
mod in_flight;
pub(crate) mod view;
