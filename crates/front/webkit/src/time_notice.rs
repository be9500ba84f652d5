//! The notice on every page while clocks disagree, or while the age of data is not confirmed.

use crate::{format::ClockStyle, page::Page};
use hinomi_model::UnixNanos;

/// The notice; `None` when all is well.
pub fn notice(page: &Page) -> Option<String> {
    let time = &page.time;
    let words = page.words();
    if time.is_apart {
        let machine = page.when(UnixNanos(time.wall), ClockStyle::Date).text;
        let ours = page.when(UnixNanos(time.now), ClockStyle::Date).text;
        let values = [("machine", machine.into()), ("ours", ours.into())];
        return Some(words.say_with("time-apart", &values));
    }
    if time.is_held {
        let days = time.held.as_secs() / (24 * 3_600);
        return Some(words.say_with("time-held", &[("days", days.into())]));
    }
    None
}

impl Page {
    /// The notice that clocks disagree, or that nothing is deleted by age for now.
    pub fn time_notice(&self) -> Option<String> {
        notice(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;
    use std::time::Duration;

    #[test]
    fn clocks_that_disagree_are_told_with_both_times_in_every_language() {
        for language in Language::ALL {
            let mut page = Page::plain(language);
            assert_eq!(notice(&page), None);
            page.time.is_apart = true;
            page.time.now = page.now.0;
            page.time.wall = page.now.0 + 3_650 * 86_400 * 1_000_000_000;
            let said = notice(&page).unwrap();
            assert!(said.contains("2025") && said.contains("2035"), "{said}");
            assert!(said.contains("--accept-clock"), "{said}");
        }
    }

    #[test]
    fn ages_that_nobody_confirmed_are_told_in_days_in_every_language() {
        for language in Language::ALL {
            let mut page = Page::plain(language);
            page.time.is_held = true;
            page.time.held = Duration::from_secs(8 * 86_400);
            let said = notice(&page).unwrap();
            assert!(said.contains('8') && !said.contains("time-held"), "{said}");
        }
    }
}
