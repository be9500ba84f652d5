//! The registry: what is remembered beside telemetry, in a database of its own.
//!
//! Names learned from telemetry (services, versions, labels, hosts that are services), and what people
//! told: deployments, promoted attributes, settings of services. The database is `registry.db`
//! (SQLite, in the data folder) or PostgreSQL. Each entity has a trait in [`repository`]; both
//! databases and one in memory implement all of them and pass one suite.
//!
//! Promises: [`DatabaseRegistry`] holds all of it in memory, within [`RegistryLimits`], and answers at once.
//! What was told is durable before a change returns. What was learned is written at each flush of the
//! engine; a database that fails keeps no span from being stored.
//!
//! Refuses: knowing an engine, pages, or what the names mean. Several servers on one PostgreSQL do not
//! see each other's changes before they start again.

mod error;
mod known;
mod limits;
mod memory;
mod registry;
pub mod repository;
mod sql;
mod worker;

pub use error::RegistryError;
pub use limits::RegistryLimits;
pub use memory::MemoryDatabase;
pub use registry::{DatabaseRegistry, RegistryStats};
pub use sql::{PostgresDatabase, SqliteDatabase, check_url, copy, look};
