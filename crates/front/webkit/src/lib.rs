//! What all pages and the API stand on: the layout, the texts in the reader's language, the shared
//! state of a page, tables, pickers, embedded files, security headers and problem documents.
//!
//! Promises: a table and its download are made from one list of columns, a page loads nothing from
//! other hosts, and a link keeps time range and environment.
//!
//! Knows no single page and no route.

pub mod assets;
pub mod change;
pub mod csv;
pub mod cursor;
mod demo;
pub mod embedded;
mod folded;
pub mod format;
pub mod help;
pub mod i18n;
pub mod lost;
mod modules;
pub mod page;
pub mod page_range;
mod pattern;
pub mod picker;
pub mod problem;
pub mod readers;
pub mod route;
#[cfg(any(test, feature = "sample"))]
#[expect(
    missing_docs,
    clippy::unwrap_used,
    reason = "builders for tests say what they are by their names"
)]
pub mod sample;
pub mod script_words;
pub mod security;
pub mod services;
pub mod spark;
pub mod spent;
mod state;
pub mod statistic;
pub mod table;
mod time_notice;
pub mod time_param;
pub mod url;
pub mod versus;

pub use demo::DemoHistory;
pub use state::{App, WebState};
