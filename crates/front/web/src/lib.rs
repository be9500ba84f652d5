//! The web server: JSON API, server-sent events, HTML pages, embedded assets (axum, askama).
//!
//! Handlers ask `hinomi-query` for numbers and `hinomi-analysis` for their meaning, views turn the
//! answers into text, templates print the text. Wire types live in `api` and nowhere else.
//! Promises: every view can be shared by its URL, a page loads nothing from other hosts, and
//! answers that may change are not cached.
//!
//! Has no SQL and no Parquet, and does not interpret spans; lower crates do that.

mod asker;
mod handlers;
mod readable;
mod routes;
mod view;
#[cfg(test)]
mod words;

pub use hinomi_webkit::{WebState, security::HostPolicy};
pub use routes::router;
