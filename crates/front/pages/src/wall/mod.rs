//! The wall mode: screens in rotation.

pub(crate) mod handler;
pub(crate) mod view;
