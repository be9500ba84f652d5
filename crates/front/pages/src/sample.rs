//! Answers for tests. They are the same at every call.

mod charts;

pub(crate) use charts::{charts, in_flight, running};
pub(crate) use hinomi_webkit::sample::*;
