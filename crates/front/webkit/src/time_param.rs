//! Instants in URLs and API calls: RFC 3339, Unix milliseconds, `now`, `now-15m`; on pages also a
//! local date and time without a zone.

use hinomi_model::{TimeRange, UnixNanos};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use std::time::Duration;

/// The instant that `text` stands for. Dates without a zone are read in `zone`.
pub fn instant(text: &str, now: UnixNanos, zone: Option<&TimeZone>) -> Option<UnixNanos> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix("now") {
        return relative(rest, now);
    }
    if let Some(since_epoch) = millis(text) {
        return i64::try_from(since_epoch.as_nanos()).ok().map(UnixNanos);
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return unix_nanos(timestamp);
    }
    let civil: DateTime = text.parse().ok()?;
    unix_nanos(zone?.to_timestamp(civil).ok()?)
}

/// Whether `text` is relative to the present.
pub fn is_relative(text: &str) -> bool {
    text.trim_start().starts_with("now")
}

/// A range; `None` when it is empty.
pub fn range(from: UnixNanos, to: UnixNanos) -> Option<TimeRange> {
    (from < to).then(|| TimeRange::new(from, to))
}

/// Milliseconds written as a decimal, rounded to the nanosecond. Computed with integers: a float
/// would move an instant, and with it a column edge, by a hundred nanoseconds.
pub fn millis(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.len() + fraction.len() == 0 {
        return None;
    }
    let millis: i64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let mut places = fraction.bytes().map(|byte| i64::from(byte - b'0'));
    let nanos = (0..6).fold(0, |nanos, _| nanos * 10 + places.next().unwrap_or(0));
    let up = i64::from(places.next().unwrap_or(0) >= 5);
    let total = millis.checked_mul(1_000_000)?.checked_add(nanos + up)?;
    u64::try_from(total).ok().map(Duration::from_nanos)
}

fn relative(rest: &str, now: UnixNanos) -> Option<UnixNanos> {
    if rest.is_empty() {
        return Some(now);
    }
    let back = rest.strip_prefix('-')?;
    let unit_at = back.find(|letter: char| !letter.is_ascii_digit())?;
    let (amount, unit) = back.split_at(unit_at);
    let amount: u64 = amount.parse().ok()?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    let back = Duration::from_secs(amount.checked_mul(seconds)?);
    Some(UnixNanos(now.minus(back).0.max(0)))
}

fn unix_nanos(timestamp: Timestamp) -> Option<UnixNanos> {
    let nanos = i64::try_from(timestamp.as_nanosecond()).ok()?;
    (nanos >= 0).then_some(UnixNanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixNanos = UnixNanos::from_millis(1_700_000_000_000);

    #[test]
    fn every_form_of_an_instant_is_understood() {
        let cases = [
            ("now", Some(1_700_000_000_000)),
            ("now-15m", Some(1_699_999_100_000)),
            ("now-2d", Some(1_699_827_200_000)),
            ("1699999999123", Some(1_699_999_999_123)),
            ("2023-11-14T22:13:20Z", Some(1_700_000_000_000)),
            ("2023-11-15T07:13:20+09:00", Some(1_700_000_000_000)),
            ("2023-11-15T07:13", Some(1_699_999_980_000)),
            ("now+5m", None),
            ("now-5y", None),
            ("now-", None),
            ("", None),
            ("-5", None),
            ("yesterday", None),
            ("99999999999999999999", None),
            ("now-99999999999999d", Some(0)),
        ];
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        for (text, expected) in cases {
            let found = instant(text, NOW, Some(&tokyo)).map(UnixNanos::millis);
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_date_without_a_zone_means_nothing_to_the_api() {
        assert_eq!(instant("2023-11-15T07:13", NOW, None), None);
    }

    #[test]
    fn milliseconds_are_read_to_the_nearest_nanosecond() {
        assert_eq!(millis("1.12"), Some(Duration::from_nanos(1_120_000)));
        assert_eq!(millis("0.0000005"), Some(Duration::from_nanos(1)));
        assert_eq!(millis("0"), Some(Duration::ZERO));
        for bad in ["", "-1", "1e3", "NaN", "1.2.3", "."] {
            assert_eq!(millis(bad), None, "{bad}");
        }
    }
}
