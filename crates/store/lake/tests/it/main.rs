//! The store compared with a simple model: the same answers in memory, on disk, after a restart and
//! after a crash at any step.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod arrivals;
mod attributes;
mod catalog;
mod compaction;
mod crash;
mod damage;
mod deployments;
mod exactness;
mod folder;
mod golden;
mod keeping;
mod keeping_copies;
mod labels;
mod limits;
mod lost_log;
mod model;
mod month;
mod old_catalog;
mod opening;
mod paging;
mod retention;
mod search_speed;
mod simulation;
mod spans;
mod speed;
mod spent;
mod trace;
