//! Results of the measurement: bench.json for programs, and a table in the documentation for
//! people.

use crate::{queries::Asked, rows::ROWS};
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, path::Path, time::Duration};

const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";
const PREAMBLE: &str = "# Performance\n\nMeasured by `cargo xtask bench`, which rewrites what \
    stands between the marks. The load generator, the asking client and the server share the machine.\n\n";
const MISSING: &str = "not measured";

/// All results of one run.
#[derive(Default)]
pub struct Report {
    /// Machine, day, load, command: one paragraph each.
    pub head: Vec<String>,
    /// Results by name, as text.
    figures: BTreeMap<String, String>,
    /// Results on a tenth of the data, by name.
    tenth: BTreeMap<String, String>,
    /// Notes below the table.
    notes: Vec<String>,
    numbers: Map<String, Value>,
}

impl Report {
    /// Adds a number with this many decimals.
    pub fn number(&mut self, key: &str, value: f64, decimals: usize) {
        self.text(key, format!("{value:.decimals$}"), json!(value));
    }

    /// Adds a result, as text for the table and as a value for JSON.
    pub fn text(&mut self, key: &str, text: String, value: Value) {
        println!("  {key}: {text}");
        self.numbers.insert(key.to_owned(), value);
        self.figures.insert(key.to_owned(), text);
    }

    /// Increases a number that is already there.
    pub fn add(&mut self, key: &str, more: f64) {
        if let Some(value) = self.numbers.get(key).and_then(Value::as_f64) {
            self.number(key, value + more, 2);
        }
    }

    /// Adds a note below the table.
    pub fn note(&mut self, note: String) {
        println!("  {note}");
        self.notes.push(note);
    }

    /// Adds the results of queries.
    pub fn answers(&mut self, answers: Vec<(&'static str, Asked)>) {
        for (key, asked) in answers {
            match asked {
                Asked::Took(took) => self.text(key, latencies(&took), numbers(&took)),
                Asked::Not(why) => self.note(format!("Not measured, `{key}`: {why}.")),
            }
        }
    }

    /// Adds the results of queries before merging, as one note.
    pub fn unmerged(&mut self, answers: Vec<(&'static str, Asked)>) {
        let took = |(key, asked): (&str, Asked)| match asked {
            Asked::Took(took) => Some(format!("{key} {}", latencies(&took))),
            Asked::Not(_) => None,
        };
        let took: Vec<String> = answers.into_iter().filter_map(took).collect();
        self.note(format!("Before merging, ms: {}.", took.join(", ")));
    }

    /// Adds the results of queries on a tenth of the data.
    pub fn tenth(&mut self, answers: Vec<(&'static str, Asked)>) {
        for (key, asked) in answers {
            if let Asked::Took(took) = asked {
                println!("  {key}, a tenth: {}", latencies(&took));
                self.tenth.insert(key.to_owned(), latencies(&took));
                self.numbers.insert(format!("{key}_tenth"), numbers(&took));
            }
        }
    }

    /// The table as Markdown.
    pub fn table(&self) -> String {
        let mut lines: Vec<String> = self.head.iter().map(|text| format!("{text}\n")).collect();
        lines.push("| what | must | aim | measured | on a tenth of the data |".into());
        lines.push("|---|---|---|---|---|".into());
        for row in ROWS {
            let measured = joined(&self.figures, row.keys, MISSING);
            let tenth = joined(&self.tenth, row.keys, "–");
            let (what, must, aim) = (row.what, row.must, row.aim);
            lines.push(format!(
                "| {what} | {must} | {aim} | {measured} | {tenth} |"
            ));
        }
        lines.push(String::new());
        lines.extend(self.notes.iter().map(|note| format!("- {note}")));
        lines.join("\n")
    }

    /// Writes the results as JSON.
    pub fn write_json(&self, path: &Path) -> Result<()> {
        let all = json!({"head": self.head, "figures": self.numbers, "notes": self.notes});
        let text = serde_json::to_string_pretty(&all)? + "\n";
        std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
    }

    /// Rewrites the part between the marks of a page.
    pub fn write_table(&self, path: &Path) -> Result<()> {
        let before = std::fs::read_to_string(path).unwrap_or_default();
        std::fs::write(path, between_marks(&before, &self.table()))
            .with_context(|| format!("writing {}", path.display()))
    }
}

/// The results with these names; `missing` once when there is none of them.
fn joined(figures: &BTreeMap<String, String>, keys: &[&str], missing: &str) -> String {
    let found: Vec<&str> = keys
        .iter()
        .map(|key| figures.get(*key).map_or(missing, String::as_str))
        .collect();
    if found.iter().all(|text| *text == missing) {
        return missing.to_owned();
    }
    found.join(" / ")
}

/// `page` with `table` between its marks, or a new page.
fn between_marks(page: &str, table: &str) -> String {
    let marked = format!("{BEGIN}\n\n{table}\n\n{END}");
    match (page.find(BEGIN), page.find(END)) {
        (Some(begin), Some(end)) if begin < end => {
            format!("{}{marked}{}", &page[..begin], &page[end + END.len()..])
        }
        _ => format!("{PREAMBLE}{marked}\n"),
    }
}

/// The smallest value that at least this share of the values does not exceed.
pub fn quantile(values: &[Duration], share: f64) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort();
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

/// The median, and the 95th percentile in brackets.
fn latencies(values: &[Duration]) -> String {
    let [median, high] = [0.5, 0.95].map(|share| milliseconds(quantile(values, share)));
    format!("{median:.1} (p95 {high:.1})")
}

fn numbers(values: &[Duration]) -> Value {
    let [median, high] = [0.5, 0.95].map(|share| milliseconds(quantile(values, share)));
    json!({"runs": values.len(), "p50_ms": median, "p95_ms": high})
}

/// A duration in milliseconds.
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let values: Vec<_> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(quantile(&values, 0.5), Duration::from_millis(50));
        assert_eq!(quantile(&values, 0.99), Duration::from_millis(99));
        assert_eq!(quantile(&values, 1.0), Duration::from_millis(100));
        assert_eq!(quantile(&values[..1], 0.5), Duration::from_millis(100));
        assert_eq!(quantile(&[], 0.5), Duration::ZERO);
    }

    #[test]
    fn what_is_written_around_the_table_stays() {
        let page = between_marks("", "| old |");
        assert!(page.starts_with("# Performance\n"));
        let edited = format!("{page}\nWords of a person.\n");
        let page = between_marks(&edited, "| new |");
        assert!(page.contains("| new |") && !page.contains("| old |"));
        assert!(page.ends_with("\nWords of a person.\n"));
        assert_eq!(between_marks(&page, "| new |"), page);
    }

    #[test]
    fn a_row_without_figures_says_so_once() {
        let mut report = Report::default();
        report.number("cpu_grpc", 4.25, 1);
        let table = report.table();
        assert!(
            table.contains("| 5 | 3 | 4.2 / not measured | – |"),
            "{table}"
        );
        assert!(table.contains("| 8 | 5 | not measured | – |"), "{table}");
    }
}
