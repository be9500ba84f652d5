//! Connections of every port: who may hold one, for how long, and which one is closed for another.
//!
//! Promises: a port has so many connections at most ([`ListenLimits`]), and a sender that comes when
//! all are taken gets in: the connection that has been idle longest is closed for it. Whoever is
//! silent, stops within a head or a body, or does not read its answer is closed in time. A connection
//! that exports once a minute, and a stream that is read, stay open. All of it is counted
//! ([`ListenMetrics`]).
//!
//! Refuses: knowing what is asked and answered. It serves any [`axum::Router`], over HTTP/1.1 and HTTP/2.

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
