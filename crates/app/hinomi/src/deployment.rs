//! `hinomi deployment`: reports a deployment to a running server and, if requested, waits for the
//! verdict. Made for the end of a pipeline: the exit code tells the result.

use crate::{
    cli::DeploymentFlags,
    probe::{self, Answer},
};
use anyhow::{Context, bail};
use hinomi_io::{Clock, SystemClock};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::json;
use std::{process::ExitCode, time::Duration};

/// Time between two requests for the verdict.
const PAUSE: Duration = Duration::from_secs(2);
/// Exit code when the verdict is worse.
const WORSE: u8 = 3;
/// Exit code when the wait is over without a verdict.
const COLLECTING: u8 = 4;

/// Characters that need no escape in a path and in a query.
const SAFE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The server's answer to a report.
#[derive(Debug, Deserialize)]
struct Told {
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    id: String,
    service: String,
    namespace: String,
    environment: String,
    version: String,
    at_ms: i64,
    label: String,
    told: bool,
}

/// The comparison of the old and the new version.
#[derive(Debug, Deserialize)]
struct Comparison {
    verdict: String,
    because: Vec<String>,
    old: Side,
    new: Side,
}

#[derive(Debug, Deserialize)]
struct Side {
    count: u64,
    errors: u64,
    p95_ms: Option<f64>,
}

/// The problem document of a request that failed.
#[derive(Debug, Deserialize)]
struct Problem {
    detail: String,
}

/// Reports the deployment, waits for the verdict and prints the result.
pub fn run(flags: &DeploymentFlags) -> anyhow::Result<ExitCode> {
    let body = json!({
        "service": flags.service,
        "namespace": flags.namespace,
        "environment": flags.environment,
        "version": flags.version.as_deref().unwrap_or_default(),
        "label": flags.label.as_deref().unwrap_or_default(),
        "at": flags.at,
    });
    let told = probe::post(&flags.url, "/api/v1/deployments", &body.to_string())
        .with_context(|| format!("{} could not be reached", flags.url))?;
    let told: Told = read(&told)?;
    let Some(item) = told.items.into_iter().find(|item| is_told(item, flags)) else {
        bail!("the server accepted the deployment but does not list it");
    };
    println!("{}", headline(&item));
    println!("{}{}", flags.url.trim_end_matches('/'), page(&item));
    match flags.wait {
        Some(longest) => wait(&flags.url, &item, longest),
        None => Ok(ExitCode::SUCCESS),
    }
}

fn is_told(item: &Item, flags: &DeploymentFlags) -> bool {
    item.told
        && item.version == flags.version.as_deref().unwrap_or_default()
        && item.label == flags.label.as_deref().unwrap_or_default()
}

fn headline(item: &Item) -> String {
    let at = jiff::Timestamp::from_millisecond(item.at_ms);
    let at = at.map_or_else(|_| item.at_ms.to_string(), |at| at.to_string());
    let place = [&item.namespace, &item.environment];
    let place: Vec<&str> = place
        .into_iter()
        .map(String::as_str)
        .filter(|name| !name.is_empty())
        .collect();
    let place = match place.as_slice() {
        [] => String::new(),
        names => format!(" ({})", names.join(", ")),
    };
    let version = match item.version.as_str() {
        "" => String::new(),
        version => format!(" {version}"),
    };
    format!("{}{version}{place} deployed at {at}", item.service)
}

/// URL path of the deployment's page.
fn page(item: &Item) -> String {
    let (service, id) = (escape(&item.service), escape(&item.id));
    let page = format!("/services/{service}/deployments/{id}");
    match item.environment.as_str() {
        "" => page,
        environment => format!("{page}?environment={}", escape(environment)),
    }
}

/// URL path of the deployment's comparison in the API.
fn address(item: &Item) -> String {
    let (service, id) = (escape(&item.service), escape(&item.id));
    let places = [
        ("namespace", &item.namespace),
        ("environment", &item.environment),
    ];
    let said = places.iter().filter(|(_, value)| !value.is_empty());
    let said: Vec<String> = said
        .map(|(name, value)| format!("{name}={}", escape(value)))
        .collect();
    let said = said.join("&");
    format!("/api/v1/deployments/{service}/{id}?{said}")
}

fn escape(text: &str) -> String {
    utf8_percent_encode(text, SAFE).to_string()
}

/// Asks for the comparison until there is a verdict. When a request fails, it is repeated until the
/// wait is over.
fn wait(url: &str, item: &Item, longest: Duration) -> anyhow::Result<ExitCode> {
    let clock = SystemClock::new();
    let address = address(item);
    loop {
        let left = longest.saturating_sub(clock.monotonic());
        match probe::get(url, &address).and_then(|answer| read::<Comparison>(&answer)) {
            Ok(comparison) if comparison.verdict != "collecting" || left.is_zero() => {
                println!("{}", sentence(&comparison));
                return Ok(match comparison.verdict.as_str() {
                    "worse" => ExitCode::from(WORSE),
                    "collecting" => ExitCode::from(COLLECTING),
                    _ => ExitCode::SUCCESS,
                });
            }
            Err(error) if left.is_zero() => return Err(error),
            _ => std::thread::sleep(PAUSE.min(left)),
        }
    }
}

/// The verdict, its reasons, and the numbers of both versions.
fn sentence(comparison: &Comparison) -> String {
    let verdict = comparison.verdict.replace('_', " ");
    let because = match comparison.because.as_slice() {
        [] => String::new(),
        metrics => format!(" ({})", metrics.join(", ")),
    };
    let (before, since) = (side(&comparison.old), side(&comparison.new));
    format!("{verdict}{because}\nbefore: {before}\nsince:  {since}")
}

fn side(side: &Side) -> String {
    let p95 = side
        .p95_ms
        .map_or_else(|| "none".to_owned(), |p95| format!("{p95:.1} ms"));
    #[expect(clippy::cast_precision_loss, reason = "a share that is printed")]
    let errors = side.errors as f64 * 100.0 / side.count.max(1) as f64;
    format!(
        "{} transactions, p95 {p95}, errors {errors:.2} %",
        side.count
    )
}

fn read<T: serde::de::DeserializeOwned>(answer: &Answer) -> anyhow::Result<T> {
    if !matches!(answer.status, 200..300) {
        let problem: Result<Problem, _> = serde_json::from_str(&answer.body);
        match problem {
            Ok(problem) => bail!("the server says: {}", problem.detail),
            Err(_) => bail!("the server answered with status {}", answer.status),
        }
    }
    serde_json::from_str(&answer.body).context("the answer is not one of Hinomi's")
}
