//! Numbers, texts and resources as records of the log have them.
//!
//! `docs/formats/wal.md` says how. Reading checks everything, so what was read is safe to use.

use crate::LakeError;
use hinomi_model::{Resource, Text, batch::Symbol};

pub(crate) fn unknown_version() -> LakeError {
    damaged("is of a version that is not known")
}

/// A record that makes no sense.
pub(crate) fn damaged(what: &str) -> LakeError {
    LakeError::Columns(format!("a log record {what}"))
}

/// A text of the batch, which has `words` of them.
pub(crate) fn symbol(number: u32, words: usize) -> Result<Symbol, LakeError> {
    if (number as usize) < words {
        Ok(Symbol(number))
    } else {
        Err(damaged("has a text that is not there"))
    }
}

/// Writes a record.
pub(crate) struct Writer(pub Vec<u8>);

impl Writer {
    pub fn number(&mut self, number: u32) {
        self.long(u64::from(number));
    }

    /// Variable-length integer (LEB128): seven bits per byte, lowest first; the highest bit says
    /// that more follow.
    pub fn long(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// Zigzag encoding: the sign is the lowest bit, so that numbers near zero are short.
    pub fn signed(&mut self, number: i64) {
        self.long((number << 1 ^ number >> 63).cast_unsigned());
    }

    /// The count, then the differences of ascending numbers.
    pub fn rising(&mut self, numbers: impl ExactSizeIterator<Item = u32>) {
        let mut before = 0;
        self.numbers(numbers.map(|number| {
            let step = number.wrapping_sub(before);
            before = number;
            step
        }));
    }

    /// The count, then the signed differences of neighbours.
    pub fn near(&mut self, numbers: impl ExactSizeIterator<Item = u32>) {
        self.number(numbers.len() as u32);
        let mut before = 0;
        numbers.for_each(|number| {
            self.signed(i64::from(number) - before);
            before = i64::from(number);
        });
    }

    /// The count, then the numbers.
    pub fn numbers(&mut self, numbers: impl ExactSizeIterator<Item = u32>) {
        self.number(numbers.len() as u32);
        numbers.for_each(|number| self.number(number));
    }

    pub fn text(&mut self, text: &str) {
        self.number(text.len() as u32);
        self.0.extend_from_slice(text.as_bytes());
    }

    pub fn resource(&mut self, resource: &Resource) {
        let Resource {
            service,
            namespace,
            environment,
            instance,
            version,
            host,
            attributes,
        } = resource;
        let parts = [
            service,
            namespace,
            environment,
            instance,
            version,
            host,
            attributes,
        ];
        parts.iter().for_each(|part| self.text(part));
    }
}

/// Reads a record.
pub(crate) struct Reader<'a> {
    pub rest: &'a [u8],
    /// Whether every number has four bytes and every time eight, as in version 2 of spans.
    pub wide: bool,
}

impl<'a> Reader<'a> {
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], LakeError> {
        let split = self.rest.split_at_checked(length);
        let (bytes, rest) = split.ok_or_else(|| damaged("is too short"))?;
        self.rest = rest;
        Ok(bytes)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], LakeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    pub fn number(&mut self) -> Result<u32, LakeError> {
        if self.wide {
            return self.array().map(u32::from_le_bytes);
        }
        u32::try_from(self.long()?).map_err(|_| damaged("has a number out of range"))
    }

    pub fn long(&mut self) -> Result<u64, LakeError> {
        let mut number = 0_u64;
        for (at, byte) in self.rest.iter().take(10).enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[at + 1..];
                return Ok(number);
            }
        }
        Err(damaged("has a number without an end"))
    }

    pub fn signed(&mut self) -> Result<i64, LakeError> {
        let number = self.long()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// The number of items that follow; each has at least one byte ([`WIDE`]: four).
    pub fn count(&mut self) -> Result<usize, LakeError> {
        let count = self.number()? as usize;
        let least = if self.wide { 4 } else { 1 };
        match count.saturating_mul(least) <= self.rest.len() {
            true => Ok(count),
            false => Err(damaged("is too short")),
        }
    }

    pub fn numbers(&mut self) -> Result<Vec<u32>, LakeError> {
        let count = self.count()?;
        (0..count).map(|_| self.number()).collect()
    }

    /// Decodes numbers that `Writer::rising` wrote.
    pub fn rising(&mut self) -> Result<Vec<u32>, LakeError> {
        let mut numbers = self.numbers()?;
        let mut before = 0_u32;
        for number in numbers.iter_mut().filter(|_| !self.wide) {
            let sum = before.checked_add(*number);
            before = sum.ok_or_else(|| damaged("has a number out of range"))?;
            *number = before;
        }
        Ok(numbers)
    }

    /// Decodes numbers that `Writer::near` wrote.
    pub fn near(&mut self) -> Result<Vec<u32>, LakeError> {
        if self.wide {
            return self.numbers();
        }
        let (count, mut before) = (self.count()?, 0_i64);
        let next = |_| {
            let number = before.checked_add(self.signed()?);
            before = number.unwrap_or(-1);
            u32::try_from(before).map_err(|_| damaged("has a number out of range"))
        };
        (0..count).map(next).collect()
    }

    /// Decodes `count` starts and `count` ends.
    pub fn times(&mut self, count: usize) -> Result<(Vec<i64>, Vec<i64>), LakeError> {
        if self.wide {
            let mut times = || {
                let bytes = self.bytes(count.saturating_mul(8))?;
                let (times, _) = bytes.as_chunks::<8>();
                let times = times.iter().map(|bytes| i64::from_le_bytes(*bytes));
                Ok::<Vec<i64>, LakeError>(times.collect())
            };
            return Ok((times()?, times()?));
        }
        if count > self.rest.len() {
            return Err(damaged("is too short"));
        }
        let mut before = 0_i64;
        let mut start = |_| {
            before = before.wrapping_add(self.signed()?);
            Ok(before)
        };
        let starts = (0..count).map(&mut start);
        let starts = starts.collect::<Result<Vec<_>, LakeError>>()?;
        let end = |start: &i64| Ok(start.wrapping_add(self.signed()?));
        let ends = starts.iter().map(end);
        let ends = ends.collect::<Result<Vec<_>, LakeError>>()?;
        Ok((starts, ends))
    }

    pub fn str(&mut self, length: usize) -> Result<&'a str, LakeError> {
        std::str::from_utf8(self.bytes(length)?).map_err(|_| damaged("has a text that is none"))
    }

    pub fn text(&mut self) -> Result<&'a str, LakeError> {
        let length = self.number()? as usize;
        self.str(length)
    }

    pub fn resource(&mut self) -> Result<Resource, LakeError> {
        let mut part = || self.text().map(Text::from);
        Ok(Resource {
            service: part()?,
            namespace: part()?,
            environment: part()?,
            instance: part()?,
            version: part()?,
            host: part()?,
            attributes: part()?,
        })
    }
}
