//! Limit on the empty messages of a request. An empty message takes two bytes on the wire, far less
//! when compressed, and fifty times the work of a byte in a span. A request with millions of them
//! is refused.

use crate::{Limits, protobuf::Malformed};

/// Number of empty messages that the request may still have.
pub(crate) struct Empties(usize);

impl Empties {
    pub fn new(limits: &Limits) -> Self {
        Self(limits.max_empty_messages)
    }

    /// Counts an empty message. Fails when there are too many.
    pub fn add(&mut self) -> Result<(), Malformed> {
        self.0 = self.0.checked_sub(1).ok_or(Malformed::Empty)?;
        Ok(())
    }
}
