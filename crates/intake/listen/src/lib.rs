//! Manages the connections of every port: who may hold one, for how long, and which one is closed
//! to make room.
//!
//! Promises: a port has a limited number of connections ([`ListenLimits`]). When all are taken, a
//! new sender still gets in, because the connection that was idle longest is closed. A client that
//! is silent, stops within a head or body, or does not read its answer is disconnected in time. A
//! connection that exports once a minute, and a stream that is being read, stay open. Everything is
//! counted ([`ListenMetrics`]).
//!
//! Refuses: knowing the content of requests. It serves any [`axum::Router`], over HTTP/1.1 and
//! HTTP/2.

mod activity;
mod limits;
mod metrics;
mod notice;
mod pace;
mod seats;
mod serve;
mod service;
mod socket;

pub use limits::{ListenLimits, Pace};
pub use metrics::{ListenMetrics, PortMetrics};
pub use pace::TooSlow;
pub use serve::{Port, serve};
