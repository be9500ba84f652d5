//! The charts of a page: a series, and beside it another time or the usual values.

mod handler;
pub(crate) mod view;

pub(crate) use handler::{ask, versus};
