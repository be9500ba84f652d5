//! Trace and span ids, as W3C Trace Context and OpenTelemetry define them: 16 and 8 bytes, written
//! as lower-case hex, never all zero.

use std::{fmt, str::FromStr};

/// The reasons for which a text or a byte string is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Wrong number of bytes or hex digits.
    #[error("an id of {expected} bytes was expected, {got} came")]
    Length {
        /// Number of bytes of this kind of id.
        expected: usize,
        /// Number of bytes that were given.
        got: usize,
    },
    /// A character is not a hex digit.
    #[error("an id is written in hex digits only")]
    Hex,
    /// All bytes are zero, which means "no id".
    #[error("an id of zeros names nothing")]
    Zero,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Bytes in the id.
            pub const LEN: usize = $len;

            /// The smallest valid id.
            pub const LEAST: Self = {
                let mut bytes = [0; $len];
                bytes[$len - 1] = 1;
                Self(bytes)
            };

            /// The id in `bytes`. They must have the right length and must not all be zero.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, InvalidId> {
                let array: [u8; $len] = bytes
                    .try_into()
                    .map_err(|_| InvalidId::Length { expected: $len, got: bytes.len() })?;
                if array == [0; $len] {
                    return Err(InvalidId::Zero);
                }
                Ok(Self(array))
            }

            /// The bytes, most significant first.
            pub fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let digits = text.as_bytes();
                if digits.len() != 2 * $len {
                    return Err(InvalidId::Length { expected: $len, got: digits.len() / 2 });
                }
                let mut bytes = [0; $len];
                for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
                    *byte = hex(pair[0])? << 4 | hex(pair[1])?;
                }
                Self::from_slice(&bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

id!(
    /// Id of one trace.
    TraceId,
    16
);
id!(
    /// Id of one span, unique within its trace.
    SpanId,
    8
);

fn hex(digit: u8) -> Result<u8, InvalidId> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(InvalidId::Hex),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_either_case_and_print_lower_case() {
        let id: SpanId = "00F067AA0ba902b7".parse().unwrap();
        assert_eq!(id.to_string(), "00f067aa0ba902b7");
    }

    #[test]
    fn zero_short_and_foreign_texts_are_no_ids() {
        assert_eq!("0000000000000000".parse::<SpanId>(), Err(InvalidId::Zero));
        assert_eq!(
            "00f0".parse::<SpanId>(),
            Err(InvalidId::Length {
                expected: 8,
                got: 2
            })
        );
        assert_eq!("00f067aa0ba902bg".parse::<SpanId>(), Err(InvalidId::Hex));
        assert_eq!(
            TraceId::from_slice(&[1; 8]),
            Err(InvalidId::Length {
                expected: 16,
                got: 8
            })
        );
    }
}
