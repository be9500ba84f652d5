//! Reads protobuf in place. Nothing is copied or allocated, so a body takes no more memory than its
//! own bytes, whatever it contains.

/// The bytes are not protobuf, or not of the message's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The bytes end within a field.
    #[error("it ends within a field")]
    Truncated,
    /// A number has more than ten bytes.
    #[error("a number has more than ten bytes")]
    Varint,
    /// A field has a wire type that its number does not allow.
    #[error("a field has the wrong wire type")]
    WireType,
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    Utf8,
    /// There are more empty messages than
    /// [`Limits::max_empty_messages`](crate::Limits::max_empty_messages).
    #[error("too many of its messages are empty")]
    Empty,
}

/// A field's value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32,
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    pub fn bytes(self) -> Result<&'a [u8], Malformed> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(Malformed::WireType),
        }
    }

    pub fn text(self) -> Result<&'a str, Malformed> {
        text(self.bytes()?)
    }

    pub fn varint(self) -> Result<u64, Malformed> {
        match self {
            Self::Varint(number) => Ok(number),
            _ => Err(Malformed::WireType),
        }
    }

    pub fn fixed64(self) -> Result<u64, Malformed> {
        match self {
            Self::Fixed64(number) => Ok(number),
            _ => Err(Malformed::WireType),
        }
    }

    /// An enum's number.
    pub fn variant(self) -> Result<i32, Malformed> {
        Ok(self.varint()? as i32)
    }
}

/// The bytes as a text.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|_| Malformed::Utf8)
}

/// Reads the fields of one message, in the order of their bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// The next field and its number; `None` at the end.
    #[inline]
    pub fn next(&mut self) -> Result<Option<(u32, Field<'a>)>, Malformed> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => Field::Varint(self.varint()?),
            1 => {
                let (number, rest) = self.0.split_first_chunk().ok_or(Malformed::Truncated)?;
                self.0 = rest;
                Field::Fixed64(u64::from_le_bytes(*number))
            }
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed::Truncated)?;
                let (bytes, rest) = self
                    .0
                    .split_at_checked(length)
                    .ok_or(Malformed::Truncated)?;
                self.0 = rest;
                Field::Bytes(bytes)
            }
            5 => {
                self.0 = self.0.get(4..).ok_or(Malformed::Truncated)?;
                Field::Fixed32
            }
            _ => return Err(Malformed::WireType),
        };
        match u32::try_from(tag >> 3) {
            Ok(number) if number > 0 => Ok(Some((number, field))),
            _ => Err(Malformed::WireType),
        }
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        if let Some((&byte, rest)) = self.0.split_first()
            && byte < 0x80
        {
            self.0 = rest;
            return Ok(u64::from(byte));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for (at, &byte) in self.0.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                self.0 = &self.0[at + 1..];
                return Ok(value);
            }
        }
        Err(if self.0.len() < 10 {
            Malformed::Truncated
        } else {
            Malformed::Varint
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Result<usize, Malformed> {
        let mut fields = Fields(bytes);
        let mut count = 0;
        while fields.next()?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    #[test]
    fn what_ends_too_early_is_truncated() {
        assert_eq!(all(&[]), Ok(0));
        assert_eq!(all(&[0x08, 0x01, 0x12, 0x01, b'a']), Ok(2));
        for bytes in [
            &[0x08][..],
            &[0x08, 0x80],
            &[0x12, 0x02, b'a'],
            &[0x09, 1, 2],
            &[0x0d, 1],
        ] {
            assert_eq!(all(bytes), Err(Malformed::Truncated), "{bytes:?}");
        }
    }

    #[test]
    fn groups_endless_numbers_and_field_zero_are_refused() {
        assert_eq!(all(&[0x0b]), Err(Malformed::WireType));
        assert_eq!(
            all(&[
                0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1
            ]),
            Err(Malformed::Varint)
        );
        assert_eq!(all(&[0x00, 0x00]), Err(Malformed::WireType));
        assert_eq!(
            all(&[
                0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1
            ]),
            Err(Malformed::Truncated)
        );
    }
}
