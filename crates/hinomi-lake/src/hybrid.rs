//! Parquet's hybrid of runs and packed bits, for dictionary positions and for "is there a value".

/// Values that are packed together.
const GROUP: usize = 8;

/// Bits that hold numbers below `count`.
pub(super) fn width_of(count: usize) -> u8 {
    (usize::BITS - count.saturating_sub(1).leading_zeros()) as u8
}

/// Appends `values`, each below `1 << width`.
pub(super) fn encode(out: &mut Vec<u8>, values: &[u32], width: u8) {
    let mut packed_from = 0;
    let mut at = 0;
    while at < values.len() {
        let first = values[at];
        // Looked at only where a group begins: a run may lose its first few values to the packed
        // ones before it.
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

/// Appends a run of a value that takes no bits.
pub(super) fn encode_run(out: &mut Vec<u8>, length: usize) {
    varint(out, (length as u64) << 1);
}

/// Appends packed groups; only the last may be short, and is filled with zeros.
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A reader by the format's description.
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
            prop_assert_eq!(decode(&bytes, width, values.len()), values);
        }
    }

    #[test]
    fn widths_hold_the_largest_position() {
        let widths: Vec<u8> = [0, 1, 2, 3, 4, 5, 256, 257].map(width_of).into();
        assert_eq!(widths, [0, 0, 1, 2, 2, 3, 8, 9]);
    }
}
