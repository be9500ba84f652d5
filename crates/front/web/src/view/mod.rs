//! View models: turn answers into the texts that templates render.

pub(crate) mod add;
pub(crate) mod board;
pub(crate) mod charts;
mod dashboard_table;
pub(crate) mod deployment;
pub(crate) mod deployments;
pub(crate) mod failure;
pub(crate) mod filter_bar;
pub(crate) mod hitmap;
pub(crate) mod hitmap_panel;
mod in_flight;
pub(crate) mod judgement;
mod list;
pub(crate) mod map;
pub(crate) mod partners;
pub(crate) mod row;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod search;
pub(crate) mod service;
mod service_head;
pub(crate) mod statistics;
#[cfg(test)]
mod tests;
pub(crate) mod trace;
pub(crate) mod transactions;
mod verdict;
pub(crate) mod wall;
