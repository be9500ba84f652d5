//! The registry from outside: its databases, and the registry on them.

mod databases;
mod suite;
