//! What was measured, as bench.json for machines and as a table in the documentation for people.

use crate::{load::Outcome, queries::Query};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";
const PREAMBLE: &str = "# Performance\n\nMeasured by `cargo xtask bench`, which rewrites what \
    stands between the marks. The load generator, the asking client and the server share the machine.\n\n";

/// Everything that one run measured.
pub struct Report {
    /// The machine, by `machine`.
    pub machine: Value,
    /// History that was filled in first: spans and seconds.
    pub history: (u64, f64),
    /// As fast as the server takes it.
    pub fastest: Outcome,
    /// At a steady rate, with the freshness markers beside it.
    pub steady: Outcome,
    /// Acknowledgement to live stream, under the steady rate.
    pub freshness: Vec<Duration>,
    /// Questions.
    pub queries: Vec<Query>,
    /// Bytes in the data folder after the history was filled in and the server stopped.
    pub stored_bytes: u64,
    /// From starting on that folder to being ready.
    pub restart_seconds: f64,
    /// The most memory the server held.
    pub peak_memory_bytes: u64,
}

impl Report {
    /// For machines.
    pub fn json(&self) -> Value {
        let queries: Vec<Value> = self
            .queries
            .iter()
            .map(|query| {
                json!({
                    "name": query.name,
                    "runs": query.took.len(),
                    "p50_ms": milliseconds(quantile(&query.took, 0.5)),
                    "p95_ms": milliseconds(quantile(&query.took, 0.95)),
                })
            })
            .collect();
        json!({
            "machine": self.machine,
            "history": {"spans": self.history.0, "seconds": self.history.1},
            "ingest": self.fastest.json(),
            "steady": self.steady.json(),
            "freshness": {
                "markers": self.freshness.len(),
                "p50_ms": milliseconds(quantile(&self.freshness, 0.5)),
                "p99_ms": milliseconds(quantile(&self.freshness, 0.99)),
                "max_ms": milliseconds(quantile(&self.freshness, 1.0)),
            },
            "queries": queries,
            "stored_bytes": self.stored_bytes,
            "stored_bytes_per_span": self.bytes_per_span(),
            "restart_seconds": self.restart_seconds,
            "peak_memory_bytes": self.peak_memory_bytes,
        })
    }

    /// For people: the machine, then one row a figure.
    pub fn table(&self) -> String {
        let machine = |key: &str| self.machine[key].as_str().unwrap_or("unknown").to_owned();
        let mut lines = vec![
            format!(
                "Machine: {}, {} cores, {} of memory, Linux {}; {}. Load: requests of 512 spans over gRPC.",
                machine("cpu"),
                self.machine["cores"],
                machine("memory"),
                machine("kernel"),
                machine("date"),
            ),
            String::new(),
            "| what | figure |".into(),
            "|---|---|".into(),
        ];
        let mut row = |what: &str, figure: String| lines.push(format!("| {what} | {figure} |"));
        row(
            "ingest, as fast as acknowledged",
            format!("{:.0} spans/s", self.fastest.rate()),
        );
        let cpu = self.fastest.cpu_seconds_per_million();
        row("server CPU for a million spans", format!("{cpu:.1} s"));
        row(
            "refused for the moment meanwhile",
            format!("{} requests", self.fastest.refusals),
        );
        row(
            "on disk",
            format!("{:.0} bytes a span", self.bytes_per_span()),
        );
        row(
            "peak memory",
            format!("{:.0} MiB", self.peak_memory_bytes as f64 / 1_048_576.0),
        );
        let steady = format!("freshness at {:.0} spans/s", self.steady.rate());
        row(
            &steady,
            latencies(&self.freshness, &[("p50", 0.5), ("p99", 0.99)]),
        );
        let cores = self.steady.cpu_seconds / self.steady.seconds;
        row("server CPU at that rate", format!("{cores:.2} cores"));
        row(
            "a day of history filled in",
            format!("{} spans in {:.1} s", self.history.0, self.history.1),
        );
        row(
            "ready again with that day on disk",
            format!("{:.2} s", self.restart_seconds),
        );
        for query in &self.queries {
            row(
                query.name,
                latencies(&query.took, &[("p50", 0.5), ("p95", 0.95)]),
            );
        }
        lines.join("\n")
    }

    fn bytes_per_span(&self) -> f64 {
        self.stored_bytes as f64 / self.history.0 as f64
    }

    /// Writes both files; of the table's, only what stands between the marks.
    pub fn write(&self, json: &Path, table: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.json())? + "\n";
        std::fs::write(json, text).with_context(|| format!("writing {}", json.display()))?;
        let before = std::fs::read_to_string(table).unwrap_or_default();
        std::fs::write(table, between_marks(&before, &self.table()))
            .with_context(|| format!("writing {}", table.display()))
    }
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

/// The smallest value that this share of all is not over.
fn quantile(values: &[Duration], share: f64) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort();
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

fn latencies(values: &[Duration], wanted: &[(&str, f64)]) -> String {
    let one = |(name, share): &(&str, f64)| {
        format!("{name} {:.1} ms", milliseconds(quantile(values, *share)))
    };
    format!(
        "{} (of {})",
        wanted.iter().map(one).collect::<Vec<_>>().join(", "),
        values.len()
    )
}

fn milliseconds(duration: Duration) -> f64 {
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
}
