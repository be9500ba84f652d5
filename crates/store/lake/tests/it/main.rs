//! The store compared with a simple model: the same answers in memory, on disk, after a restart and
//! after a crash at any step.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod arrivals;
mod attributes;
mod call_trees;
mod catalog;
mod compaction;
mod conformance;
mod crash;
mod damage;
mod folder;
mod golden;
mod keeping;
mod keeping_copies;
mod limits;
mod logs;
mod lost_log;
mod month;
mod names;
mod old_catalog;
mod opening;
mod retention;
mod search_speed;
mod simulation;
mod speed;
mod trace;
