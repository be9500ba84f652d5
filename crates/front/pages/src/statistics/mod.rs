//! Tables over any range, compared with another time.

pub(crate) mod csv;
pub(crate) mod handler;
pub(crate) mod view;
