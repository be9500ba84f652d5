//! A verdict in words: mark, word, and a sentence where something is wrong.

use crate::{
    api::services::verdict_word,
    format::{self, Clock},
    page::Page,
};
use fluent_bundle::FluentValue;
use hinomi_query::answer::{Reason, Verdict};

/// A part of a sentence and whether it is strong.
pub(crate) type Part = (String, bool);

/// A verdict, ready to be printed.
#[derive(Debug, Clone)]
pub(crate) struct VerdictView {
    /// `bad`, `watch`, `no_data` or `ok`: the mark's class.
    pub(crate) class: &'static str,
    /// The same in the reader's language.
    pub(crate) word: String,
    /// Why; empty when there is nothing to say.
    pub(crate) sentence: Vec<Part>,
}

impl VerdictView {
    /// The verdict in the reader's language.
    pub(crate) fn new(page: &Page, verdict: &Verdict) -> Self {
        let class = verdict_word(verdict);
        let sentence = match verdict {
            Verdict::Bad(reason) | Verdict::Watch(reason) => why(page, *reason),
            Verdict::NoData {
                last_seen: Some(at),
            } => {
                let when = page.when(*at, Clock::Date);
                let text = format!("{} {}", when.text, when.zone);
                strong(page, "verdict-last-seen", &[("when", &text)])
            }
            Verdict::NoData { last_seen: None } => vec![(page.t("verdict-never-seen"), false)],
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

fn why(page: &Page, reason: Reason) -> Vec<Part> {
    let (stem, share, usual) = match reason {
        Reason::Errors { share, usual } => ("verdict-errors", share, usual),
        Reason::Slow { share, usual } => ("verdict-slow", share, usual),
    };
    let share = format::percent(share).to_string();
    match usual {
        Some(usual) => {
            let usual = format::percent(usual).to_string();
            let key = format!("{stem}-usual");
            parts(
                page,
                &key,
                &[("share", &share, true), ("usual", &usual, false)],
            )
        }
        None => parts(page, stem, &[("share", &share, true)]),
    }
}

fn strong(page: &Page, key: &str, values: &[(&str, &str)]) -> Vec<Part> {
    let values: Vec<_> = values
        .iter()
        .map(|(name, value)| (*name, *value, true))
        .collect();
    parts(page, key, &values)
}

/// The words of `key`, with the values that are to be strong set apart.
pub(crate) fn parts(page: &Page, key: &str, values: &[(&str, &str, bool)]) -> Vec<Part> {
    // Two control characters mark where a strong value begins and ends; names never hold any.
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
    use crate::i18n::Language;

    fn said(verdict: &Verdict, language: Language) -> String {
        let view = VerdictView::new(&Page::sample(language), verdict);
        let text: String = view.sentence.into_iter().map(|(text, _)| text).collect();
        text.replace('\u{a0}', " ")
    }

    #[test]
    fn a_bad_service_says_what_is_wrong_and_what_is_usual() {
        let verdict = Verdict::Bad(Reason::Errors {
            share: 0.137,
            usual: Some(0.001),
        });
        assert_eq!(
            said(&verdict, Language::English),
            "Errors 13.7 %, usually 0.10 %."
        );
        let verdict = Verdict::Watch(Reason::Slow {
            share: 0.19,
            usual: None,
        });
        assert_eq!(said(&verdict, Language::English), "19 % are slow.");
    }

    #[test]
    fn the_number_that_matters_is_strong() {
        let page = Page::sample(Language::English);
        let verdict = Verdict::Bad(Reason::Errors {
            share: 0.5,
            usual: None,
        });
        let strong: Vec<_> = VerdictView::new(&page, &verdict)
            .sentence
            .into_iter()
            .filter(|part| part.1)
            .collect();
        assert_eq!(strong, [("50\u{a0}%".to_owned(), true)]);
    }
}
