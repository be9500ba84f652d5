//! The time range picker of the top bar.

use crate::{
    format::ClockStyle,
    page::Page,
    page_range::{DEFAULT_FROM, DEFAULT_TO, PageRange},
};
use std::time::Duration;

/// The ranges that are one click away.
const PRESETS: [&str; 12] = [
    "5m", "10m", "15m", "30m", "1h", "3h", "6h", "12h", "24h", "2d", "7d", "30d",
];

/// The picker, ready to be rendered.
#[derive(Debug)]
pub struct Picker {
    /// The range, or the preset, as text.
    pub label: String,
    /// The ranges that are one click away.
    pub presets: Vec<Preset>,
    /// Link to the range before this one.
    pub previous: String,
    /// Link to the range after this one; `None` when it would end in the future.
    pub next: Option<String>,
    /// Link to the same length of time that ends now.
    pub now: String,
    /// Start, as the form shows it.
    pub from: String,
    /// End, as the form shows it.
    pub to: String,
    /// Parameters that the form keeps.
    pub kept: Vec<(String, String)>,
    /// Whether the page updates itself.
    pub live: bool,
    /// Link that reloads the page. Set when the range is live but the page does not update itself.
    pub again: Option<String>,
}

/// A range that is one click away.
#[derive(Debug)]
pub struct Preset {
    /// The range, or the preset, as text.
    pub label: String,
    /// Link to the range.
    pub href: String,
    /// Whether the page has this range.
    pub current: bool,
}

impl Picker {
    /// The picker of a page with this range.
    pub fn new(page: &Page, range: &PageRange) -> Self {
        let to_range = |from: &str, to: &str| {
            let from = if from == DEFAULT_FROM && to == DEFAULT_TO {
                ""
            } else {
                from
            };
            let to = if to == DEFAULT_TO { "" } else { to };
            page.this_with(&[("from", from), ("to", to), ("sel", ""), ("cursor", "")])
        };
        let presets = PRESETS
            .into_iter()
            .map(|length| {
                let from = format!("now-{length}");
                Preset {
                    label: last(page, length),
                    href: to_range(&from, DEFAULT_TO),
                    current: range.live && range.from == from,
                }
            })
            .collect();
        let (from, to) = range.shifted(false, page.now);
        let previous = to_range(&from, &to);
        let next = (!range.live && range.range.to < page.now).then(|| {
            let (from, to) = range.shifted(true, page.now);
            to_range(&from, &to)
        });
        let kept = page.query.iter().filter(|(name, value)| {
            !matches!(name.as_str(), "from" | "to" | "sel" | "cursor" | "lang") && !value.is_empty()
        });
        Self {
            label: label(page, range),
            presets,
            previous,
            next,
            now: to_range(DEFAULT_FROM, DEFAULT_TO),
            from: shown(page, &range.from, range.range.from),
            to: shown(page, &range.to, range.range.to),
            kept: kept.cloned().collect(),
            live: range.live && page.follows,
            again: (range.live && !page.follows)
                .then(|| page.this_with(&[("cursor", ""), ("n", "")])),
        }
    }
}

fn label(page: &Page, range: &PageRange) -> String {
    if let (true, Some(length)) = (range.live, range.from.strip_prefix("now-")) {
        return last(page, length);
    }
    let day = |at| {
        page.when(at, ClockStyle::Date)
            .text
            .get(..10)
            .unwrap_or_default()
            .to_owned()
    };
    let from = page.when(range.range.from, ClockStyle::Date).text;
    let to = page.when(range.range.to, ClockStyle::Date).text;
    let one_day = day(range.range.from) == day(range.range.to);
    let today = day(range.range.to) == day(page.now);
    let short = range.range.length() < Duration::from_secs(86_400);
    match (one_day, today && short) {
        (true, true) => format!("{}–{}", &from[11..], &to[11..]),
        (true, false) => format!("{from}–{}", &to[11..]),
        (false, _) => format!("{from} – {to}"),
    }
}

/// The label of a preset, such as "Last 10 min".
fn last(page: &Page, length: &str) -> String {
    let split = length
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(length.len());
    let (amount, unit) = length.split_at(split);
    match unit {
        "s" => page.t1("range-last-seconds", "count", amount),
        "m" => page.t1("range-last-minutes", "count", amount),
        "h" => page.t1("range-last-hours", "count", amount),
        "d" => page.t1("range-last-days", "count", amount),
        _ => page.t1("range-last-weeks", "count", amount),
    }
}

/// The text in the form: relative times as written, others as local time.
fn shown(page: &Page, text: &str, at: hinomi_model::UnixNanos) -> String {
    if crate::time_param::is_relative(text) {
        text.to_owned()
    } else {
        page.when(at, ClockStyle::Date).text
    }
}

impl Page {
    /// The time range picker, on pages with a range.
    pub fn picker(&self) -> Option<Picker> {
        let range = self.range.as_ref();
        range.map(|range| Picker::new(self, range))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;

    fn picker(from: Option<&str>, to: Option<&str>) -> Picker {
        let page = Page::plain(Language::English);
        let range = PageRange::parse(from, to, page.now, &page.zone).unwrap();
        Picker::new(&page, &range)
    }

    #[test]
    fn a_live_range_is_called_by_its_length_and_has_no_window_after_it() {
        let picker = picker(None, None);
        assert_eq!(picker.label, "Last 10 min");
        assert!(picker.live && picker.next.is_none());
        let current: Vec<_> = picker
            .presets
            .iter()
            .filter(|preset| preset.current)
            .collect();
        assert_eq!(current.len(), 1);
        assert_eq!(current[0].href, "/");
    }

    #[test]
    fn a_fixed_range_of_today_is_called_by_its_times() {
        let picker = picker(Some("1763830800000"), Some("1763831400000"));
        assert_eq!(picker.label, "02:00:00–02:10:00");
        assert!(picker.next.is_some());
        assert_eq!(picker.from, "2025-11-23 02:00:00");
    }
}
