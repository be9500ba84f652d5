//! The way of a batch into the log: the queue, the thread that commits, the payload of a record, and
//! the mark up to which the log is confirmed.

pub(crate) mod codec;
pub(crate) mod committer;
pub(crate) mod queue;
pub(crate) mod record;
pub(crate) mod watermark;
