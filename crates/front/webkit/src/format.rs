//! Numbers, durations and times as pages show them: three significant digits, always with a unit.
//!
//! All three languages group digits by comma and use a decimal point, so one form serves all of
//! them.

use hinomi_model::UnixNanos;
use jiff::{Timestamp, tz::TimeZone};
use std::{fmt, time::Duration};

/// A number and its unit, kept separate so that a page can show the unit in a smaller font.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// The digits.
    pub number: String,
    /// The unit; empty for plain counts.
    pub unit: &'static str,
}

impl Measure {
    /// The mark for a missing value.
    pub fn none() -> Self {
        Self {
            number: "–".into(),
            unit: "",
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.number)?;
        if !self.unit.is_empty() {
            write!(f, "\u{a0}{}", self.unit)?;
        }
        Ok(())
    }
}

/// Three significant digits. From 100 on, whole numbers with grouped digits.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let size = value.abs();
    if size.fract() == 0.0 || size >= 99.95 {
        return grouped(value.round());
    }
    let decimals = if size >= 9.995 {
        1
    } else if size >= 0.01 {
        2
    } else {
        4
    };
    let text = format!("{value:.decimals$}");
    if text
        .trim_start_matches('-')
        .chars()
        .all(|digit| matches!(digit, '0' | '.'))
    {
        "0".into()
    } else {
        text
    }
}

/// A whole count with grouped digits.
pub fn count(value: u64) -> String {
    group(&value.to_string())
}

/// A duration in µs, ms or s.
pub fn duration(value: Duration) -> Measure {
    let micros = value.as_secs_f64() * 1e6;
    if micros < 999.5 {
        Measure {
            number: number(micros),
            unit: "µs",
        }
    } else if micros < 999_500.0 {
        Measure {
            number: digits3(micros / 1e3),
            unit: "ms",
        }
    } else {
        Measure {
            number: digits3(micros / 1e6),
            unit: "s",
        }
    }
}

/// A label of an axis edge: exact and as short as possible.
pub fn edge(value: Duration) -> String {
    let seconds = value.as_secs_f64();
    let (value, unit) = if seconds >= 1.0 {
        (seconds, "s")
    } else {
        (seconds * 1e3, "ms")
    };
    format!("{}\u{a0}{unit}", number(value))
}

/// A duration that may be missing.
pub fn some_duration(value: Option<Duration>) -> Measure {
    value.map_or_else(Measure::none, duration)
}

/// A duration in milliseconds without the unit, for a column whose header names it.
pub fn millis(value: Option<Duration>) -> String {
    value.map_or_else(|| "–".into(), |value| number(value.as_secs_f64() * 1e3))
}

/// Rate of events, per second.
pub fn rate(count: u64, over: Duration) -> Measure {
    let seconds = over.as_secs_f64();
    let value = if seconds > 0.0 {
        count as f64 / seconds
    } else {
        0.0
    };
    per_second(value)
}

/// A value per second.
pub fn per_second(value: f64) -> Measure {
    Measure {
        number: number(value),
        unit: "/s",
    }
}

/// The weekday of an instant: `mon` to `sun`.
pub fn weekday(at: UnixNanos, zone: &TimeZone) -> &'static str {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let Ok(timestamp) = Timestamp::from_nanosecond(i128::from(at.0)) else {
        return DAYS[0];
    };
    let day = timestamp.to_zoned(zone.clone()).weekday();
    DAYS[usize::from(day.to_monday_zero_offset().unsigned_abs()) % DAYS.len()]
}

/// A share between 0 and 1, in percent.
pub fn percent(share: f64) -> Measure {
    Measure {
        number: number(share * 100.0),
        unit: "%",
    }
}

/// `part` of `whole` as a share; 0 when `whole` is 0.
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// An instant as pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// Time in the reader's zone, without the zone's name.
    pub text: String,
    /// The zone's short name.
    pub zone: String,
    /// RFC 3339 in UTC, for `<time datetime>` and tooltips.
    pub utc: String,
}

/// How much of an instant is shown: `02:14:08`, `02:14:08.912` or with the date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockStyle {
    /// `02:14:08`
    Seconds,
    /// `02:14:08.912`
    Millis,
    /// The date, hours and minutes.
    Date,
    /// The date and `02:14:08.912`.
    DateMillis,
}

impl ClockStyle {
    /// The word in `data-clock`, by which scripts show an instant in the same style.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Millis => "millis",
            Self::Date => "date",
            Self::DateMillis => "date-millis",
        }
    }
}

/// Formats an instant in a time zone.
pub fn when(at: UnixNanos, zone: &TimeZone, clock: ClockStyle) -> When {
    let Ok(timestamp) = Timestamp::from_nanosecond(i128::from(at.0)) else {
        return When {
            text: "–".into(),
            zone: String::new(),
            utc: String::new(),
        };
    };
    let local = timestamp.to_zoned(zone.clone());
    let pattern = match clock {
        ClockStyle::Seconds => "%H:%M:%S",
        ClockStyle::Millis => "%H:%M:%S%.3f",
        ClockStyle::Date => "%Y-%m-%d %H:%M:%S",
        ClockStyle::DateMillis => "%Y-%m-%d %H:%M:%S%.3f",
    };
    When {
        text: local.strftime(pattern).to_string(),
        zone: local.strftime("%Z").to_string(),
        utc: timestamp.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
    }
}

/// A name made safe for a page: control and direction characters become `�`, and at most 200
/// characters are shown.
pub fn name(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut cleaned: String = text
        .chars()
        .take(LONGEST)
        .map(|letter| {
            if is_unprintable(letter) {
                char::REPLACEMENT_CHARACTER
            } else {
                letter
            }
        })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        cleaned.push('…');
    }
    cleaned
}

/// Whether a character affects the text around it or is invisible.
pub fn is_unprintable(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Always three digits, also for whole numbers: `3.00`.
fn digits3(value: f64) -> String {
    if value >= 99.95 {
        grouped(value.round())
    } else if value >= 9.995 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let sign = if value < 0.0 { "−" } else { "" };
    format!("{sign}{}", group(&digits))
}

fn group(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_significant_digits() {
        let cases = [
            (0.0, "0"),
            (0.004, "0.0040"),
            (0.08, "0.08"),
            (0.123, "0.12"),
            (1.0, "1"),
            (1.234, "1.23"),
            (13.66, "13.7"),
            (99.96, "100"),
            (412.3, "412"),
            (12_431.0, "12,431"),
            (f64::NAN, "–"),
        ];
        for (value, expected) in cases {
            assert_eq!(number(value), expected, "{value}");
        }
    }

    #[test]
    fn durations_choose_their_unit_by_what_is_read_easily() {
        let cases = [
            (0, "0 µs"),
            (999, "999 µs"),
            (1_000, "1.00 ms"),
            (12_400, "12.4 ms"),
            (999_400, "999 ms"),
            (999_600, "1.00 s"),
            (3_004_000, "3.00 s"),
            (172_000_000, "172 s"),
        ];
        for (micros, expected) in cases {
            let text = duration(Duration::from_micros(micros)).to_string();
            assert_eq!(text.replace('\u{a0}', " "), expected);
        }
    }

    #[test]
    fn an_instant_is_told_in_the_zone_of_the_reader_and_in_utc() {
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        let when = when(
            UnixNanos::from_millis(1_700_000_000_912),
            &zone,
            ClockStyle::Millis,
        );
        assert_eq!(when.text, "07:13:20.912");
        assert_eq!(when.zone, "JST");
        assert_eq!(when.utc, "2023-11-14T22:13:20.912Z");
    }

    #[test]
    fn names_cannot_turn_the_line_around_or_flood_it() {
        assert_eq!(name("a\u{202e}b\nc"), "a\u{fffd}b\u{fffd}c");
        assert_eq!(name(&"x".repeat(1_000_000)).chars().count(), 201);
    }
}
