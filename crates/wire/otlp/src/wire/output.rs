//! Writes protobuf.

use crate::protobuf::Malformed;
use serde::de::Error;

/// The encoded message and those around it.
pub(super) struct Output {
    bytes: Vec<u8>,
    /// Number of list elements that may still be empty.
    empties: usize,
}

/// Wire types.
const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const BYTES: u32 = 2;
const FIXED32: u32 = 5;

impl Output {
    pub fn with_capacity(bytes: usize, empties: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            empties,
        }
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Number of bytes written so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Counts an empty list element. Fails when there are too many.
    pub fn empty_element<E: Error>(&mut self) -> Result<(), E> {
        let left = self.empties.checked_sub(1);
        self.empties = left.ok_or_else(|| E::custom(Malformed::Empty))?;
        Ok(())
    }

    pub fn varint(&mut self, number: u32, value: u64) {
        self.tag(number, VARINT);
        self.push_varint(value);
    }

    pub fn fixed64(&mut self, number: u32, value: u64) {
        self.tag(number, FIXED64);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub fn bytes(&mut self, number: u32, bytes: &[u8]) {
        self.tag(number, BYTES);
        self.push_varint(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes a message whose content `write` adds. Its length is inserted before it once it is
    /// known. Most messages are short; the bytes of a long one are moved once for each message
    /// around it.
    pub fn message<E>(
        &mut self,
        number: u32,
        write: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.tag(number, BYTES);
        let begin = self.bytes.len();
        self.bytes.push(0);
        write(self)?;
        let length = self.bytes.len() - begin - 1;
        let mut varint = [0; 10];
        let varint = varint_of(length as u64, &mut varint);
        self.bytes.splice(begin..=begin, varint.iter().copied());
        Ok(())
    }

    /// Writes a value that no field allows, so that the reader finds the message malformed.
    pub fn wrong(&mut self, number: u32) {
        self.tag(number, FIXED32);
        self.bytes.extend_from_slice(&[0; 4]);
    }

    /// Writes an element that is not a valid message.
    pub fn wrong_element(&mut self, number: u32) {
        self.bytes(number, &[0]);
    }

    fn tag(&mut self, number: u32, wire_type: u32) {
        self.push_varint(u64::from(number << 3 | wire_type));
    }

    fn push_varint(&mut self, value: u64) {
        let mut varint = [0; 10];
        self.bytes.extend_from_slice(varint_of(value, &mut varint));
    }
}

fn varint_of(mut value: u64, into: &mut [u8; 10]) -> &[u8] {
    let mut length = 0;
    loop {
        let more = value >= 0x80;
        into[length] = value as u8 & 0x7f | if more { 0x80 } else { 0 };
        length += 1;
        value >>= 7;
        if !more {
            return &into[..length];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protobuf::{Field, Fields};

    #[test]
    fn a_message_of_any_length_is_read_again() {
        for length in [0, 1, 127, 128, 300, 20_000, 3_000_000] {
            let mut out = Output::with_capacity(0, 0);
            let bytes = vec![7; length];
            let written: Result<(), ()> = out.message(1, |out| {
                out.bytes(2, &bytes);
                out.message(15, |_| Ok(()))
            });
            assert_eq!(written, Ok(()));
            out.varint(3, u64::MAX);
            let out = out.into_bytes();
            let mut fields = Fields(&out);
            let Ok(Some((1, Field::Bytes(inner)))) = fields.next() else {
                panic!("{length}");
            };
            let inner: Vec<_> = std::iter::from_fn({
                let mut inner = Fields(inner);
                move || inner.next().unwrap()
            })
            .collect();
            assert!(
                matches!(inner[..], [(2, Field::Bytes(found)), (15, Field::Bytes(&[]))] if found == bytes)
            );
            assert!(matches!(
                fields.next(),
                Ok(Some((3, Field::Varint(u64::MAX))))
            ));
            assert!(matches!(fields.next(), Ok(None)));
        }
    }
}
