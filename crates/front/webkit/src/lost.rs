//! The notice above a page that misses damaged data, with the times in which data is missing.

use crate::{format::ClockStyle, page::Page};
use fluent_bundle::FluentValue;
use hinomi_model::{TimeRange, UnixNanos};

/// Most stretches of time that are listed. Further ones are only counted.
const NAMED: usize = 3;

/// The notice; `None` when nothing is missing.
pub fn notice(page: &Page) -> Option<String> {
    let ranges = merged(page.lost.iter().map(|lost| lost.range));
    if ranges.is_empty() {
        return None;
    }
    let named: Vec<String> = ranges
        .iter()
        .take(NAMED)
        .map(|range| told(page, *range))
        .collect();
    let more = ranges.len().saturating_sub(NAMED);
    let words = page.words();
    let mut times = named.join("; ");
    if more > 0 {
        times.push_str("; ");
        times.push_str(&words.say_with("lost-more", &[("count", more.into())]));
    }
    Some(words.say_with("lost-notice", &[("times", FluentValue::from(times))]))
}

/// The stretches of time in order; overlapping and touching ones are merged.
pub fn merged(ranges: impl Iterator<Item = TimeRange>) -> Vec<TimeRange> {
    let mut ranges: Vec<TimeRange> = ranges.collect();
    ranges.sort_by_key(|range| (range.from, range.to));
    let mut merged: Vec<TimeRange> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.from <= last.to => last.to = last.to.max(range.to),
            _ => merged.push(range),
        }
    }
    merged
}

/// A stretch of time as text. An unknown end is left empty.
fn told(page: &Page, range: TimeRange) -> String {
    let end = |at: UnixNanos| match at.0 {
        i64::MIN | i64::MAX => String::new(),
        _ => page.when(at, ClockStyle::Date).text,
    };
    format!("{} – {}", end(range.from), end(range.to))
        .trim()
        .to_owned()
}

impl Page {
    /// The notice of the damaged data that the page misses.
    pub fn lost_notice(&self) -> Option<String> {
        notice(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;
    use hinomi_query::answer::Lost;

    fn lost(from: i64, to: i64) -> Lost {
        let at = |minute: i64| UnixNanos::from_millis(1_763_831_820_000 + minute * 60_000);
        Lost {
            table: "transactions",
            range: TimeRange::new(at(from), at(to)),
        }
    }

    #[test]
    fn a_whole_page_has_no_notice() {
        assert_eq!(notice(&Page::plain(Language::English)), None);
    }

    #[test]
    fn the_notice_names_each_stretch_once_and_counts_the_rest() {
        let mut page = Page::plain(Language::English);
        page.lost = vec![lost(10, 12), lost(0, 5), lost(5, 7), lost(0, 5)];
        let said = notice(&page).unwrap();
        let first = page.when(lost(0, 7).range.from, ClockStyle::Date).text;
        let last = page.when(lost(0, 7).range.to, ClockStyle::Date).text;
        assert!(said.contains(&format!("{first} – {last};")), "{said}");
        page.lost = (0..9).map(|n| lost(n * 10, n * 10 + 1)).collect();
        let said = notice(&page).unwrap();
        assert!(said.contains("6 more"), "{said}");
    }

    #[test]
    fn an_unknown_end_is_not_made_up() {
        let mut page = Page::plain(Language::English);
        page.lost = vec![lost(0, 1)];
        page.lost[0].range.from = UnixNanos(i64::MIN);
        let said = notice(&page).unwrap();
        assert!(!said.contains("1677") && said.contains("– 20"), "{said}");
    }

    #[test]
    fn every_language_says_it() {
        for language in Language::ALL {
            let mut page = Page::plain(language);
            page.lost = (0..9).map(|n| lost(n * 10, n * 10 + 1)).collect();
            let said = notice(&page).unwrap();
            assert!(said.contains("2025") && !said.contains("lost-"), "{said}");
        }
    }
}
