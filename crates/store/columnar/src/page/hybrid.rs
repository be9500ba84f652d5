//! Parquet's RLE/bit-packing hybrid encoding, used for dictionary positions and definition levels.

/// Number of values that are packed together.
const GROUP: usize = 8;

/// Number of bits that hold all numbers below `count`.
pub(crate) fn width_of(count: usize) -> u8 {
    (usize::BITS - count.saturating_sub(1).leading_zeros()) as u8
}

/// Appends `values`, each of which must be below `1 << width`.
pub(crate) fn encode(out: &mut Vec<u8>, values: &[u32], width: u8) {
    let mut packed_from = 0;
    let mut at = 0;
    while at < values.len() {
        let first = values[at];
        // A run is only looked for at the start of a group. So a run can lose its first few values
        // to the packed group before it.
        let run = values[at..]
            .iter()
            .take_while(|value| **value == first)
            .count();
        if run >= GROUP {
            pack(out, &values[packed_from..at], width);
            varint(out, (run as u64) << 1);
            let bytes = first.to_le_bytes();
            out.extend_from_slice(&bytes[..usize::from(width).div_ceil(8)]);
            at += run;
            packed_from = at;
        } else {
            at = (at + GROUP).min(values.len());
        }
    }
    pack(out, &values[packed_from..], width);
}

/// Appends a run of zeros with bit width 0.
pub(crate) fn encode_run(out: &mut Vec<u8>, length: usize) {
    varint(out, (length as u64) << 1);
}

/// Appends packed groups. Only the last one may be incomplete; it is padded with zeros.
fn pack(out: &mut Vec<u8>, values: &[u32], width: u8) {
    if values.is_empty() {
        return;
    }
    let groups = values.len().div_ceil(GROUP);
    varint(out, (groups as u64) << 1 | 1);
    let width = u32::from(width);
    let (mut bits, mut filled) = (0_u64, 0);
    for value in values {
        bits |= u64::from(*value) << filled;
        filled += width;
        if filled >= 32 {
            out.extend_from_slice(&(bits as u32).to_le_bytes());
            bits >>= 32;
            filled -= 32;
        }
    }
    let mut left = (groups * GROUP - values.len()) as u32 * width + filled;
    while left > 0 {
        out.push(bits as u8);
        bits >>= 8;
        left = left.saturating_sub(8);
    }
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A run of equal values, or bit-packed groups.
enum Run<'a> {
    Equal(u32, usize),
    Packed(&'a [u8], usize),
}

/// Iterates over the runs in `bytes`; returns `None` at the end and where they cannot be decoded.
struct Runs<'a> {
    rest: &'a [u8],
    width: usize,
}

impl<'a> Runs<'a> {
    #[inline]
    fn next(&mut self) -> Option<Run<'a>> {
        let header = read_varint(&mut self.rest)?;
        let count = usize::try_from(header >> 1).ok()?;
        if header & 1 == 0 {
            let (value, rest) = self.rest.split_at_checked(self.width.div_ceil(8))?;
            self.rest = rest;
            let bytes = value.iter().rev();
            let value = bytes.fold(0, |value, byte| value << 8 | u32::from(*byte));
            return Some(Run::Equal(value, count));
        }
        // The last group may be shorter than its header says.
        let length = count.checked_mul(self.width)?.min(self.rest.len());
        let (packed, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(Run::Packed(packed, count.checked_mul(GROUP)?))
    }
}

/// One bit-packed value; bits beyond the end are zero.
#[inline]
fn packed(bytes: &[u8], width: usize, at: usize) -> u32 {
    let bit = at * width;
    let from = (bit / 8).min(bytes.len());
    let behind = &bytes[from..];
    let eight = behind.first_chunk().copied().unwrap_or_else(|| {
        let mut eight = [0; 8];
        eight[..behind.len()].copy_from_slice(behind);
        eight
    });
    let mask = (1_u64 << width) - 1;
    (u64::from_le_bytes(eight) >> (bit % 8) & mask) as u32
}

/// Calls `each` with the index and value of each of the first `count` values that `wanted` accepts.
/// `None` if the values cannot be decoded.
pub(crate) fn find(
    bytes: &[u8],
    width: u8,
    count: usize,
    wanted: impl Fn(u32) -> bool,
    mut each: impl FnMut(usize, u32),
) -> Option<()> {
    let width = usize::from(width);
    if width > 32 {
        return None;
    }
    let mut runs = Runs { rest: bytes, width };
    let mut at = 0;
    while at < count {
        match runs.next()? {
            Run::Equal(value, length) => {
                let end = count.min(at.checked_add(length)?);
                if wanted(value) {
                    (at..end).for_each(|at| each(at, value));
                }
                at = end;
            }
            Run::Packed(bits, length) => {
                let end = count.min(at.checked_add(length)?);
                let mut place = 0;
                // Fast path: with at most 8 bits per value, a group fits into one 64-bit word.
                while width <= 8
                    && at + place + GROUP <= end
                    && let Some(word) = bits.get(place / GROUP * width..)
                    && let Some(word) = word.first_chunk()
                {
                    let word = u64::from_le_bytes(*word);
                    for inside in 0..GROUP {
                        let value = (word >> (inside * width) & ((1 << width) - 1)) as u32;
                        if wanted(value) {
                            each(at + place + inside, value);
                        }
                    }
                    place += GROUP;
                }
                for place in place..end - at {
                    let value = packed(bits, width, place);
                    if wanted(value) {
                        each(at + place, value);
                    }
                }
                at = end;
            }
        }
    }
    Some(())
}

/// How many of `rows` rows have a value, according to one-bit definition levels. `None` if the
/// levels cannot be decoded.
pub(crate) fn count(levels: &[u8], rows: usize) -> Option<usize> {
    let mut runs = Runs {
        rest: levels,
        width: 1,
    };
    let (mut at, mut values) = (0, 0);
    while at < rows {
        let run = runs.next()?;
        let (Run::Equal(_, length) | Run::Packed(_, length)) = run;
        let length = length.min(rows - at);
        values += match run {
            Run::Equal(value, _) => value as usize * length,
            Run::Packed(bits, _) => ones(bits, 0, length),
        };
        at += length;
    }
    Some(values)
}

/// Calls `each` with the values at the given indexes, which must be ascending and in range. `None`
/// if the values cannot be decoded.
pub(crate) fn pick(
    bytes: &[u8],
    width: u8,
    places: impl Iterator<Item = usize>,
    mut each: impl FnMut(u32),
) -> Option<()> {
    let width = usize::from(width);
    if width > 32 {
        return None;
    }
    let mut runs = Runs { rest: bytes, width };
    let (mut begin, mut end, mut run) = (0, 0, Run::Equal(0, 0));
    for place in places {
        while place >= end {
            run = runs.next()?;
            let (Run::Equal(_, length) | Run::Packed(_, length)) = run;
            (begin, end) = (end, end.checked_add(length)?);
        }
        each(match run {
            Run::Equal(value, _) => value,
            Run::Packed(bits, _) => packed(bits, width, place - begin),
        });
    }
    Some(())
}

/// Number of set bits in a range; bits beyond the end count as zero.
fn ones(bits: &[u8], from: usize, to: usize) -> usize {
    let edge = from.next_multiple_of(8).min(to);
    let single = (from..edge).map(|at| packed(bits, 1, at) as usize);
    let whole = bits.get(edge / 8..to / 8).unwrap_or_default();
    let whole = whole.iter().map(|byte| byte.count_ones() as usize);
    let last = (edge.max(to / 8 * 8)..to).map(|at| packed(bits, 1, at) as usize);
    single.chain(whole).chain(last).sum()
}

/// For each of the rows, which must be ascending: `None` if it is null, otherwise the number of
/// values before it. Uses one-bit definition levels. `None` overall if the levels cannot be
/// decoded.
pub(crate) fn ranks(bytes: &[u8], rows: &[usize]) -> Option<Vec<Option<usize>>> {
    let mut runs = Runs {
        rest: bytes,
        width: 1,
    };
    let mut ranks = Vec::with_capacity(rows.len());
    // `before` counts the values before `at`; the current run covers `begin` to `end`.
    let (mut begin, mut end, mut run) = (0, 0, Run::Equal(0, 0));
    let (mut before, mut at) = (0, 0);
    for row in rows {
        while *row >= end {
            before += match run {
                Run::Equal(value, _) => value as usize * (end - at),
                Run::Packed(bits, _) => ones(bits, at - begin, end - begin),
            };
            run = runs.next()?;
            let (Run::Equal(_, length) | Run::Packed(_, length)) = run;
            (begin, end) = (end, end.checked_add(length)?);
            at = begin;
        }
        let has = match run {
            Run::Equal(value, _) => {
                before += value as usize * (*row - at);
                value > 0
            }
            Run::Packed(bits, _) => {
                before += ones(bits, at - begin, *row - begin);
                packed(bits, 1, *row - begin) > 0
            }
        };
        at = *row;
        ranks.push(has.then_some(before));
    }
    Some(ranks)
}

#[inline]
fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A reference decoder, written from the format's specification.
    fn decode(mut bytes: &[u8], width: u8, count: usize) -> Vec<u32> {
        let mut values = Vec::new();
        while values.len() < count {
            let (mut header, mut shift) = (0_u64, 0);
            loop {
                let byte = bytes[0];
                bytes = &bytes[1..];
                header |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte < 0x80 {
                    break;
                }
            }
            if header & 1 == 0 {
                let length = usize::from(width).div_ceil(8);
                let mut value = [0; 4];
                value[..length].copy_from_slice(&bytes[..length]);
                bytes = &bytes[length..];
                values.extend(std::iter::repeat_n(
                    u32::from_le_bytes(value),
                    (header >> 1) as usize,
                ));
            } else {
                let groups = (header >> 1) as usize;
                for at in 0..groups * GROUP {
                    let value = (0..usize::from(width)).fold(0, |value, bit| {
                        let place = at * usize::from(width) + bit;
                        value | u32::from(bytes[place / 8] >> (place % 8) & 1) << bit
                    });
                    values.push(value);
                }
                bytes = &bytes[groups * usize::from(width)..];
            }
        }
        values.truncate(count);
        assert!(bytes.is_empty());
        values
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            runs in prop::collection::vec((any::<u32>(), 1..40_usize), 0..60),
            width in 1..=32_u8,
        ) {
            let mask = if width == 32 { u32::MAX } else { (1 << width) - 1 };
            let values: Vec<u32> = runs
                .into_iter()
                .flat_map(|(value, times)| std::iter::repeat_n(value & mask, times))
                .collect();
            let mut bytes = Vec::new();
            encode(&mut bytes, &values, width);
            prop_assert_eq!(&decode(&bytes, width, values.len()), &values);

            let mut found = Vec::new();
            find(&bytes, width, values.len(), |value| value % 3 == 1, |at, value| {
                found.push((at, value));
            })
            .unwrap();
            let wanted = values.iter().copied().enumerate();
            prop_assert_eq!(found, wanted.filter(|(_, value)| value % 3 == 1).collect::<Vec<_>>());
            let (places, mut picked) = ((0..values.len()).step_by(5), Vec::new());
            pick(&bytes, width, places.clone(), |value| picked.push(value)).unwrap();
            prop_assert_eq!(picked, places.map(|at| values[at]).collect::<Vec<_>>());
        }

        #[test]
        fn ranks_count_the_values_before(
            runs in prop::collection::vec((0..2_u32, 1..40_usize), 1..60),
            step in 1..50_usize,
        ) {
            let levels: Vec<u32> = runs
                .into_iter()
                .flat_map(|(level, times)| std::iter::repeat_n(level, times))
                .collect();
            let mut bytes = Vec::new();
            encode(&mut bytes, &levels, 1);
            let rows: Vec<usize> = (0..levels.len()).step_by(step).collect();
            let wanted = rows.iter().map(|row| {
                let before = levels[..*row].iter().sum::<u32>() as usize;
                (levels[*row] == 1).then_some(before)
            });
            prop_assert_eq!(ranks(&bytes, &rows).unwrap(), wanted.collect::<Vec<_>>());
            let values = levels.iter().sum::<u32>() as usize;
            prop_assert_eq!(count(&bytes, levels.len()).unwrap(), values);
        }

        #[test]
        fn bytes_that_are_no_runs_are_no_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            width in any::<u8>(),
        ) {
            let _ = find(&bytes, width, 100, |_| true, |_, _| {});
            let _ = pick(&bytes, width, 0..100, |_| {});
            let _ = ranks(&bytes, &(0..100).collect::<Vec<_>>());
            let _ = count(&bytes, 100);
        }
    }

    #[test]
    fn widths_hold_the_largest_position() {
        let widths: Vec<u8> = [0, 1, 2, 3, 4, 5, 256, 257].map(width_of).into();
        assert_eq!(widths, [0, 0, 1, 2, 2, 3, 8, 9]);
    }
}
