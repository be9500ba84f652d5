//! A verdict as text: mark, word, and a sentence when something is wrong.

use fluent_bundle::FluentValue;
use hinomi_analysis::{Basis, Health, Reason, Since, Verdict};
use hinomi_api::embedded::verdict_word;
use hinomi_model::UnixNanos;
use hinomi_webkit::{
    format::{self, ClockStyle},
    i18n::Language,
    page::Page,
};
use std::time::Duration;

/// A part of a sentence, with whether it is bold.
pub(crate) type Part = (String, bool);

/// A verdict, ready to be rendered.
#[derive(Debug, Clone)]
pub(crate) struct VerdictView {
    /// `bad`, `watch`, `no_data` or `ok`: CSS class of the mark.
    pub(crate) class: &'static str,
    /// The word in the reader's language.
    pub(crate) word: String,
    /// The reason; empty when there is none.
    pub(crate) sentence: Vec<Part>,
}

impl VerdictView {
    /// The verdict on a service, in the reader's language.
    pub(crate) fn new(page: &Page, health: &Health) -> Self {
        let class = verdict_word(&health.verdict);
        let sentence = match &health.verdict {
            Verdict::Bad(reason) | Verdict::Watch(reason) => {
                let mut sentence = why(page, *reason, health);
                sentence.extend(since(page, health.since));
                sentence
            }
            Verdict::NoData {
                last_seen: Some(at),
            } => {
                let when = page.when(*at, ClockStyle::Date);
                let text = format!("{} {}", when.text, when.zone);
                strong(page, "verdict-last-seen", &[("when", &text)])
            }
            Verdict::NoData { last_seen: None } => vec![(page.t("verdict-never-seen"), false)],
            Verdict::Ok if health.few => vec![(page.t("verdict-few"), false)],
            Verdict::Ok => Vec::new(),
        };
        let word = match class {
            "bad" => page.t("verdict-bad"),
            "watch" => page.t("verdict-watch"),
            "no_data" => page.t("verdict-no-data"),
            _ => page.t("verdict-ok"),
        };
        Self {
            class,
            word,
            sentence,
        }
    }
}

fn why(page: &Page, reason: Reason, health: &Health) -> Vec<Part> {
    let over = length(page, health.over.unwrap_or_default());
    let percent = |share: f64| format::percent(share).to_string();
    let (stem, now, usual) = match reason {
        Reason::Errors { share, usual } => ("verdict-errors", percent(share), usual.map(percent)),
        Reason::Slow { share, usual } => ("verdict-slow", percent(share), usual.map(percent)),
        Reason::Slower { p95, usual } => (
            "verdict-slower",
            format::duration(p95).to_string(),
            Some(format::duration(usual).to_string()),
        ),
        Reason::Quiet { per_second, usual } => (
            "verdict-quiet",
            format::per_second(per_second).to_string(),
            Some(format::per_second(usual).to_string()),
        ),
    };
    match usual.zip(health.basis) {
        Some((usual, basis)) => {
            let key = format!("{stem}-usual");
            let when = basis_words(page, basis);
            let values = [
                ("now", now.as_str(), true),
                ("over", &over, false),
                ("usual", &usual, false),
                ("when", &when, false),
            ];
            parts(page, &key, &values)
        }
        None => parts(page, stem, &[("now", &now, true), ("over", &over, false)]),
    }
}

/// The basis in words: "on Sundays at this hour", "at this hour", "in the hour before".
fn basis_words(page: &Page, basis: Basis) -> String {
    match basis {
        Basis::HourOfWeek { .. } => {
            let day = page.weekday(end(page));
            page.t1("verdict-hour-of-week", "day", day)
        }
        Basis::HourOfDay { .. } => page.t("verdict-hour-of-day"),
        Basis::HourBefore => page.t("verdict-hour-before"),
    }
}

/// The instant that a verdict is about: the end of the range, but not after the present.
fn end(page: &Page) -> UnixNanos {
    let range = page.range.as_ref();
    range.map_or(page.now, |range| range.range.to.min(page.now))
}

/// The sentence "Ongoing for 3 min.", counted to the end of the range.
fn since(page: &Page, since: Option<Since>) -> Vec<Part> {
    let Some(since) = since else {
        return Vec::new();
    };
    let to = end(page);
    let length = to.since(since.at).max(Duration::from_secs(60));
    let key = if since.or_before {
        "verdict-since-before"
    } else {
        "verdict-since"
    };
    let length = self::length(page, length);
    // Japanese has no space between sentences.
    let between = match page.words().language() {
        Language::Japanese => "",
        _ => " ",
    };
    let mut words = vec![(between.to_owned(), false)];
    words.extend(parts(page, key, &[("length", &length, false)]));
    words
}

/// A length of time in words: seconds below a minute, hours from two on.
pub(super) fn length(page: &Page, length: Duration) -> String {
    let seconds = length.as_secs();
    let (key, count) = match seconds {
        0..60 => ("length-seconds", seconds),
        60..7_200 => ("length-minutes", seconds / 60),
        _ => ("length-hours", seconds / 3_600),
    };
    page.words().say_with(key, &[("count", count.into())])
}

fn strong(page: &Page, key: &str, values: &[(&str, &str)]) -> Vec<Part> {
    let values: Vec<_> = values
        .iter()
        .map(|(name, value)| (*name, *value, true))
        .collect();
    parts(page, key, &values)
}

/// The text of `key` in parts, with the bold values separate.
pub(crate) fn parts(page: &Page, key: &str, values: &[(&str, &str, bool)]) -> Vec<Part> {
    // Two control characters mark the start and the end of a bold value. Names never contain them.
    let marked: Vec<(&str, FluentValue<'_>)> = values
        .iter()
        .map(|(name, value, strong)| {
            let text = if *strong {
                format!("\u{2}{value}\u{3}")
            } else {
                (*value).to_owned()
            };
            (*name, FluentValue::from(text))
        })
        .collect();
    let text = page.words().say_with(key, &marked);
    let mut parts = Vec::new();
    for (index, piece) in text.split(['\u{2}', '\u{3}']).enumerate() {
        if !piece.is_empty() {
            parts.push((piece.to_owned(), index % 2 == 1));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use hinomi_webkit::i18n::Language;

    fn said(verdict: Verdict, language: Language) -> String {
        said_of(&sample::health(verdict), language)
    }

    fn said_of(health: &Health, language: Language) -> String {
        let mut page = crate::sample::page(language);
        page.now = sample::RANGE.to;
        let view = VerdictView::new(&page, health);
        let text: String = view.sentence.into_iter().map(|(text, _)| text).collect();
        text.replace('\u{a0}', " ")
    }

    #[test]
    fn a_bad_service_says_what_is_wrong_what_is_usual_and_since_when() {
        let verdict = Verdict::Bad(Reason::Errors {
            share: 0.137,
            usual: Some(0.001),
        });
        assert_eq!(
            said(verdict, Language::English),
            "Error rate 13.7 % (last 5 min), usually 0.10 % on Sundays at this hour. \
             Ongoing for 3 min."
        );
        let health = Health {
            basis: None,
            since: Some(Since {
                at: sample::RANGE.to.minus(Duration::from_secs(7_300)),
                or_before: true,
            }),
            ..sample::health(Verdict::Watch(Reason::Slow {
                share: 0.19,
                usual: None,
            }))
        };
        assert_eq!(
            said_of(&health, Language::English),
            "19 % of transactions are slow (last 5 min). Ongoing for at least 2 h."
        );
    }

    #[test]
    fn what_is_still_to_come_of_the_range_is_no_time_that_it_lasts() {
        let mut page = crate::sample::page(Language::English);
        page.now = sample::RANGE.to.minus(Duration::from_secs(600));
        let health = Health {
            since: Some(Since {
                at: page.now.minus(Duration::from_secs(200)),
                or_before: false,
            }),
            ..sample::health(Verdict::Watch(Reason::Slow {
                share: 0.19,
                usual: None,
            }))
        };
        let view = VerdictView::new(&page, &health);
        let (last, _) = view.sentence.last().unwrap();
        assert_eq!(last.replace('\u{a0}', " "), "Ongoing for 3 min.");
    }

    #[test]
    fn every_reason_has_words_in_every_language() {
        let second = Duration::from_secs(1);
        for reason in [
            Reason::Errors {
                share: 0.1,
                usual: Some(0.01),
            },
            Reason::Slow {
                share: 0.1,
                usual: Some(0.01),
            },
            Reason::Slower {
                p95: second * 2,
                usual: second,
            },
            Reason::Quiet {
                per_second: 1.0,
                usual: 20.0,
            },
        ] {
            for language in Language::ALL {
                let text = said(Verdict::Watch(reason), language);
                assert!(!text.contains("verdict-") && !text.contains('{'), "{text}");
                assert!(text.chars().count() > 10, "{text}");
            }
        }
        let few = Health {
            few: true,
            ..sample::health(Verdict::Ok)
        };
        assert!(said_of(&few, Language::English).starts_with("Too few"));
    }

    #[test]
    fn the_number_that_matters_is_strong() {
        let page = crate::sample::page(Language::English);
        let verdict = Verdict::Bad(Reason::Errors {
            share: 0.5,
            usual: None,
        });
        let strong: Vec<_> = VerdictView::new(&page, &sample::health(verdict))
            .sentence
            .into_iter()
            .filter(|part| part.1)
            .collect();
        assert_eq!(strong, [("50\u{a0}%".to_owned(), true)]);
    }
}
