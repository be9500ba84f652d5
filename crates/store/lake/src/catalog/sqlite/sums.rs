//! The checksum of a catalog row: CRC32C over all its other columns, in table order.
//!
//! Each value is preceded by its type and length, so that different rows never hash the same bytes.

/// Computes the checksum of one row.
pub(crate) struct RowSum(u32);

impl RowSum {
    /// Starts with the table's name, so that equal columns in two tables give different checksums.
    pub fn of(table: &str) -> Self {
        Self(crc32c::crc32c(table.as_bytes()))
    }

    pub fn number(self, value: i64) -> Self {
        self.add(1, &value.to_le_bytes())
    }

    pub fn text(self, value: &str) -> Self {
        let length = (value.len() as u64).to_le_bytes();
        self.add(2, &length).add(0, value.as_bytes())
    }

    pub fn optional_text(self, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(value),
            None => self.add(3, &[]),
        }
    }

    /// The checksum as stored in the column.
    pub fn finish(self) -> i64 {
        i64::from(self.0)
    }

    fn add(self, kind: u8, bytes: &[u8]) -> Self {
        let sum = crc32c::crc32c_append(self.0, &[kind]);
        Self(crc32c::crc32c_append(sum, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_columns_do_not_run_into_each_other() {
        let sum = |left: &str, right: &str| RowSum::of("t").text(left).text(right).finish();
        assert_ne!(sum("ab", "c"), sum("a", "bc"));
        assert_ne!(sum("", "a"), sum("a", ""));
        let text = |value| RowSum::of("t").optional_text(value).finish();
        assert_ne!(text(None), text(Some("")));
    }
}
