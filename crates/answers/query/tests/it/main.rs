//! Questions of screens, on the engine in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod slow;
mod spent;
