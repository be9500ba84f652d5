//! Help for panels: a button, and a text that says what the numbers count and over what.
//!
//! `{{ page.help("rate")|safe }}` renders the button. At its end, the layout renders the text of
//! each button on the page, once. Both work without a script.

use crate::{page::Page, pattern};
use askama::Template;
use std::sync::PoisonError;

/// The help text of one panel.
struct Topic {
    name: &'static str,
    /// Catalogue key of the title.
    title: &'static str,
    /// Catalogue key of the text that says what all its numbers are counted over.
    over: &'static str,
    /// For each number: the catalogue keys of its name and of what it counts.
    terms: &'static [(&'static str, &'static str)],
    /// Whether the text lists the named patterns of a hitmap.
    patterns: bool,
}

const QUANTILES: (&str, &str) = ("help-quantiles", "help-quantiles-text");
const ERRORS: (&str, &str) = ("errors", "help-errors-text");
const RATE: (&str, &str) = ("rate", "help-rate-text");

const TOPICS: [Topic; 18] = [
    Topic {
        name: "board",
        title: "board-title",
        over: "help-over-board",
        terms: &[
            ("help-verdict", "help-verdict-text"),
            RATE,
            ("help-p95", "help-p95-text"),
            ERRORS,
        ],
        patterns: false,
    },
    Topic {
        name: "hitmap",
        title: "map-title",
        over: "help-over-hitmap",
        terms: &[
            ("nav-transactions", "help-transactions-text"),
            ("help-outcomes", "help-outcomes-text"),
            ("help-cell", "help-cell-text"),
            ("help-above", "help-above-text"),
            ("map-spent", "help-spent-text"),
        ],
        patterns: true,
    },
    Topic {
        name: "calls",
        title: "calls-map",
        over: "help-over-range",
        terms: &[
            ("calls-map", "help-calls-text"),
            ("help-cell", "help-cell-text"),
        ],
        patterns: false,
    },
    Topic {
        name: "rate",
        title: "rate",
        over: "help-over-selection",
        terms: &[RATE],
        patterns: false,
    },
    Topic {
        name: "latency",
        title: "chart-latency",
        over: "help-over-selection",
        terms: &[QUANTILES],
        patterns: false,
    },
    Topic {
        name: "errors",
        title: "errors",
        over: "help-over-selection",
        terms: &[ERRORS],
        patterns: false,
    },
    Topic {
        name: "in-flight",
        title: "in-flight",
        over: "help-over-in-flight",
        terms: &[
            ("in-flight-mean", "help-in-flight-mean-text"),
            ("in-flight-max", "help-in-flight-max-text"),
            ("in-flight-ages", "help-in-flight-ages-text"),
        ],
        patterns: false,
    },
    Topic {
        name: "operations",
        title: "stats-operations",
        over: "help-over-selection",
        terms: &[
            ("column-time", "help-share-text"),
            ("column-rate", "help-row-rate-text"),
            QUANTILES,
            ("column-errors", "help-row-errors-text"),
        ],
        patterns: false,
    },
    Topic {
        name: "statements",
        title: "stats-statements",
        over: "help-over-selection",
        terms: &[
            ("help-statement", "help-statement-text"),
            ("column-time", "help-share-text"),
            ("column-calls", "help-row-rate-text"),
            ("column-average", "help-average-text"),
            QUANTILES,
        ],
        patterns: false,
    },
    Topic {
        name: "statistics",
        title: "nav-statistics",
        over: "help-over-versus",
        terms: &[
            ("column-share", "help-share-text"),
            ("column-count", "help-count-text"),
            ("column-rate", "help-row-rate-text"),
            ("column-errors", "help-row-errors-text"),
            ("column-total", "help-total-text"),
            QUANTILES,
            ("help-change", "help-change-text"),
        ],
        patterns: false,
    },
    Topic {
        name: "list",
        title: "nav-transactions",
        over: "help-over-list",
        terms: &[
            ("nav-transactions", "help-transactions-text"),
            ("column-end", "help-end-text"),
            ("column-took", "help-took-text"),
            ("help-outcomes", "help-outcomes-text"),
            ("list-attribute", "help-attribute-text"),
            ("tail", "help-tail-text"),
        ],
        patterns: false,
    },
    Topic {
        name: "selection",
        title: "diff-title",
        over: "help-over-drag",
        terms: &[
            ("diff-selected", "help-selected-text"),
            ("diff-rest", "help-rest-text"),
            ("diff-time", "help-time-text"),
        ],
        patterns: false,
    },
    Topic {
        name: "partners",
        title: "nav-partners",
        over: "help-over-versus",
        terms: &[
            ("column-rate", "help-calls-text"),
            QUANTILES,
            ("column-errors", "help-row-errors-text"),
            ("help-failures", "help-failures-text"),
            ("help-change", "help-change-text"),
            ("help-blame", "help-blame-text"),
        ],
        patterns: false,
    },
    Topic {
        name: "map",
        title: "graph-services",
        over: "help-over-map",
        terms: &[
            ("help-node", "help-node-text"),
            ("help-edge", "help-edge-text"),
            QUANTILES,
        ],
        patterns: false,
    },
    Topic {
        name: "deployment",
        title: "help-verdict",
        over: "help-over-deployment",
        terms: &[
            ("help-compared", "help-compared-text"),
            RATE,
            QUANTILES,
            ERRORS,
            ("deploy-statements", "help-statements-text"),
        ],
        patterns: false,
    },
    Topic {
        name: "trace",
        title: "help-trace",
        over: "help-over-trace",
        terms: &[
            ("help-total", "help-trace-total-text"),
            ("trace-column-own", "help-own-text"),
            ("trace-critical-path", "help-critical-text"),
        ],
        patterns: false,
    },
    Topic {
        name: "trace-compare",
        title: "trace-compare-title",
        over: "help-over-trace-compare",
        terms: &[
            ("help-equal-steps", "help-equal-steps-text"),
            ("trace-column-own", "help-own-text"),
            ("trace-count", "help-step-count-text"),
            ("trace-compare-difference", "help-step-difference-text"),
        ],
        patterns: false,
    },
    Topic {
        name: "search",
        title: "find-what",
        over: "help-over-search",
        terms: &[
            ("find-span", "help-found-text"),
            ("column-took", "help-span-took-text"),
            ("find-matched", "help-matched-text"),
        ],
        patterns: false,
    },
];

#[derive(Template)]
#[template(path = "help_button.html")]
struct Button {
    name: &'static str,
    label: String,
}

/// A help text, ready to be rendered.
#[derive(Debug)]
pub struct HelpText {
    /// Topic of the text.
    pub name: &'static str,
    /// Heading.
    pub title: String,
    /// Which data the topic covers.
    pub over: String,
    /// Each explained term with its explanation.
    pub terms: Vec<(String, String)>,
    /// The hitmap patterns that the text shows; empty for most topics.
    pub patterns: Vec<pattern::Drawn>,
}

/// The button of a topic. The page then renders the topic's text.
pub fn button(page: &Page, name: &str) -> String {
    let Some(topic) = TOPICS.iter().find(|topic| topic.name == name) else {
        debug_assert!(false, "there is no help called {name}");
        return String::new();
    };
    page.remember_help(topic.name);
    let button = Button {
        name: topic.name,
        label: page.t1("help-what", "title", &page.t(topic.title)),
    };
    button.render().unwrap_or_default()
}

/// The help texts of these topics.
pub fn texts(page: &Page, names: &[&'static str]) -> Vec<HelpText> {
    let asked = TOPICS.iter().filter(|topic| names.contains(&topic.name));
    asked
        .map(|topic| HelpText {
            name: topic.name,
            title: page.t(topic.title),
            over: page.t(topic.over),
            terms: topic
                .terms
                .iter()
                .map(|(word, text)| (page.t(word), page.t(text)))
                .collect(),
            patterns: if topic.patterns {
                pattern::all(page)
            } else {
                Vec::new()
            },
        })
        .collect()
}

/// The keys of all texts that topics print. Some are in the catalogues of pages.
pub fn keys() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().flat_map(|topic| {
        let pairs = topic.terms.iter().flat_map(|(word, text)| [*word, *text]);
        [topic.title, topic.over].into_iter().chain(pairs)
    })
}

impl Page {
    /// The button that explains what the numbers of a panel count.
    pub fn help(&self, name: &str) -> String {
        button(self, name)
    }

    /// The help texts of the buttons rendered so far.
    pub fn helps(&self) -> Vec<HelpText> {
        let names = self.helps.lock().unwrap_or_else(PoisonError::into_inner);
        let names: Vec<_> = names.iter().copied().collect();
        texts(self, &names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;

    #[test]
    fn a_text_is_printed_for_each_button_and_no_other() {
        let page = Page::plain(Language::English);
        assert!(page.helps().is_empty());
        for _ in 0..2 {
            assert!(
                page.help("hitmap")
                    .contains(r#"popovertarget="help-hitmap""#)
            );
        }
        let texts = page.helps();
        assert_eq!(texts.len(), 1);
        assert_eq!(texts[0].patterns.len(), 5);
    }
}
