//! What makes selected transactions different: features of sampled traces, ranked by how well they
//! separate.
//!
//! Attributes are read from the JSON text that spans are stored with.

pub use hinomi_insight::difference::{Difference, Dimension, Feature, Findings, Proportion};

use crate::{Analysis, AnalysisError};
use hinomi_insight::difference::{Population, rank};
use hinomi_model::{CallCategory, DurationRange, Selection, Text, TimeRange, UnixNanos};
use hinomi_query::answer::{Contrast, ContrastKind, Lost, Sampled, SpentIn, TraceSpan};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};

/// Share of a transaction's time from which it counts as spent mostly on one thing.
const MOSTLY: f64 = 0.5;
/// Longest attribute value that becomes a feature, in bytes.
const LONGEST: usize = 120;
/// Most attributes that are read of one span.
const MOST_ATTRIBUTES: usize = 64;

/// The categories of time, in the order shown.
const CATEGORIES: [&str; 6] = [
    "own",
    "database",
    "cache",
    "external",
    "internal",
    "messaging",
];

/// The differences of a region, and where the time went.
#[derive(Debug, Clone, PartialEq)]
pub struct Differences {
    /// Number of transactions in the region.
    pub selected: u64,
    /// Number of other transactions in the window.
    pub rest: u64,
    /// Number of traces that were read of each side: selected, rest.
    pub sampled: (usize, usize),
    /// What the selected transactions have more often; none when one side is empty.
    pub findings: Findings,
    /// Where the time went; empty when one side was not looked at.
    pub time: Vec<TimeShare>,
    /// Damaged data that is missing from the comparison; empty when it is complete.
    pub lost: Vec<Lost>,
    /// As in [`Contrast::expired_before`].
    pub expired_before: Option<UnixNanos>,
}

/// Mean share of the time that was spent in one category, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeShare {
    /// `own`, `database`, `cache`, `external`, `internal` or `messaging`.
    pub category: &'static str,
    /// Share of the selected transactions' time.
    pub selected: f64,
    /// Share of the rest's time.
    pub rest: f64,
}

impl Analysis {
    /// What makes the transactions of a region different from the rest of the window. With
    /// `calls`, the region's durations are of the time in these calls. The ends of the region must
    /// be cell edges of the window's hitmap.
    pub async fn differences(
        &self,
        selection: &Selection,
        calls: Option<SpentIn>,
        window: TimeRange,
        region: (TimeRange, DurationRange),
    ) -> Result<Differences, AnalysisError> {
        let query = &self.query;
        let contrast = match calls {
            Some(calls) => query.spent_contrast(calls, selection, window, region).await,
            None => query.contrast(selection, window, region).await,
        };
        let contrast = contrast?;
        // Comparing a thousand traces takes long, so it does not run on a thread that serves other
        // requests.
        let compared = tokio::task::spawn_blocking(move || of(contrast)).await;
        compared.map_err(|_| AnalysisError::Ended)
    }
}

/// The differences of a contrast.
fn of(contrast: Contrast) -> Differences {
    let mut population = Population::default();
    let mut time = [BTreeMap::new(), BTreeMap::new()];
    for (side, sample) in [&contrast.selected_sample, &contrast.rest_sample]
        .into_iter()
        .enumerate()
    {
        for sampled in sample {
            let spent = Spent::of(sampled);
            for (category, share) in spent.shares() {
                *time[side].entry(category).or_insert(0.0) += share / sample.len() as f64;
            }
            population.add(side == 0, features(sampled, &spent));
        }
    }
    for row in &contrast.counted {
        let dimension = match row.kind {
            ContrastKind::Operation => Dimension::Operation,
            ContrastKind::Instance => Dimension::Instance,
            ContrastKind::Version => Dimension::Version,
        };
        let counted = |count, of| Proportion { count, of };
        population.count(
            feature(dimension, "", &row.value),
            counted(row.selected, contrast.selected),
            counted(row.rest, contrast.rest),
        );
    }
    let sampled = (contrast.selected_sample.len(), contrast.rest_sample.len());
    let both = contrast.selected > 0 && contrast.rest > 0;
    let looked_at = both && sampled.0 > 0 && sampled.1 > 0;
    let share = |side: usize, category| time[side].get(category).copied().unwrap_or(0.0);
    Differences {
        selected: contrast.selected,
        rest: contrast.rest,
        sampled,
        findings: if both {
            rank(&population)
        } else {
            Findings::default()
        },
        time: CATEGORIES
            .into_iter()
            .map(|category| TimeShare {
                category,
                selected: share(0, category),
                rest: share(1, category),
            })
            .filter(|time| looked_at && (time.selected >= 0.005 || time.rest >= 0.005))
            .collect(),
        lost: contrast.lost,
        expired_before: contrast.expired_before,
    }
}

fn feature(dimension: Dimension, key: &str, value: &str) -> Feature {
    Feature {
        dimension,
        key: key.into(),
        value: value.into(),
    }
}

/// What one transaction's time was spent on: the calls of its own service.
struct Spent<'a> {
    entry: Option<&'a TraceSpan>,
    calls: Vec<&'a TraceSpan>,
    seconds: f64,
}

impl<'a> Spent<'a> {
    fn of(sampled: &'a Sampled) -> Self {
        let spans = &sampled.trace.spans;
        let mut inside = vec![false; spans.len()];
        let mut spent = Self {
            entry: None,
            calls: Vec::new(),
            seconds: sampled.item.duration.as_secs_f64().max(1e-9),
        };
        for (at, span) in spans.iter().enumerate() {
            let is_entry = span.address() == sampled.item.span_id.into()
                && *span.resource.service == *sampled.item.service;
            // Parents come before their children in the list.
            let below = span.parent.is_some_and(|parent| inside[parent]);
            inside[at] = is_entry || below && *span.resource.service == *sampled.item.service;
            if is_entry {
                spent.entry = Some(span);
            } else if inside[at] && span.call.is_some() {
                spent.calls.push(span);
            }
        }
        spent
    }

    /// Share of the time by category; the service's own code gets what is left.
    fn shares(&self) -> Vec<(&'static str, f64)> {
        let mut shares: BTreeMap<&'static str, f64> = BTreeMap::new();
        for span in &self.calls {
            let share = span.duration.as_secs_f64() / self.seconds;
            *shares.entry(category(span)).or_default() += share;
        }
        let sum: f64 = shares.values().sum();
        // Parallel calls can add up to more than the whole time; they are scaled down to it.
        let scale = if sum > 1.0 { 1.0 / sum } else { 1.0 };
        let mut shares: Vec<_> = shares
            .into_iter()
            .map(|(category, share)| (category, share * scale))
            .collect();
        shares.push(("own", (1.0 - sum).max(0.0)));
        shares
    }

    /// The one call, or repeated statement, that took at least half of the time.
    fn waiting(&self) -> Option<String> {
        let mut seconds: HashMap<String, f64> = HashMap::new();
        for span in &self.calls {
            if let Some(call) = &span.call {
                let name = match call.category {
                    CallCategory::Database | CallCategory::Cache => call.detail.to_string(),
                    _ if call.detail.is_empty() => call.target.to_string(),
                    _ => format!("{} {}", call.target, call.detail),
                };
                *seconds.entry(name).or_default() += span.duration.as_secs_f64();
            }
        }
        let most = seconds.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        (most.1 >= MOSTLY * self.seconds).then_some(most.0)
    }
}

fn category(span: &TraceSpan) -> &'static str {
    match &span.call {
        Some(call) => match call.category {
            CallCategory::Database => "database",
            CallCategory::Cache => "cache",
            CallCategory::Messaging => "messaging",
            CallCategory::Http | CallCategory::Rpc if call.internal => "internal",
            CallCategory::Http | CallCategory::Rpc => "external",
        },
        None => "own",
    }
}

fn features(sampled: &Sampled, spent: &Spent) -> Vec<Feature> {
    let item = &sampled.item;
    let mut all = Vec::new();
    let mut add = |dimension, key: &str, value: &str| {
        if !value.is_empty() {
            all.push(feature(dimension, key, value));
        }
    };
    add(Dimension::Operation, "", &item.operation);
    add(Dimension::Instance, "", &item.instance);
    add(Dimension::Version, "", &item.version);
    add(
        Dimension::ErrorType,
        "",
        item.error_type.as_deref().unwrap_or(""),
    );
    if let Some(status) = item.http_status {
        add(Dimension::HttpStatus, "", &status.to_string());
    }
    for (category, share) in spent.shares() {
        if share >= MOSTLY {
            add(Dimension::TimeSpent, "", category);
        }
    }
    if let Some(waiting) = spent.waiting() {
        add(Dimension::Waiting, "", &waiting);
    }
    for span in &spent.calls {
        let Some(call) = &span.call else { continue };
        match call.category {
            CallCategory::Database | CallCategory::Cache => {
                add(Dimension::Statement, "", &call.detail);
            }
            CallCategory::Http | CallCategory::Rpc if !call.internal => {
                add(Dimension::External, "", &call.target);
            }
            _ => {}
        }
    }
    if let Some(entry) = spent.entry {
        add(Dimension::Host, "", &entry.resource.host);
        for (key, value) in attributes(&entry.attributes) {
            add(Dimension::Attribute, &key, &value);
        }
    }
    all
}

/// The attributes of a span as short texts, without those that other features are made of.
fn attributes(json: &str) -> Vec<(String, Text)> {
    let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) else {
        return Vec::new();
    };
    let known = |key: &str| {
        [
            "http.",
            "url.",
            "rpc.",
            "server.",
            "network.",
            "net.",
            "error.",
            "user_agent.",
        ]
        .iter()
        .any(|prefix| key.starts_with(prefix))
    };
    members
        .into_iter()
        .filter(|(key, value)| !known(key) && value.get().len() <= LONGEST)
        .take(MOST_ATTRIBUTES)
        .map(|(key, value)| {
            let text = serde_json::from_str::<String>(value.get());
            (key, text.unwrap_or_else(|_| value.get().to_owned()).into())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use hinomi_query::answer::Contrasted;

    #[test]
    fn an_attribute_is_compared_as_text() {
        let found = attributes(r#"{"card.brand":"Northcard","n":3,"http.route":"/x"}"#);
        let expected = [("card.brand", "Northcard"), ("n", "3")];
        let found: Vec<_> = found.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(found, expected);
        assert!(attributes("[1").is_empty());
    }

    #[test]
    fn counts_over_all_stand_for_those_of_the_sample() {
        let items = sample::transactions(40);
        let sampled = |slow: bool| {
            let items = items.iter().cloned();
            items
                .map(|mut item| {
                    item.instance = if slow { "sick" } else { "well" }.into();
                    Sampled {
                        trace: hinomi_query::trace::assemble(
                            item.trace_id,
                            Vec::new(),
                            0,
                            hinomi_query::trace::Clocks::AsSent,
                        ),
                        item,
                    }
                })
                .collect()
        };
        let contrast = Contrast {
            selected: 900,
            rest: 20_000,
            counted: vec![Contrasted {
                kind: ContrastKind::Instance,
                value: "sick".into(),
                selected: 880,
                rest: 300,
            }],
            selected_sample: sampled(true),
            rest_sample: sampled(false),
            lost: Vec::new(),
            expired_before: None,
        };
        let found = of(contrast.clone()).findings.findings;
        assert_eq!(&*found[0].feature.value, "sick");
        assert!(found[0].exact);
        assert_eq!((found[0].selected.count, found[0].rest.of), (880, 20_000));

        let nobody = Contrast {
            selected: 0,
            selected_sample: Vec::new(),
            counted: Vec::new(),
            ..contrast
        };
        let nothing = of(nobody);
        assert_eq!(nothing.findings, Findings::default());
        assert!(nothing.time.is_empty(), "nobody's time went nowhere");
    }
}
