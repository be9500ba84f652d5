//! The data folder: the paths in it, copies of its files, backup and restore, inspection, and the
//! time that is kept across restarts.

pub(crate) mod aside;
pub(crate) mod backup;
pub(crate) mod files;
pub(crate) mod inspect;
pub(crate) mod path;
pub(crate) mod time_keeper;
