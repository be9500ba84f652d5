//! The web server: the pages, the API, the embedded files and the probes, and what every request
//! passes on its way to them.
//!
//! Promises: answers that may change are not cached, every answer has its security headers, and a
//! request for a foreign host name is refused.
//!
//! Has no page and no wire type; those stand in `hinomi-pages` and `hinomi-api`.

mod asker;
#[cfg(test)]
mod isolation;
mod known;
mod probe;
mod readable;
mod renamed;
mod routes;
#[cfg(test)]
mod words;

pub use hinomi_webkit::{
    DemoHistory, WebState,
    readers::{EveryReader, Readers, UnknownReader},
    security::HostPolicy,
};
pub use routes::router;
