//! Reads SQL texts as agents send them: a [`fingerprint`] groups the statements that differ only in
//! their values, a [`layout`] shows one statement to a reader.
//!
//! Only the tokenizer of `sqlparser` is used, so a truncated or unparsable statement has a
//! fingerprint and a layout too. Both read the same tokens by the quoting rules of a [`Dialect`].
//!
//! Promises: pure functions; no panic on any input. Knows no span and no HTML.

mod dialect;
mod fingerprint;
mod keywords;
mod layout;
mod lexer;
mod postgresql;

pub use dialect::Dialect;
pub use fingerprint::{Fingerprint, fingerprint, fingerprint_capped, is_escaped_call, outline};
pub use layout::{Kind, LayoutPiece, layout};
