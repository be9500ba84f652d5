//! Durations and byte counts, as people write them.
//!
//! Flags, environment variables and the file use the same notation. A number without a unit is
//! refused.

use serde::Deserialize;
use std::{fmt, str::FromStr, time::Duration};

/// Longest age, in days: a hundred years. Whoever wants to keep data for ever uses this.
const MOST_DAYS: u64 = 36_500;

/// How long data is kept: `36h`, `7d`, `2w`. From one hour to a hundred years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Age(pub Duration);

/// A number of bytes: `500MB`, `2GiB`, `1TB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct ByteCount(pub u64);

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hours = match split(text) {
            Some((number, "h")) => Some(number),
            Some((number, "d")) => number.checked_mul(24),
            Some((number, "w")) => number.checked_mul(7 * 24),
            _ => None,
        };
        match hours {
            Some(hours) if (1..=MOST_DAYS * 24).contains(&hours) => {
                Ok(Self(Duration::from_secs(hours * 3_600)))
            }
            _ => Err(format!(
                "{text:?} is not an age: write a whole number followed by h, d or w, from 1h to {MOST_DAYS}d"
            )),
        }
    }
}

impl FromStr for ByteCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unit = |unit: &str| {
            Some(match unit {
                "B" => 1,
                "MB" => 1_000_000,
                "GB" => 1_000_000_000,
                "TB" => 1_000_000_000_000,
                "MiB" => 1 << 20,
                "GiB" => 1 << 30,
                "TiB" => 1 << 40,
                _ => return None,
            })
        };
        split(text)
            .and_then(|(number, of)| number.checked_mul(unit(of)?))
            .map(Self)
            .ok_or_else(|| {
                format!("{text:?} is not a size: write a whole number followed by MB, GB, TB, MiB, GiB or TiB")
            })
    }
}

impl TryFrom<String> for Age {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl TryFrom<String> for ByteCount {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours = self.0.as_secs() / 3_600;
        if hours.is_multiple_of(24) {
            write!(f, "{}d", hours / 24)
        } else {
            write!(f, "{hours}h")
        }
    }
}

/// The number and the unit after it.
fn split(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit())?;
    Some((text[..end].parse().ok()?, text[end..].trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read_and_nonsense_is_not() {
        let hours = |text: &str| text.parse::<Age>().map(|age| age.0.as_secs() / 3_600);
        for (text, expected) in [
            ("1h", 1),
            ("36h", 36),
            ("7d", 168),
            ("2 w", 336),
            ("36500d", 876_000),
        ] {
            assert_eq!(hours(text), Ok(expected), "{text}");
        }
        for nonsense in [
            "",
            "7",
            "d",
            "0h",
            "-1d",
            "7m",
            "36501d",
            "99999999999999999999d",
            "7dd",
            "1.5d",
            "७d",
        ] {
            assert!(hours(nonsense).is_err(), "{nonsense}");
        }
        for text in ["36h", "7d"] {
            assert_eq!(text.parse::<Age>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn sizes_are_read_and_nonsense_is_not() {
        let bytes = |text: &str| text.parse::<ByteCount>().map(|size| size.0);
        for (text, expected) in [
            ("0B", 0),
            ("500MB", 500_000_000),
            ("2GiB", 2 << 30),
            ("3 TB", 3_000_000_000_000),
        ] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for nonsense in [
            "",
            "1",
            "GB",
            "1gb",
            "1G",
            "-1GB",
            "1.5GB",
            "99999999999TiB",
        ] {
            assert!(bytes(nonsense).is_err(), "{nonsense}");
        }
    }
}
