//! The registry: what is remembered beside telemetry, in a database of its own.
//!
//! Names learned from telemetry (services, versions, labels, hosts that are services), and what people
//! told: deployments, promoted attributes, settings of services. The database is `registry.db`
//! (SQLite, in the data folder) or PostgreSQL. Each entity has a trait in [`repository`]; both
//! databases and one in memory implement all of them and pass one suite.

mod error;
mod limits;
mod memory;
pub mod repository;
mod sql;

pub use error::RegistryError;
pub use limits::RegistryLimits;
pub use memory::MemoryDatabase;
pub use sql::{PostgresDatabase, SqliteDatabase, check_url, copy, look};
