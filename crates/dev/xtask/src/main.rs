//! Developer tasks: `cargo xtask test | tidy | limits | screenshots | bench | claims | crash-test |
//! fuzz`.
//!
//! `test` is everything that CI runs, and installs what it needs first. `tidy` checks what neither
//! the compiler nor clippy can check. Promises to name every failure and to exit non-zero on any.
//! Uses the network only through the package managers, by package name.
#![expect(
    clippy::disallowed_methods,
    reason = "a task runner works on the real disk and measures real time; it is no part of the product"
)]

mod environment;
mod fuzz;
mod output;
mod product;
mod shell;
mod suite;
mod tidy;
mod workspace;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;
use workspace::Workspace;

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "Tasks for developers of Hinomi")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Installs what the tests need, then runs all of them; what CI runs
    Test(suite::Choice),
    /// Checks the tree: layers, headers, lengths, locales, vendored files, links, limits
    Tidy,
    /// Writes docs/limits.md from the source
    Limits,
    /// Writes a picture of every screen to tests/screenshots, from a running demo
    Screenshots(product::ScreenshotOptions),
    /// Measures ingest, freshness and queries; writes target/bench.json and docs/performance.md
    Bench(product::BenchOptions),
    /// Plays the simulated workload and prints how often what the product claims is true
    Claims(product::ClaimsOptions),
    /// Kills the server many times under load and looks for what is lost
    CrashTest(product::CrashOptions),
    /// Searches for inputs that break a decoder, led by coverage; needs a nightly compiler
    Fuzz(fuzz::FuzzOptions),
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one task. Returns `false` when it ran and found something wrong.
fn run(task: Task) -> Result<bool> {
    let workspace = Workspace::find()?;
    match task {
        Task::Test(choice) => suite::run(&workspace, &choice),
        Task::Tidy => tidy::run(&workspace),
        Task::Limits => write_limits(&workspace),
        Task::Screenshots(options) => product::screenshots(&workspace, &options),
        Task::Bench(options) => product::bench(&workspace, &options),
        Task::Claims(options) => product::claims(&workspace, &options),
        Task::CrashTest(options) => product::crash_test(&workspace, &options),
        Task::Fuzz(options) => fuzz::run(&workspace, &options),
    }
}

/// Writes the page of all limits.
fn write_limits(workspace: &Workspace) -> Result<bool> {
    let page = tidy::limits::page(&workspace.files()?);
    std::fs::write(workspace.path(tidy::limits::PAGE), page)?;
    Ok(true)
}
