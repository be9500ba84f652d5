//! Parses a Parquet page header (Thrift compact protocol), limited to the fields that the pages of
//! this crate need.

/// Type of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageKind {
    Data,
    Dictionary,
}

/// Encoding of a page's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageEncoding {
    Plain,
    /// Positions in the column's dictionary.
    Dictionary,
    /// Byte-stream split: the first bytes of all values, then the second ones.
    Split,
}

/// A page header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageHeader {
    pub kind: PageKind,
    /// Size of the header itself, in bytes.
    pub length: usize,
    pub compressed: usize,
    pub uncompressed: usize,
    /// Number of values, including nulls.
    pub values: usize,
    pub encoding: PageEncoding,
}

/// Parses the header at the start of `bytes`; `None` if it is not a kind of page that this
/// crate reads.
pub(crate) fn parse(bytes: &[u8]) -> Option<PageHeader> {
    let mut reader = Reader { rest: bytes };
    let (mut kind, mut uncompressed, mut compressed) = (None, None, None);
    let (mut values, mut encoding) = (None, None);
    reader.fields(|field, of, reader| {
        match (field, of) {
            (1, INT) => kind = Some(reader.int()?),
            (2, INT) => uncompressed = Some(reader.int()?),
            (3, INT) => compressed = Some(reader.int()?),
            // Field 5 is the data page header, field 7 the dictionary page header.
            (5 | 7, STRUCT) => reader.fields(|field, of, reader| {
                match (field, of) {
                    (1, INT) => values = Some(reader.int()?),
                    (2, INT) => encoding = Some(reader.int()?),
                    _ => reader.skip(of, 0)?,
                }
                Some(())
            })?,
            _ => reader.skip(of, 0)?,
        }
        Some(())
    })?;
    let size = |number: Option<i64>| usize::try_from(number?).ok();
    Some(PageHeader {
        kind: match kind? {
            0 => PageKind::Data,
            2 => PageKind::Dictionary,
            _ => return None,
        },
        length: bytes.len() - reader.rest.len(),
        compressed: size(compressed)?,
        uncompressed: size(uncompressed)?,
        values: size(values)?,
        encoding: match encoding? {
            0 => PageEncoding::Plain,
            8 => PageEncoding::Dictionary,
            9 => PageEncoding::Split,
            _ => return None,
        },
    })
}

/// 32-bit integer, encoded as a varint.
const INT: u8 = 5;
const STRUCT: u8 = 12;
/// Maximum nesting depth; no valid header is deeper.
const DEEPEST: usize = 8;

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    /// Calls `each` with the number and type of each field. `each` must consume the field.
    fn fields(&mut self, mut each: impl FnMut(i64, u8, &mut Self) -> Option<()>) -> Option<()> {
        let mut field = 0_i64;
        loop {
            let byte = self.byte()?;
            if byte == 0 {
                return Some(());
            }
            field = match byte >> 4 {
                0 => self.int()?,
                step => field.checked_add(i64::from(step))?,
            };
            each(field, byte & 15, self)?;
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn int(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn take(&mut self, bytes: usize) -> Option<()> {
        self.rest = self.rest.get(bytes..)?;
        Some(())
    }

    fn skip(&mut self, of: u8, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match of {
            // A boolean's value is part of its type.
            1 | 2 => Some(()),
            3 => self.take(1),
            4..=6 => self.varint().map(drop),
            7 => self.take(8),
            8 => {
                let length = self.varint()?;
                self.take(usize::try_from(length).ok()?)
            }
            STRUCT => self.fields(|_, of, reader| reader.skip(of, depth + 1)),
            // Page headers contain no lists or maps.
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::{
        basic::Encoding,
        column::page::{CompressedPage, Page, PageWriter},
        file::writer::{SerializedPageWriter, TrackedWrite},
    };

    #[test]
    fn heads_are_read_as_they_are_written() {
        for (values, encoding, wanted) in [
            (1, Encoding::PLAIN, PageEncoding::Plain),
            (4_096, Encoding::RLE_DICTIONARY, PageEncoding::Dictionary),
            (70_000, Encoding::BYTE_STREAM_SPLIT, PageEncoding::Split),
        ] {
            let body = vec![7; 300];
            let page = Page::DataPage {
                buf: body.clone().into(),
                num_values: values,
                encoding,
                def_level_encoding: Encoding::RLE,
                rep_level_encoding: Encoding::RLE,
                statistics: None,
            };
            let mut sink = TrackedWrite::new(Vec::new());
            SerializedPageWriter::new(&mut sink)
                .write_page(CompressedPage::new(page, 999))
                .unwrap();
            let bytes = sink.into_inner().unwrap();
            let header = parse(&bytes).unwrap();
            let kind = PageKind::Data;
            let length = bytes.len() - body.len();
            let same = PageHeader {
                kind,
                length,
                compressed: 300,
                uncompressed: 999,
                values: values as usize,
                encoding: wanted,
            };
            assert_eq!(header, same);
            for end in 0..length {
                assert_eq!(parse(&bytes[..end]), None);
            }
        }
    }
}
