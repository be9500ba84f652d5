//! The service map.

pub(crate) mod handler;
pub(crate) mod layout;
mod name;
pub(crate) mod view;
