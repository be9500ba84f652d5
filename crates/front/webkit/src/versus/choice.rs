//! The choice of the other time: a link for each kind, and a form for any range.

use super::{Other, Versus};
use crate::{format::ClockStyle, page::Page};

/// The choice, ready to be rendered.
pub struct VersusChoice {
    /// One link for each kind of other time.
    pub links: Vec<VersusLink>,
    /// Whether the other time is a range of the reader.
    pub custom: bool,
    /// Start, as the form shows it.
    pub from: String,
    /// End, as the form shows it.
    pub to: String,
    /// Parameters that the form keeps.
    pub kept: Vec<(String, String)>,
    /// The range of the other time, as text.
    pub when: Option<String>,
}

/// A link to one kind of other time.
pub struct VersusLink {
    /// Name of the kind.
    pub label: String,
    /// Link that compares with it.
    pub href: String,
    /// Whether the page compares with it.
    pub current: bool,
}

impl VersusChoice {
    /// The choice on a page with the comparison `versus`.
    pub fn new(page: &Page, versus: &Versus) -> Self {
        let links = versus.offered().map(|other| {
            let word = if other == versus.default {
                ""
            } else {
                other.as_str()
            };
            VersusLink {
                label: page.t(other.key()),
                href: page.this_with(&[("vs", word), ("vs_from", ""), ("vs_to", "")]),
                current: other == versus.other,
            }
        });
        let custom = versus.other == Other::Custom;
        let param = |name: &str| page.param(name).unwrap_or_default().to_owned();
        let kept = page.query.iter().filter(|(name, value)| {
            !matches!(name.as_str(), "vs" | "vs_from" | "vs_to" | "lang") && !value.is_empty()
        });
        let when = versus.range.map(|range| {
            let from = page.when(range.from, ClockStyle::Date).text;
            let to = page.when(range.to, ClockStyle::Date).text;
            if from.get(..10) == to.get(..10) {
                format!("{from}–{}", to.get(11..).unwrap_or_default())
            } else {
                format!("{from} – {to}")
            }
        });
        let filled = |name: &str, end: Option<hinomi_model::UnixNanos>| {
            if custom {
                return param(name);
            }
            end.map_or_else(String::new, |at| page.when(at, ClockStyle::Date).text)
        };
        Self {
            links: links.collect(),
            custom,
            from: filled("vs_from", versus.range.map(|range| range.from)),
            to: filled("vs_to", versus.range.map(|range| range.to)),
            kept: kept.cloned().collect(),
            when,
        }
    }
}
