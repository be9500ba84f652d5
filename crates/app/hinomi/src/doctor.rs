//! `hinomi doctor`: checks a data folder and a running server, and advises what to do about each
//! finding.
//!
//! Takes no lock and writes nothing, except with `--rebuild-catalog` and `--accept-clock`. Exit
//! code 0: all is well; 1: something should be done; 2: stored data is damaged.

use crate::{
    cli::DoctorFlags,
    probe,
    registry::{self, RegistryUrl},
};
use hinomi_io::{Clock, Disk, RealDisk, SystemClock, SystemEntropy};
use hinomi_lake::{Depth, Finding, Level, OpenError, accept_clock, inspect, rebuild_catalog};
use serde::Serialize;
use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

/// Clocks that differ by more than this are reported: about half a hitmap column. In seconds.
const SKEW_SECONDS: i64 = 3;

/// Counters of the server that should be 0: name, meaning of another value, advice.
const COUNTERS: &[(&str, &str, &str)] = &[
    (
        "hinomi_store_clock_apart_seconds",
        "seconds between the server's clock and the time that Hinomi trusts",
        "correct the server's clock (NTP); if the clock is right, stop the server and run hinomi doctor --accept-clock",
    ),
    (
        "hinomi_store_damaged_segments",
        "damaged segments are left out of answers",
        "see the findings on segments; run hinomi doctor --deep",
    ),
    (
        "hinomi_store_damaged_catalog_rows",
        "records lost from the catalog or the log are left out of answers",
        "restore the data folder from a backup",
    ),
    (
        "hinomi_store_set_aside_files",
        "files were moved to aside/ at the start",
        "the server's log has the reason; hinomi doctor --rebuild-catalog checks the files again",
    ),
    (
        "hinomi_store_checksum_failures_total",
        "reads failed their checksum",
        "check the disk; see the findings on segments; run hinomi doctor --deep",
    ),
    (
        "hinomi_store_scrub_failures_total",
        "segments were found damaged or unreadable by the background check",
        "see the findings on segments; run hinomi doctor --deep",
    ),
    (
        "hinomi_store_commit_failures_total",
        "writes to the log failed; senders were asked to try again",
        "check the server's log, the free disk space and the health of the disk",
    ),
    (
        "hinomi_store_maintenance_failures_total",
        "rounds of compaction and retention failed and were tried again",
        "check the server's log, the free disk space and the health of the disk",
    ),
    (
        "hinomi_store_flush_failures_total",
        "segments could not be written and were tried again",
        "check the server's log, the free disk space and the health of the disk",
    ),
    (
        "hinomi_registry_write_failures_total",
        "changes of names, deployments or settings could not be written; names are tried again",
        "check the server's log, the free disk space and, if it is used, PostgreSQL",
    ),
    (
        "hinomi_ingest_refused_requests_total",
        "requests were refused because too many were waiting",
        "use a faster disk or send fewer spans; senders retry automatically",
    ),
    (
        "hinomi_ingest_clock_skewed_spans_total",
        "spans had times in the future",
        "correct the senders' clocks (NTP)",
    ),
];

/// Runs the checks and prints the findings. The exit code tells the worst level.
pub fn run(flags: &DoctorFlags) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let depth = if flags.deep {
        Depth::Whole
    } else {
        Depth::Tails
    };
    let dir = flags
        .data_dir
        .clone()
        .unwrap_or_else(|| PathBuf::from("data"));
    let mut findings = Vec::new();
    if flags.rebuild_catalog {
        findings.push(runtime.block_on(rebuild(&dir, flags.registry_url.as_ref()))?);
    }
    if flags.accept_clock {
        let older = accept_clock(&RealDisk, &dir, Arc::new(SystemClock::new()))?;
        let hours = older.as_secs() / 3_600;
        let text =
            format!("the clock is accepted: stored data is {hours} h older than assumed before");
        findings.push(Finding::new(Level::Note, "state", text, ""));
    }
    findings.extend(runtime.block_on(inspect(&RealDisk, &dir, depth)));
    findings.extend(runtime.block_on(look_at_registry(&dir)));
    if let Some(url) = &flags.url {
        findings.extend(server(url));
    }
    let worst = findings.iter().map(|finding| finding.level).max();
    let code = match worst.unwrap_or(Level::Fine) {
        Level::Fine | Level::Note => 0,
        Level::Warning => 1,
        Level::Damage => 2,
    };
    let text = match flags.json {
        true => json(&findings, code)?,
        false => table(&findings, &dir.display().to_string()),
    };
    print!("{text}");
    Ok(ExitCode::from(code))
}

/// Rebuilds the catalog and reports the result.
async fn rebuild(dir: &Path, url: Option<&RegistryUrl>) -> anyhow::Result<Finding> {
    // Refuses a folder that a server uses before anything is opened in it.
    let locked = RealDisk.lock(dir);
    drop(locked.map_err(|source| match source.kind() {
        ErrorKind::WouldBlock => OpenError::Locked { path: dir.into() },
        _ => OpenError::Unwritable {
            path: dir.into(),
            source,
        },
    })?);
    let registry = registry::open(dir, url).await?;
    let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SystemEntropy));
    let disk = Arc::new(RealDisk);
    let recovery = rebuild_catalog(disk, clock, entropy, dir, registry.clone()).await?;
    registry.close().await;
    let text = format!(
        "rebuilt: {} segments are used, {} files were deleted because other segments hold their rows, {} files were moved to aside/",
        recovery.segments, recovery.deleted_files, recovery.set_aside_files
    );
    Ok(Finding::new(Level::Note, "catalog", text, ""))
}

/// The finding about the registry's file; none when there is no such file.
async fn look_at_registry(dir: &Path) -> Option<Finding> {
    let file = registry::file(dir);
    RealDisk.open(&file).ok()?;
    let finding = |level, text: String, advice| Finding::new(level, registry::FILE, text, advice);
    let advice = "restore the file from a backup, or move it away: names of services come back from the stored data, deployments, promoted attributes and settings do not";
    Some(match hinomi_registry::look(&file).await {
        Ok(complaints) if complaints.is_empty() => finding(
            Level::Fine,
            "names, deployments and settings can be read".into(),
            "",
        ),
        Ok(complaints) => finding(Level::Damage, complaints.join("; "), advice),
        Err(error) => finding(Level::Damage, error.to_string(), advice),
    })
}

/// Findings about a running server.
fn server(url: &str) -> Vec<Finding> {
    let clock = SystemClock::new();
    let begun = clock.unix_nanos();
    let health = match probe::get(url, "/healthz") {
        Ok(answer) => answer,
        Err(error) => {
            let advice = "start the server, or give its address with --url";
            return vec![Finding::new(
                Level::Warning,
                url,
                format!("does not answer ({error})"),
                advice,
            )];
        }
    };
    let mut found = Vec::new();
    let mut add = |level, text: String, advice: &str| {
        found.push(Finding::new(level, url, text, advice));
    };
    if health.status != 200 {
        let advice = "check the server's log, and whether this is the address of a Hinomi server";
        add(
            Level::Warning,
            format!("/healthz answers {}", health.status),
            advice,
        );
    }
    match probe::get(url, "/readyz") {
        Ok(ready) if ready.status == 200 => add(Level::Fine, "is ready".into(), ""),
        Ok(ready) => {
            let text = format!("is not ready: /readyz answers {}", ready.status);
            add(
                Level::Warning,
                text,
                "it is starting or stopping: try again in a moment",
            );
        }
        Err(error) => add(
            Level::Warning,
            format!("/readyz: {error}"),
            "check the server's log",
        ),
    }
    if let Some(version) = version(url) {
        let own = env!("CARGO_PKG_VERSION");
        let level = if version == own {
            Level::Fine
        } else {
            Level::Note
        };
        add(
            level,
            format!("is version {version}, this doctor is {own}"),
            "",
        );
    }
    if let Some(seconds) = health.date_seconds() {
        let here = begun.div_euclid(1_000_000_000);
        let skew = seconds - here;
        if skew.abs() > SKEW_SECONDS {
            let text = format!("its clock differs from this machine's clock by {skew} s");
            add(Level::Warning, text, "correct both clocks (NTP)");
        } else {
            add(
                Level::Fine,
                "its clock agrees with this machine's clock".into(),
                "",
            );
        }
    }
    match probe::get(url, "/metrics") {
        Ok(metrics) => found.extend(counters(url, &metrics.body)),
        Err(error) => add(
            Level::Warning,
            format!("/metrics: {error}"),
            "check the server's log",
        ),
    }
    found
}

/// The server's version, from the OpenAPI document.
fn version(url: &str) -> Option<String> {
    let described = probe::get(url, "/api/v1/openapi.json").ok()?;
    let described: serde_json::Value = serde_json::from_str(&described.body).ok()?;
    Some(described["info"]["version"].as_str()?.to_owned())
}

/// Findings about counters that should be 0 and are not.
fn counters(url: &str, metrics: &str) -> Vec<Finding> {
    let value = |name: &str| {
        let lines = metrics.lines().filter_map(|line| line.split_once(' '));
        let of_name = lines.filter(|(have, _)| *have == name);
        of_name
            .filter_map(|(_, value)| value.parse::<f64>().ok())
            .sum::<f64>()
    };
    let raised = COUNTERS.iter().filter_map(|(name, text, advice)| {
        let count = value(name);
        let found = || Finding::new(Level::Warning, url, format!("{count} {text}"), *advice);
        (count > 0.0).then(found)
    });
    let raised: Vec<_> = raised.collect();
    if raised.is_empty() {
        return vec![Finding::new(
            Level::Fine,
            url,
            "its failure counters are at 0",
            "",
        )];
    }
    raised
}

#[derive(Serialize)]
struct Report<'a> {
    exit_code: u8,
    findings: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    level: &'static str,
    subject: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    advice: &'a str,
}

fn json(findings: &[Finding], exit_code: u8) -> anyhow::Result<String> {
    let findings = findings
        .iter()
        .map(|finding| Line {
            level: word(finding.level),
            subject: &finding.subject,
            text: &finding.text,
            advice: &finding.advice,
        })
        .collect();
    let report = Report {
        exit_code,
        findings,
    };
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}

fn table(findings: &[Finding], dir: &str) -> String {
    let mut text = format!("{dir}\n");
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    // Sorted worst first; within a level, in the order of the checks.
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    for finding in sorted {
        let level = word(finding.level);
        text.push_str(&format!(
            "{level:<8} {}: {}\n",
            clean(&finding.subject),
            clean(&finding.text)
        ));
        if !finding.advice.is_empty() {
            text.push_str(&format!("{:<8} → {}\n", "", finding.advice));
        }
    }
    text
}

/// Replaces control characters: file names and messages of the system must not control the
/// terminal.
fn clean(text: &str) -> String {
    text.chars()
        .map(|letter| {
            if letter.is_control() {
                '\u{fffd}'
            } else {
                letter
            }
        })
        .collect()
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Fine => "ok",
        Level::Note => "note",
        Level::Warning => "warning",
        Level::Damage => "damage",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_above_zero_are_said_with_what_to_do() {
        let metrics = "# TYPE hinomi_store_flush_failures counter\nhinomi_store_flush_failures_total 3\n\
                       hinomi_store_commit_failures_total 0\nhinomi_ingest_refused_requests_total 7\n";
        let found = counters("u", metrics);
        let texts: Vec<_> = found.iter().map(|finding| finding.text.as_str()).collect();
        assert_eq!(texts.len(), 2, "{texts:?}");
        assert!(texts[0].starts_with("3 segments") && texts[1].starts_with("7 requests"));
        assert!(found.iter().all(|finding| !finding.advice.is_empty()));
        assert_eq!(counters("u", "")[0].level, Level::Fine);
    }

    #[test]
    fn the_worst_comes_first_and_nothing_steers_the_terminal() {
        let findings = [
            Finding::new(Level::Fine, "a", "well", ""),
            Finding::new(Level::Damage, "b\u{1b}[2J", "gone", "restore"),
        ];
        assert_eq!(
            table(&findings, "data"),
            "data\ndamage   b\u{fffd}[2J: gone\n         → restore\nok       a: well\n"
        );
    }
}
