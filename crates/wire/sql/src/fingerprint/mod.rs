//! Turns an SQL text into its fingerprint: the same statement with other values gives the same
//! text.
//!
//! Literals and placeholders become `?`. Comments are removed. White space and the case of keywords
//! are unified. Lists of equal elements and rows of `VALUES` are collapsed. Identifiers stay as
//! written, except those that drivers count up or draw at random. A call as JDBC writes it
//! (`{? = call f(?)}`) is read as the call in it.
//!
//! Promises: no literal in the output; the fingerprint of a fingerprint is the same text.
//! Text after a quote that is never closed could be data, so all of it becomes one `?`.

mod collapse;
mod escape;
mod names;
mod outline;
mod pieces;
mod print;
mod summary;

pub use escape::is_escaped_call;
pub use outline::outline;

use crate::Dialect;

/// Most bytes of a fingerprint; the default of [`fingerprint`].
const MAX_BYTES: usize = 2 << 10;

/// A statement without its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The normalised statement, at most 2 KiB. A longer one is cut and ends in `…`.
    pub text: String,
    /// Operation and first table, such as `SELECT orders`: a name for a span without one. Empty for
    /// a text without words.
    pub summary: String,
}

/// The fingerprint of `text`.
pub fn fingerprint(text: &str, dialect: Dialect) -> Fingerprint {
    fingerprint_capped(text, dialect, MAX_BYTES)
}

/// Like [`fingerprint`], with another limit.
pub fn fingerprint_capped(text: &str, dialect: Dialect, max_bytes: usize) -> Fingerprint {
    let text = escape::inner(text).unwrap_or(text);
    let pieces = collapse::collapse(names::fold(pieces::read(text, dialect)));
    Fingerprint {
        text: print::print(&pieces, max_bytes),
        summary: summary::summary(&pieces),
    }
}
