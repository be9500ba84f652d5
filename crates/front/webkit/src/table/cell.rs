//! The cells of a table.

use crate::{
    change::ChangeText,
    format::{self, ClockStyle, Measure, When},
    spark::Spark,
};
use std::time::Duration;

/// A failed share is notable from this on…
const NOTABLE_SHARE: f64 = 0.01;
/// …when at least so many failed: one failure of a hundred is chance.
const NOTABLE_ERRORS: u64 = 3;

/// Whether a failed share is worth a colour.
pub fn is_notable(errors: u64, count: u64) -> bool {
    errors >= NOTABLE_ERRORS && format::share(errors, count) >= NOTABLE_SHARE
}
/// A latency is amber from here on.
const SLOW: Duration = Duration::from_secs(1);

/// A cell, ready to be rendered.
#[derive(Default)]
pub struct TableCell {
    /// Classes: those of the column, then the cell's own.
    pub class: String,
    /// The whole text, where the column may cut it.
    pub title: String,
    /// The value that a script sorts by.
    pub value: Option<String>,
    /// URL of the HTML that a script fills the cell with.
    pub fragment: Option<String>,
    /// What the cell shows.
    pub body: Body,
}

/// What a cell shows.
pub enum Body {
    /// A text.
    Text(String),
    /// A link.
    Link(Link),
    /// A sparkline.
    Trend(Spark),
    /// Width from 0 to 100, and as text.
    Bar(f64, String),
    /// A word in a box.
    Tag(String),
    /// A mark; its CSS class is the outcome, and screen readers say the word.
    Mark {
        /// `ok`, `slow` or `error`.
        outcome: &'static str,
        /// The outcome in the reader's language.
        word: String,
    },
    /// An instant. Its style tells scripts how to show it again.
    Time(When, ClockStyle),
    /// A number with its unit.
    Measure(Measure),
    /// Short texts side by side, each with its CSS class.
    Notes(Vec<(&'static str, String)>),
}

/// A link in a cell.
#[derive(Default)]
pub struct Link {
    /// CSS class; empty for none.
    pub class: &'static str,
    /// Target.
    pub href: String,
    /// Text of the link.
    pub text: String,
    /// The mark before the link: `ok`, `watch`, `bad`; empty for none.
    pub mark: &'static str,
    /// Small print after the text, still in the link; empty for none.
    pub note: String,
}

impl Default for Body {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl Body {
    /// A link without a mark.
    pub fn link(class: &'static str, href: String, text: String) -> Self {
        Self::Link(Link {
            class,
            href,
            text,
            ..Link::default()
        })
    }
}

impl From<Body> for TableCell {
    fn from(body: Body) -> Self {
        Self {
            body,
            ..Self::default()
        }
    }
}

impl TableCell {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Body::Text(text.into()).into()
    }

    /// A link with a class.
    pub fn link(class: &'static str, href: String, text: String) -> Self {
        Body::link(class, href, text).into()
    }

    /// A cell that a script fills with the HTML at a URL.
    pub fn fragment(href: String) -> Self {
        Self {
            fragment: Some(href),
            ..Self::default()
        }
    }

    /// A latency in milliseconds; amber when it is slow.
    pub fn latency(time: Option<Duration>) -> Self {
        let slow = time.is_some_and(|time| time >= SLOW);
        Self::text(format::millis(time)).class(if slow { "is-slow" } else { "" })
    }

    /// A failed share in percent; red when it is notable.
    pub fn error_share(errors: u64, count: u64) -> Self {
        let class = if is_notable(errors, count) {
            "is-error"
        } else {
            ""
        };
        Self::text(format::percent(format::share(errors, count)).number).class(class)
    }

    /// A change; it brings its class.
    pub fn change(change: ChangeText) -> Self {
        Self::text(change.text).class(change.class)
    }

    /// A class of its own.
    pub fn class(self, class: &str) -> Self {
        Self {
            class: class.to_owned(),
            ..self
        }
    }

    /// Text that the pointer shows.
    pub fn title(self, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..self
        }
    }

    /// The value that a script sorts by.
    pub fn value(self, value: impl Into<String>) -> Self {
        Self {
            value: Some(value.into()),
            ..self
        }
    }
}
