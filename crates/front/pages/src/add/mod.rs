//! The page "Add a service".

pub(crate) mod handler;
pub(crate) mod view;
