//! View models: answers turned into the texts that templates print.

pub(crate) mod board;
pub(crate) mod csv;
pub(crate) mod failure;
pub(crate) mod hitmap;
mod hitmap_panel;
mod list;
pub(crate) mod lost;
pub(crate) mod picker;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod service;
mod service_head;
mod spark;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod trace;
pub(crate) mod transactions;
mod verdict;
