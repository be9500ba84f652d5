//! The filters of a list of transactions: the available ones, the set ones, and errors in them.

use super::hitmap_panel::{Filter, filters};
use hinomi_model::OutcomeFilter;
use hinomi_query::{
    answer::Facets,
    terms::{Pieces, TermsError},
};
use hinomi_webkit::{format, page::Page, time_param, url};

/// The query parameters that filter.
pub(crate) const PARAMETERS: [&str; 7] = [
    "q",
    "outcome",
    "min_ms",
    "max_ms",
    "operation",
    "instance",
    "version",
];

/// The filter bar, ready to be rendered.
pub(crate) struct FilterBar {
    /// Parameters that the form keeps.
    pub(crate) kept: Vec<(String, String)>,
    pub(crate) choices: Vec<Filter>,
    pub(crate) q: String,
    /// The attribute and value as typed, when they could not be used.
    pub(crate) attribute: String,
    pub(crate) value: String,
    /// Attributes to choose from: the promoted ones.
    pub(crate) attributes: Vec<String>,
    pub(crate) min: String,
    pub(crate) max: String,
    pub(crate) chips: Vec<Chip>,
    /// Link to the list without filters; set when several filters are set.
    pub(crate) none: Option<String>,
    pub(crate) wrong: Vec<Wrong>,
}

/// A filter that is set.
pub(crate) struct Chip {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Link to the list without this filter.
    pub(crate) href: String,
}

/// A field with an invalid value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Name of the field.
    pub(crate) field: &'static str,
    /// What to write instead.
    pub(crate) sentence: String,
}

/// The invalid filters in the URL. If there are any, no query is run.
pub(crate) fn wrong(page: &Page) -> Vec<Wrong> {
    let mut all = Vec::new();
    let mut say = |field, key: &str| {
        all.push(Wrong {
            field,
            sentence: page.t(key),
        });
    };
    if let Err(error) = Pieces::of(page.param("q").unwrap_or_default()) {
        say("q", error_key(&error));
    }
    if page.param("value").is_some() && page.param("attribute").is_none() {
        say("attribute", "list-wrong-attribute");
    }
    let outcome = page.param("outcome");
    if outcome.is_some_and(|word| OutcomeFilter::parse(word).is_none()) {
        say("outcome", "list-wrong-outcome");
    }
    let [min, max] = ["min_ms", "max_ms"].map(|field| page.param(field).map(time_param::millis));
    if min == Some(None) {
        say("min_ms", "list-wrong-number");
    }
    if max == Some(None) {
        say("max_ms", "list-wrong-number");
    }
    if let (Some(Some(min)), Some(Some(max))) = (min, max)
        && min >= max
    {
        say("max_ms", "list-wrong-order");
    }
    all
}

/// The key of the message for an invalid search text.
pub(crate) fn error_key(error: &TermsError) -> &'static str {
    match error {
        TermsError::Empty => "find-wrong-empty",
        TermsError::Quote => "find-wrong-quote",
        TermsError::NoValue(_) => "find-wrong-value",
        TermsError::TooMany => "find-wrong-many",
    }
}

impl FilterBar {
    /// The filter bar of a page; `promoted` are the attributes to offer.
    pub(crate) fn new(page: &Page, facets: &Facets, promoted: Vec<String>) -> Self {
        let param = |name: &str| page.param(name).unwrap_or_default().to_owned();
        let kept = page.query.iter().filter(|(name, value)| {
            matches!(
                name.as_str(),
                "from" | "to" | "environment" | "namespace" | "tail"
            ) && !value.is_empty()
        });
        let chips = chips(page);
        Self {
            kept: kept.cloned().collect(),
            choices: choices(page, facets),
            q: param("q"),
            attribute: param("attribute"),
            value: param("value"),
            attributes: promoted,
            min: param("min_ms"),
            max: param("max_ms"),
            none: (chips.len() > 1).then(|| without(page, None)),
            chips,
            wrong: wrong(page),
        }
    }

    /// Whether a field has an invalid value.
    pub(crate) fn is_wrong(&self, field: &str) -> bool {
        self.wrong.iter().any(|wrong| wrong.field == field)
    }
}

/// The choices: service, then outcome, then those of the facets.
fn choices(page: &Page, facets: &Facets) -> Vec<Filter> {
    let service = page.service.as_deref();
    let named = page.services.iter().map(|name| {
        let chosen = Some(name.as_str()) == service;
        (name.clone(), format::name(name), chosen)
    });
    let outcome = page.param("outcome").unwrap_or_default();
    let outcomes = [
        ("error", "map-mark-error"),
        ("slow", "map-mark-slow"),
        ("ok", "map-mark-ok"),
    ];
    let first = [
        Filter {
            name: "service",
            label: page.t("service"),
            chosen: service.is_some(),
            options: named.collect(),
        },
        Filter {
            name: "outcome",
            label: page.t("map-filter-outcome"),
            chosen: !outcome.is_empty(),
            options: outcomes
                .map(|(value, key)| (value.to_owned(), page.t(key), value == outcome))
                .to_vec(),
        },
    ];
    let first = first
        .into_iter()
        .filter(|filter| !filter.options.is_empty());
    first.chain(filters(page, facets)).collect()
}

/// A chip for each filter that is set, and for each term of the search text.
fn chips(page: &Page) -> Vec<Chip> {
    let mut chips = Vec::new();
    if let Some(service) = &page.service {
        chips.push(Chip {
            name: page.t("service"),
            value: format::name(service),
            href: of_all(page),
        });
    }
    let named = [
        ("operation", "map-filter-operation"),
        ("instance", "map-filter-instance"),
        ("version", "map-filter-version"),
        ("outcome", "map-filter-outcome"),
        ("min_ms", "list-min"),
        ("max_ms", "list-max"),
    ];
    for (name, key) in named {
        let Some(value) = page.param(name) else {
            continue;
        };
        let value = match (name, time_param::millis(value)) {
            ("outcome", _) => match value {
                "ok" => page.t("map-mark-ok"),
                "slow" => page.t("map-mark-slow"),
                "error" => page.t("map-mark-error"),
                other => format::name(other),
            },
            ("min_ms" | "max_ms", Some(_)) => format!("{value}\u{a0}ms"),
            _ => format::name(value),
        };
        chips.push(Chip {
            name: page.t(key),
            value,
            href: without(page, Some((name, ""))),
        });
    }
    let Ok(pieces) = Pieces::of(page.param("q").unwrap_or_default()) else {
        return chips;
    };
    for (at, term) in pieces.terms.iter().enumerate() {
        let mut rest = pieces.clone();
        rest.terms.remove(at);
        chips.push(Chip {
            name: page.t("list-attribute"),
            value: format::name(term),
            href: without(page, Some(("q", &rest.question()))),
        });
    }
    if let Some(text) = &pieces.text {
        let rest = Pieces {
            text: None,
            ..pieces.clone()
        };
        chips.push(Chip {
            name: page.t("list-contains"),
            value: format::name(text),
            href: without(page, Some(("q", &rest.question()))),
        });
    }
    chips
}

/// The URL of this list with one filter changed, or without filters. It starts at the first page.
fn without(page: &Page, changed: Option<(&str, &str)>) -> String {
    let fresh = [("cursor", ""), ("n", ""), ("attribute", ""), ("value", "")];
    match changed {
        Some(changed) => {
            let all: Vec<_> = fresh.into_iter().chain([changed]).collect();
            page.this_with(&all)
        }
        None => {
            let none = PARAMETERS.iter().map(|name| (*name, ""));
            let all: Vec<_> = fresh.into_iter().chain(none).collect();
            page.this_with(&all)
        }
    }
}

/// The URL of the same list for all services.
fn of_all(page: &Page) -> String {
    let left = ["cursor", "n", "lang", "attribute", "value"];
    let kept = page.query.iter();
    let kept = kept.filter(|(name, _)| !left.contains(&name.as_str()));
    let pairs = kept.map(|(name, value)| (name.as_str(), value.as_str()));
    url::with_query("/transactions", pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use hinomi_webkit::i18n::Language;

    fn page(query: &[(&str, &str)]) -> Page {
        let mut page = crate::sample::page(Language::English);
        page.path = "/services/checkout/transactions".into();
        page.service = Some("checkout".into());
        page.services = vec!["checkout".into(), "payment".into()];
        let pairs = query.iter();
        page.query = pairs
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        page
    }

    fn chips_of(query: &[(&str, &str)]) -> Vec<(String, String, String)> {
        let bar = FilterBar::new(&page(query), &sample::facets(), Vec::new());
        let chips = bar.chips.into_iter();
        chips
            .map(|chip| (chip.name, chip.value, chip.href))
            .collect()
    }

    #[test]
    fn each_filter_has_a_chip_that_takes_only_it_away() {
        let chips = chips_of(&[
            ("from", "now-1h"),
            ("outcome", "error"),
            ("min_ms", "1500"),
            ("q", "a=1 pod b=2"),
            ("cursor", "00"),
        ]);
        let base = "/services/checkout/transactions?from=now-1h";
        let expected = [
            (
                "service",
                "checkout",
                "/transactions?from=now-1h&outcome=error&min_ms=1500&q=a%3D1%20pod%20b%3D2"
                    .to_owned(),
            ),
            (
                "outcome",
                "Error",
                format!("{base}&min_ms=1500&q=a%3D1%20pod%20b%3D2"),
            ),
            (
                "from",
                "1500 ms",
                format!("{base}&outcome=error&q=a%3D1%20pod%20b%3D2"),
            ),
            (
                "attribute",
                "a=1",
                format!("{base}&outcome=error&min_ms=1500&q=b%3D2%20pod"),
            ),
            (
                "attribute",
                "b=2",
                format!("{base}&outcome=error&min_ms=1500&q=a%3D1%20pod"),
            ),
            (
                "contains",
                "pod",
                format!("{base}&outcome=error&min_ms=1500&q=a%3D1%20b%3D2"),
            ),
        ];
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(name, value, href)| (name.to_owned(), value.replace(" ms", "\u{a0}ms"), href))
            .collect();
        assert_eq!(chips, expected);
    }

    #[test]
    fn every_field_that_makes_no_sense_says_so() {
        let fields = |query: &[(&str, &str)]| -> Vec<_> {
            wrong(&page(query))
                .into_iter()
                .map(|wrong| wrong.field)
                .collect()
        };
        assert_eq!(
            fields(&[("q", "a="), ("min_ms", "x"), ("max_ms", "-1")]),
            ["q", "min_ms", "max_ms"]
        );
        assert_eq!(fields(&[("min_ms", "20"), ("max_ms", "20")]), ["max_ms"]);
        assert_eq!(fields(&[("value", "7")]), ["attribute"]);
        assert_eq!(fields(&[("outcome", "fine")]), ["outcome"]);
        assert!(fields(&[("q", "GET \"x"), ("min_ms", "1.5"), ("max_ms", "2")]).is_empty());
    }

    #[test]
    fn the_service_of_the_page_is_chosen_among_all() {
        let bar = FilterBar::new(&page(&[]), &sample::facets(), Vec::new());
        let names: Vec<_> = bar.choices.iter().map(|choice| choice.name).collect();
        assert_eq!(
            names,
            ["service", "outcome", "operation", "instance", "version"]
        );
        assert!(bar.choices[0].options[0].2 && !bar.choices[0].options[1].2);
    }
}
