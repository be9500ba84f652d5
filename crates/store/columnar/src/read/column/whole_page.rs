//! Decodes a whole page of a column to an array, for readers of all rows.

use super::{ColumnReader, split_text, unfit};
use crate::{
    ColumnarError, binary, dictionary_array,
    page::{Dictionary, PageEncoding, hybrid},
};
use arrow_array::{
    ArrayRef, BooleanArray, Int64Array, StringArray, TimestampNanosecondArray, UInt8Array,
    UInt16Array, new_null_array,
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;
use std::sync::Arc;

/// Maximum number of rows in a page that is decoded as a whole: sixteen times that of any written
/// page.
const MOST_ROWS: usize = 64 << 10;

/// Cache of a column's dictionary in one row group; filled when a page first needs it.
#[derive(Default)]
pub(crate) struct Slot {
    texts: Option<ArrayRef>,
    fixed: Option<Arc<Dictionary>>,
}

/// Which rows of a page are not null.
struct Present {
    /// Per row: whether it has a value. `None` if all rows have one.
    rows: Option<Vec<bool>>,
    /// Number of rows with a value.
    count: usize,
}

impl Present {
    fn nulls(&self) -> Option<NullBuffer> {
        self.rows.clone().map(NullBuffer::from)
    }

    /// One value per row; `none` for null rows.
    fn spread<T: Copy>(&self, values: Vec<T>, none: T) -> Vec<T> {
        let Some(rows) = &self.rows else {
            return values;
        };
        let mut values = values.into_iter();
        let each = rows.iter().map(|present| match present {
            true => values.next().unwrap_or(none),
            false => none,
        });
        each.collect()
    }
}

impl ColumnReader<'_> {
    /// All values of a page as an array of the column's type. A text column keeps its dictionary,
    /// which all pages of the row group share.
    pub(crate) fn page_array(
        &self,
        page: usize,
        slot: &mut Slot,
    ) -> Result<ArrayRef, ColumnarError> {
        let data = self.page(page)?;
        if data.rows > MOST_ROWS {
            return Err(unfit("has a page of too many rows"));
        }
        let (levels, values) = self.split(&data)?;
        let present = match levels {
            Some(levels) => present(levels, data.rows)?,
            None => Present {
                rows: None,
                count: data.rows,
            },
        };
        if present.count == 0 && data.rows > 0 {
            return Ok(new_null_array(self.data_type, data.rows));
        }
        match self.data_type {
            DataType::Dictionary(..) => self.words(data.encoding, values, &present, slot),
            DataType::FixedSizeBinary(width) => {
                let bytes = self.fixed_values(data.encoding, values, &present, slot)?;
                let width = usize::try_from(*width).unwrap_or(0);
                let bytes = spread_bytes(bytes, width, &present);
                Ok(binary(width as i32, bytes, present.nulls())?)
            }
            DataType::Timestamp(..) | DataType::Int64 => {
                if present.rows.is_some() {
                    return Err(unfit("lacks numbers"));
                }
                let mut numbers = Vec::new();
                self.numbers(page, &mut numbers)?;
                Ok(match self.data_type {
                    DataType::Int64 => Arc::new(Int64Array::from(numbers)),
                    _ => {
                        let array = TimestampNanosecondArray::from(numbers);
                        Arc::new(array.with_data_type(self.data_type.clone()))
                    }
                })
            }
            DataType::UInt8 => {
                let numbers = self.small(data.encoding, values, &present, slot)?;
                let numbers = numbers.into_iter().map(|number| number as u8).collect();
                let numbers: Vec<u8> = present.spread(numbers, 0);
                Ok(Arc::new(UInt8Array::try_new(
                    numbers.into(),
                    present.nulls(),
                )?))
            }
            DataType::UInt16 => {
                let numbers = self.small(data.encoding, values, &present, slot)?;
                let numbers = numbers.into_iter().map(|number| number as u16).collect();
                let numbers: Vec<u16> = present.spread(numbers, 0);
                Ok(Arc::new(UInt16Array::try_new(
                    numbers.into(),
                    present.nulls(),
                )?))
            }
            DataType::Boolean if data.encoding == PageEncoding::Plain => {
                let bit = |at: usize| values.get(at / 8).map(|byte| byte >> (at % 8) & 1 > 0);
                let truths: Option<Vec<bool>> = (0..present.count).map(bit).collect();
                let truths = truths.ok_or_else(|| unfit("is cut short"))?;
                let truths = present.spread(truths, false);
                Ok(Arc::new(BooleanArray::new(truths.into(), present.nulls())))
            }
            other => Err(unfit(&format!("is of {other}"))),
        }
    }

    fn words(
        &self,
        encoding: PageEncoding,
        values: &[u8],
        present: &Present,
        slot: &mut Slot,
    ) -> Result<ArrayRef, ColumnarError> {
        let (keys, texts): (Vec<i32>, ArrayRef) = match encoding {
            PageEncoding::Dictionary => {
                let texts = match &slot.texts {
                    Some(texts) => texts.clone(),
                    None => {
                        let texts = texts_of(&*self.page_dictionary()?)?;
                        slot.texts.insert(texts).clone()
                    }
                };
                let keys = positions(values, present.count)?;
                (keys.into_iter().map(u32::cast_signed).collect(), texts)
            }
            PageEncoding::Plain => {
                let (mut rest, mut offsets, mut bytes) = (values, vec![0], Vec::new());
                for _ in 0..present.count {
                    let (text, behind) = split_text(rest).ok_or_else(|| unfit("is cut short"))?;
                    rest = behind;
                    bytes.extend_from_slice(text);
                    offsets.push(bytes.len() as i32);
                }
                ((0..present.count as i32).collect(), texts(offsets, bytes)?)
            }
            PageEncoding::Split => return Err(unfit("has numbers for texts")),
        };
        let keys = present.spread(keys, 0);
        Ok(dictionary_array(keys.into(), present.nulls(), texts)?)
    }

    /// The concatenated values of a column of fixed-length byte strings.
    fn fixed_values(
        &self,
        encoding: PageEncoding,
        values: &[u8],
        present: &Present,
        slot: &mut Slot,
    ) -> Result<Vec<u8>, ColumnarError> {
        let width = usize::try_from(self.chunk.column_descr().type_length()).unwrap_or(0);
        if encoding == PageEncoding::Plain {
            let bytes = values.get(..present.count * width);
            return Ok(bytes.ok_or_else(|| unfit("is cut short"))?.to_vec());
        }
        let dictionary = self.kept_dictionary(slot)?;
        let mut bytes = Vec::with_capacity(present.count * width);
        for position in positions(values, present.count)? {
            let value = dictionary.get(position as usize);
            bytes.extend_from_slice(value.ok_or_else(|| unfit("points outside its dictionary"))?);
        }
        Ok(bytes)
    }

    /// The values of a column of small integers.
    fn small(
        &self,
        encoding: PageEncoding,
        values: &[u8],
        present: &Present,
        slot: &mut Slot,
    ) -> Result<Vec<u32>, ColumnarError> {
        let number = |bytes: &[u8]| {
            let four = bytes.first_chunk();
            four.map(|four| u32::from_le_bytes(*four))
                .ok_or_else(|| unfit("is cut short"))
        };
        if encoding == PageEncoding::Plain {
            let each = values.chunks(4).take(present.count).map(number);
            let numbers = each.collect::<Result<Vec<_>, _>>()?;
            return match numbers.len() == present.count {
                true => Ok(numbers),
                false => Err(unfit("is cut short")),
            };
        }
        let dictionary = self.kept_dictionary(slot)?;
        let known = dictionary.iter().map(number);
        let known = known.collect::<Result<Vec<_>, _>>()?;
        let numbers = positions(values, present.count)?;
        let numbers = numbers
            .into_iter()
            .map(|at| known.get(at as usize).copied());
        numbers
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| unfit("points outside its dictionary"))
    }

    fn kept_dictionary(&self, slot: &mut Slot) -> Result<Arc<Dictionary>, ColumnarError> {
        if let Some(known) = &slot.fixed {
            return Ok(known.clone());
        }
        let read = self.page_dictionary()?;
        Ok(slot.fixed.insert(read).clone())
    }

    fn page_dictionary(&self) -> Result<Arc<Dictionary>, ColumnarError> {
        let dictionary = self.dictionary()?;
        dictionary.ok_or_else(|| unfit("has no dictionary"))
    }
}

fn present(levels: &[u8], rows: usize) -> Result<Present, ColumnarError> {
    let unreadable = || unfit("has levels that cannot be read");
    let count = hybrid::count(levels, rows).ok_or_else(unreadable)?;
    if count >= rows {
        return Ok(Present {
            rows: None,
            count: rows,
        });
    }
    let mut present = vec![false; rows];
    hybrid::find(
        levels,
        1,
        rows,
        |level| level > 0,
        |row, _| present[row] = true,
    )
    .ok_or_else(unreadable)?;
    Ok(Present {
        rows: Some(present),
        count,
    })
}

/// Decodes `count` dictionary positions, which follow a byte with their bit width.
fn positions(values: &[u8], count: usize) -> Result<Vec<u32>, ColumnarError> {
    let unreadable = || unfit("has positions that cannot be read");
    let (width, bits) = values.split_first().ok_or_else(unreadable)?;
    let mut positions = Vec::with_capacity(count);
    hybrid::find(bits, *width, count, |_| true, |_, at| positions.push(at))
        .ok_or_else(unreadable)?;
    Ok(positions)
}

fn texts_of(dictionary: &Dictionary) -> Result<ArrayRef, ColumnarError> {
    let (mut offsets, mut bytes) = (Vec::with_capacity(dictionary.len() + 1), Vec::new());
    offsets.push(0);
    for text in dictionary.iter() {
        bytes.extend_from_slice(text);
        offsets.push(bytes.len() as i32);
    }
    texts(offsets, bytes)
}

fn texts(offsets: Vec<i32>, bytes: Vec<u8>) -> Result<ArrayRef, ColumnarError> {
    if i32::try_from(bytes.len()).is_err() {
        return Err(unfit("has too much text in a page"));
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    // This validates UTF-8, so other bytes are an error.
    Ok(Arc::new(StringArray::try_new(
        offsets,
        Buffer::from_vec(bytes),
        None,
    )?))
}

fn spread_bytes(values: Vec<u8>, width: usize, present: &Present) -> Vec<u8> {
    let Some(rows) = &present.rows else {
        return values;
    };
    let mut spread = vec![0; rows.len() * width];
    let places = spread.chunks_exact_mut(width.max(1)).zip(rows);
    let places = places
        .filter(|(_, present)| **present)
        .map(|(place, _)| place);
    for (place, value) in places.zip(values.chunks_exact(width.max(1))) {
        place.copy_from_slice(value);
    }
    spread
}
