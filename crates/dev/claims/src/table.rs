//! The table: one row a claim, in Markdown.

mod details;
mod rows;

pub use details::details;

use crate::Played;
use std::fmt::Write;

/// One claim with its figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What the product claims.
    pub claim: &'static str,
    /// What is aimed at; empty when there is no goal.
    pub goal: &'static str,
    /// The figures of the run.
    pub figures: String,
    /// What was counted: episodes, faults, releases or time.
    pub episodes: String,
}

/// The rows of all plays together.
pub fn rows(plays: &[Played]) -> Vec<Row> {
    let mut all = rows::health(plays);
    all.extend(rows::blame(plays));
    all.extend(rows::deployments(plays));
    all
}

/// The rows as a table in Markdown.
pub fn markdown(rows: &[Row]) -> String {
    let mut table = String::from("| claim | goal | figures | episodes |\n|---|---|---|---|\n");
    for row in rows {
        let Row {
            claim,
            goal,
            figures,
            episodes,
        } = row;
        // Writing to a text does not fail.
        let _ = writeln!(table, "| {claim} | {goal} | {figures} | {episodes} |");
    }
    table
}
