//! The board: the health of every service.

mod choice;
pub(crate) mod handler;
pub(crate) mod view;
