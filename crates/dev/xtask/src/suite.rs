//! `cargo xtask test`: everything that CI runs, in one command.
//!
//! Promises to run every chosen step even when an earlier one failed, to time each step, and to end
//! with a table and one line of totals. A step that exits with 0 but ran no test has failed.

use crate::{
    environment::{Environment, Need},
    output::Counts,
    product, shell, tidy,
    workspace::Workspace,
};
use anyhow::Result;
use clap::{Args, ValueEnum};
use std::time::{Duration, Instant};

/// The steps to run.
#[derive(Args)]
pub struct Choice {
    /// Run these steps only, comma-separated
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Step>,
    /// Leave these steps out, comma-separated
    #[arg(long, value_enum, value_delimiter = ',')]
    skip: Vec<Step>,
}

/// The steps, in the order in which they run: quick steps that often fail come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// cargo fmt --all --check
    Fmt,
    /// cargo clippy on everything, warnings are errors
    Clippy,
    /// cargo xtask tidy
    Tidy,
    /// cargo test on the workspace
    Rust,
    /// tsc --checkJs on the front end and on the tests
    Types,
    /// real OpenTelemetry clients against the server
    Clients,
    /// the pages in headless Chromium
    Browser,
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn needs(self) -> &'static [Need] {
        match self {
            Self::Fmt | Self::Clippy | Self::Tidy => &[],
            Self::Rust => &[Need::Postgres],
            Self::Types => &[Need::NodePackages],
            Self::Clients => &[Need::Clients],
            Self::Browser => &[Need::Browser, Need::NodePackages],
        }
    }

    /// Whether the step runs tests that are counted individually.
    fn counts_tests(self) -> bool {
        matches!(self, Self::Rust | Self::Clients | Self::Browser)
    }
}

impl Choice {
    fn steps(&self) -> Vec<Step> {
        let chosen = |step: &Step| self.only.is_empty() || self.only.contains(step);
        let all = Step::value_variants().iter().copied();
        all.filter(|step| chosen(step) && !self.skip.contains(step))
            .collect()
    }
}

struct Report {
    step: Step,
    passed: bool,
    counts: Counts,
    took: Duration,
}

/// Runs the chosen steps. Returns whether all passed.
pub fn run(workspace: &Workspace, choice: &Choice) -> Result<bool> {
    let steps = choice.steps();
    let needs: Vec<Need> = steps
        .iter()
        .flat_map(|step| step.needs())
        .copied()
        .collect();
    let began = Instant::now();
    let environment = Environment::prepare(workspace, &needs)?;
    println!(
        "what the tests need is installed ({:.1} s)",
        began.elapsed().as_secs_f64()
    );

    let mut reports = Vec::new();
    for step in steps {
        println!("\n== {}", step.name());
        let began = Instant::now();
        let mut counts = Counts::default();
        let outcome = run_step(step, workspace, &environment, &mut counts);
        if let Err(error) = &outcome {
            eprintln!("xtask: {error:#}");
        }
        let ok = outcome.unwrap_or(false);
        reports.push(judge(step, ok, counts, began.elapsed()));
    }
    Ok(close(&reports))
}

/// The report of a step. A step passes only if it has tested something.
fn judge(step: Step, ok: bool, mut counts: Counts, took: Duration) -> Report {
    if !step.counts_tests() {
        counts = Counts::one(ok);
    }
    let passed = ok && counts.failed == 0 && counts.passed > 0;
    if !passed && counts.failed == 0 {
        counts.failed = 1;
    }
    Report {
        step,
        passed,
        counts,
        took,
    }
}

/// Prints the table and the totals. Returns whether every step passed.
fn close(reports: &[Report]) -> bool {
    println!(
        "\n{:<10}{:<8}{:>8}{:>8}{:>9}{:>10}",
        "step", "", "passed", "failed", "skipped", "time"
    );
    let mut total = Counts::default();
    for Report {
        step,
        passed,
        counts,
        took,
    } in reports
    {
        let word = if *passed { "ok" } else { "FAILED" };
        println!(
            "{:<10}{word:<8}{:>8}{:>8}{:>9}{:>8.1} s",
            step.name(),
            counts.passed,
            counts.failed,
            counts.skipped,
            took.as_secs_f64()
        );
        total += *counts;
    }
    println!("\n{} passed, {} failed", total.passed, total.failed);
    reports.iter().all(|report| report.passed)
}

fn run_step(
    step: Step,
    workspace: &Workspace,
    environment: &Environment,
    counts: &mut Counts,
) -> Result<bool> {
    let mut count = |line: &str| *counts += Counts::of_line(line);
    let mut cargo = workspace.cargo();
    match step {
        Step::Fmt => shell::watch(cargo.args(["fmt", "--all", "--check"]), count),
        Step::Clippy => {
            cargo.args([
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]);
            shell::watch(&mut cargo, count)
        }
        Step::Tidy => tidy::run(workspace),
        Step::Rust => shell::watch(cargo.args(["test", "--workspace", "--no-fail-fast"]), count),
        Step::Types => {
            let mut ok = true;
            for project in ["crates/front/tsconfig.json", "tests/tsconfig.json"] {
                let mut tsc = environment.command(workspace, "tests/browser/node_modules/.bin/tsc");
                ok &= shell::watch(
                    tsc.args(["--noEmit", "--pretty", "false", "-p", project]),
                    &mut count,
                )?;
            }
            Ok(ok)
        }
        Step::Clients => {
            let binary = product::build_for_tests(workspace)?;
            let mut node = node_test(workspace, environment, &binary);
            node.env("HINOMI_TEST_VENV", environment.venv());
            let files = [
                "tests/clients/clients.test.mjs",
                "tests/clients/segments.test.mjs",
            ];
            shell::watch(node.args(files), count)
        }
        Step::Browser => {
            let binary = product::build_for_tests(workspace)?;
            let mut node = node_test(workspace, environment, &binary);
            shell::watch(node.arg("tests/browser/all.test.mjs"), count)
        }
    }
}

/// Node's test runner, with the server to test as a variable.
fn node_test(
    workspace: &Workspace,
    environment: &Environment,
    binary: &std::path::Path,
) -> std::process::Command {
    let mut node = environment.command(workspace, "node");
    node.args(["--test", "--test-reporter=spec"])
        .env("HINOMI_BINARY", binary);
    node
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        choice: Choice,
    }

    fn check(line: &str, expected: &str) {
        let words = std::iter::once("test").chain(line.split_whitespace());
        let steps = Line::try_parse_from(words).unwrap().choice.steps();
        let names: Vec<_> = steps.into_iter().map(Step::name).collect();
        assert_eq!(names.join(" "), expected, "{line}");
    }

    #[test]
    fn steps_are_chosen_by_only_and_skip_and_keep_their_order() {
        check("", "fmt clippy tidy rust types clients browser");
        check("--only browser,fmt", "fmt browser");
        check("--skip browser,clients", "fmt clippy tidy rust types");
        check("--only fmt,tidy --skip fmt", "tidy");
        assert!(Line::try_parse_from(["test", "--only", "nothing"]).is_err());
    }

    #[test]
    fn a_step_that_ran_no_test_has_failed() {
        let none = Counts::default();
        let some = Counts { passed: 3, ..none };
        let bad = Counts {
            passed: 3,
            failed: 1,
            ..none
        };
        let judge = |step, ok, counts| judge(step, ok, counts, Duration::ZERO);
        assert!(!judge(Step::Rust, true, none).passed);
        assert!(judge(Step::Rust, true, some).passed);
        assert!(
            !judge(Step::Rust, true, bad).passed,
            "a failed test outweighs the exit code"
        );
        assert!(!judge(Step::Rust, false, some).passed);
        assert_eq!(
            judge(Step::Rust, false, some).counts.failed,
            1,
            "a crash counts as a failure"
        );
        assert!(judge(Step::Fmt, true, none).passed);
        assert_eq!(judge(Step::Fmt, false, none).counts.failed, 1);
    }
}
