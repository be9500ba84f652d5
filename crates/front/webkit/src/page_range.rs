//! The time range of a page, from its URL.

use crate::time_param;
use hinomi_model::{TimeRange, UnixNanos};
use hinomi_query::column_width;
use jiff::tz::TimeZone;
use std::time::Duration;

/// Start of the range when the URL names none.
pub const DEFAULT_FROM: &str = "now-10m";
/// End of the range when the URL names none.
pub const DEFAULT_TO: &str = "now";
/// The longest range that the live stream alone keeps up to date.
const LIVE_MAX: Duration = Duration::from_secs(10 * 60);

/// A range with the texts of the URL that it was parsed from.
#[derive(Debug, Clone, PartialEq)]
pub struct PageRange {
    /// Start as written in the URL.
    pub from: String,
    /// End as written in the URL.
    pub to: String,
    /// The range that these texts mean now. Relative ranges are moved to column edges, so that
    /// drawing, counts and lists cover the same time.
    pub range: TimeRange,
    /// Whether the range ends now.
    pub live: bool,
}

impl PageRange {
    /// Parses the range of a URL. The error is the name of the invalid parameter.
    pub fn parse(
        from: Option<&str>,
        to: Option<&str>,
        now: UnixNanos,
        zone: &TimeZone,
    ) -> Result<Self, &'static str> {
        let from = from.filter(|text| !text.is_empty()).unwrap_or(DEFAULT_FROM);
        let to = to.filter(|text| !text.is_empty()).unwrap_or(DEFAULT_TO);
        let start = time_param::instant(from, now, Some(zone)).ok_or("from")?;
        let end = time_param::instant(to, now, Some(zone)).ok_or("to")?;
        let mut range = time_param::range(start, end).ok_or("to")?;
        let live = to.trim() == "now";
        if live && time_param::is_relative(from) {
            let width = column_width(range.length());
            let columns = range.length().div_duration_f64(width).ceil().max(1.0);
            let end = UnixNanos(end.0.saturating_add(1)).ceil(width);
            range = TimeRange::new(end.minus(width.mul_f64(columns)), end);
        }
        Ok(Self {
            from: from.trim().to_owned(),
            to: to.trim().to_owned(),
            range,
            live,
        })
    }

    /// `from` for links; empty when it is the default.
    pub fn link_from(&self) -> &str {
        if self.from == DEFAULT_FROM && self.to == DEFAULT_TO {
            ""
        } else {
            &self.from
        }
    }

    /// `to` for links; empty when it is the default.
    pub fn link_to(&self) -> &str {
        if self.to == DEFAULT_TO { "" } else { &self.to }
    }

    /// Whether the live stream alone keeps the range up to date. Longer live ranges are fetched
    /// again.
    pub fn streams(&self) -> bool {
        self.live && self.range.length() <= LIVE_MAX
    }

    /// The range of the same length before this one, or after it when `ahead`.
    pub fn shifted(&self, ahead: bool, now: UnixNanos) -> (String, String) {
        let length = self.range.length();
        let (from, to) = if ahead {
            let to = self.range.to.plus(length).min(now);
            (to.minus(length), to)
        } else {
            (self.range.from.minus(length), self.range.from)
        };
        (from.millis().to_string(), to.millis().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixNanos = UnixNanos::from_millis(1_700_000_001_234);

    fn parse(from: Option<&str>, to: Option<&str>) -> Result<PageRange, &'static str> {
        PageRange::parse(from, to, NOW, &TimeZone::UTC)
    }

    #[test]
    fn by_default_the_last_ten_minutes_are_shown_live_in_whole_columns() {
        let page = parse(None, None).unwrap();
        assert!(page.live && page.streams());
        assert_eq!(page.range.to, UnixNanos::from_millis(1_700_000_005_000));
        assert_eq!(page.range.length(), Duration::from_secs(600));
        assert_eq!((page.link_from(), page.link_to()), ("", ""));
    }

    #[test]
    fn a_fixed_range_is_taken_as_it_is() {
        let page = parse(Some("1699999000000"), Some("1699999900001")).unwrap();
        assert!(!page.live);
        assert_eq!(page.range.to, UnixNanos::from_millis(1_699_999_900_001));
    }

    #[test]
    fn the_parameter_that_makes_no_sense_is_named() {
        assert_eq!(parse(Some("soon"), None), Err("from"));
        assert_eq!(parse(None, Some("later")), Err("to"));
        assert_eq!(parse(Some("now"), Some("now-5m")), Err("to"));
    }

    #[test]
    fn the_window_before_ends_where_this_one_begins() {
        let page = parse(Some("1699999000000"), Some("1699999600000")).unwrap();
        assert_eq!(
            page.shifted(false, NOW),
            ("1699998400000".into(), "1699999000000".into())
        );
        assert_eq!(
            page.shifted(true, NOW),
            ("1699999401234".into(), "1700000001234".into())
        );
    }
}
