//! The messages of a request that hold nothing. Each costs two bytes on the wire, much less when it is
//! compressed, and fifty times the work of a byte in a span: a request of millions of them is refused.

use crate::{Limits, protobuf::Malformed};

/// How many more a request may have.
pub(crate) struct Empties(usize);

impl Empties {
    pub fn new(limits: &Limits) -> Self {
        Self(limits.max_empty_messages)
    }

    /// One was met.
    pub fn add(&mut self) -> Result<(), Malformed> {
        self.0 = self.0.checked_sub(1).ok_or(Malformed::Empty)?;
        Ok(())
    }
}
