//! View models: turn answers into the texts that templates render.

pub(crate) mod add;
pub(crate) mod board;
mod change;
pub(crate) mod charts;
pub(crate) mod csv;
mod dashboard_table;
pub(crate) mod deployment;
pub(crate) mod deployments;
pub(crate) mod failure;
pub(crate) mod filter_bar;
pub(crate) mod folded;
pub(crate) mod help;
pub(crate) mod hitmap;
pub(crate) mod hitmap_panel;
mod in_flight;
pub(crate) mod judgement;
mod list;
pub(crate) mod lost;
pub(crate) mod map;
pub(crate) mod partners;
mod pattern;
pub(crate) mod picker;
pub(crate) mod row;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod search;
pub(crate) mod service;
mod service_head;
mod spark;
pub(crate) mod statistics;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub(crate) mod time_notice;
pub(crate) mod trace;
pub(crate) mod transactions;
mod verdict;
mod versus;
pub(crate) mod wall;

use crate::page::Page;
use std::collections::BTreeMap;

/// Texts that a page's script shows, with placeholders such as `{count}` that the script fills in.
fn script_words(page: &Page, words: &[(&'static str, &[&str])]) -> BTreeMap<&'static str, String> {
    words
        .iter()
        .map(|(key, names)| {
            let holes: Vec<String> = names.iter().map(|name| format!("{{{name}}}")).collect();
            let values: Vec<_> = names
                .iter()
                .zip(&holes)
                .map(|(name, hole)| (*name, hole.as_str().into()))
                .collect();
            (*key, page.words().say_with(key, &values))
        })
        .collect()
}
