//! Pages for errors.

pub(crate) mod handler;
pub(crate) mod view;

pub use handler::{not_found, page};
