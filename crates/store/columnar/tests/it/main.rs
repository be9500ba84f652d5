//! Whole files, through the public interface only.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod files;
