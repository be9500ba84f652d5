//! What several pages show.

pub(crate) mod charts;
pub(crate) mod deployment;
pub(crate) mod download;
pub(crate) mod filter_bar;
pub(crate) mod hitmap_panel;
pub(crate) mod judgement;
pub(crate) mod list;
pub(crate) mod marks;
pub(crate) mod receivers;
pub(crate) mod service_head;
pub(crate) mod verdict;
