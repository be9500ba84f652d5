//! Tasks that run the product: build it for tests, take screenshots, run benchmarks, score claims,
//! run the crash test.

use crate::{
    environment::{Environment, Need},
    shell,
    workspace::Workspace,
};
use anyhow::{Result, bail};
use clap::Args;
use std::path::PathBuf;

/// Options of `cargo xtask screenshots`.
#[derive(Args)]
pub struct ScreenshotOptions {
    /// Only screens whose name contains this
    #[arg(long)]
    screen: Option<String>,
}

/// Options of `cargo xtask bench`.
#[derive(Args)]
pub struct BenchOptions {
    /// Words for the driver; `cargo xtask bench -- --help` lists them
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// Options of `cargo xtask claims`.
#[derive(Args)]
pub struct ClaimsOptions {
    /// Number of seeds that are played
    #[arg(long)]
    seeds: Option<usize>,
    /// Seeds to leave out at the start of the list: to tune on seeds that the scoreboard does not use
    #[arg(long)]
    skip: Option<usize>,
    /// Simulated hours that are scored for each seed
    #[arg(long)]
    hours: Option<f64>,
    /// Edge requests a second, before the rhythm of the day
    #[arg(long)]
    rate: Option<f64>,
    /// Also list every episode
    #[arg(long)]
    episodes: bool,
    /// Use a build without optimisation, which is slower to run and faster to build
    #[arg(long)]
    debug: bool,
}

/// Options of `cargo xtask crash-test`.
#[derive(Args)]
pub struct CrashOptions {
    /// Number of times that the server is killed
    #[arg(long, default_value_t = 20)]
    rounds: u64,
    /// Seed of the kill times: the same seed gives the same times
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Builds the server for browser and client tests. Returns the path of the binary.
///
/// Uses the same packages and targets as `cargo test --workspace`, so that nothing is compiled
/// twice because of different features.
pub fn build_for_tests(workspace: &Workspace) -> Result<PathBuf> {
    shell::run(
        workspace
            .cargo()
            .args(["build", "--quiet", "--workspace", "--bins", "--tests"]),
    )?;
    binary(workspace, "debug")
}

/// Writes a screenshot of every screen, theme, language and width to tests/screenshots.
pub fn screenshots(workspace: &Workspace, options: &ScreenshotOptions) -> Result<bool> {
    let environment = Environment::prepare(workspace, &[Need::Browser, Need::NodePackages])?;
    // A release build, because the screenshots need a day of history, which a debug build fills in
    // slowly.
    shell::run(
        workspace
            .cargo()
            .args(["build", "--release", "-p", "hinomi"]),
    )?;
    let binary = binary(workspace, "release")?;
    let mut node = environment.command(workspace, "node");
    node.arg("tests/browser/screenshots.mjs")
        .env("HINOMI_BINARY", binary);
    node.args(&options.screen);
    shell::run(&mut node)?;
    Ok(true)
}

/// Runs the benchmark driver of crates/dev/bench on a release build, or on the binary that
/// `--binary` names.
///
/// The driver is a separate crate, so that this one compiles without gRPC.
pub fn bench(workspace: &Workspace, options: &BenchOptions) -> Result<bool> {
    let mut build = workspace.cargo();
    build.args(["build", "--release", "-p", "hinomi-bench"]);
    let given = options.arguments.iter().any(|word| word == "--binary");
    if !given {
        build.args(["-p", "hinomi"]);
    }
    shell::run(&mut build)?;
    let release = workspace.target_dir()?.join("release");
    let mut driver = workspace.command(release.join("hinomi-bench"));
    if !given {
        driver.arg("--binary").arg(binary(workspace, "release")?);
    }
    // The data is written beside the build, because a temporary folder may be in memory, where an
    // fsync costs nothing.
    driver.env("TMPDIR", workspace.target_dir()?);
    driver
        .arg("--json")
        .arg(workspace.target_dir()?.join("bench.json"));
    driver
        .arg("--table")
        .arg(workspace.path("docs/performance.md"));
    shell::run(driver.args(&options.arguments))?;
    Ok(true)
}

/// Runs crates/dev/claims, which prints the scoreboard of claims.
pub fn claims(workspace: &Workspace, options: &ClaimsOptions) -> Result<bool> {
    let mut driver = workspace.cargo();
    driver.args(["run", "--quiet", "-p", "hinomi-claims"]);
    if !options.debug {
        driver.arg("--release");
    }
    driver.arg("--");
    if let Some(seeds) = options.seeds {
        driver.arg("--seeds").arg(seeds.to_string());
    }
    if let Some(skip) = options.skip {
        driver.arg("--skip").arg(skip.to_string());
    }
    if let Some(hours) = options.hours {
        driver.arg("--hours").arg(hours.to_string());
    }
    if let Some(rate) = options.rate {
        driver.arg("--rate").arg(rate.to_string());
    }
    if options.episodes {
        driver.arg("--episodes");
    }
    shell::run(&mut driver)?;
    Ok(true)
}

/// Runs the crash test of `crates/app/hinomi/tests/crash` with many rounds, on the release build when
/// there is one.
pub fn crash_test(workspace: &Workspace, options: &CrashOptions) -> Result<bool> {
    let mut test = workspace.cargo();
    test.args(["test", "--quiet", "-p", "hinomi", "--test", "crash"])
        .args(["--", "--nocapture"])
        .env("HINOMI_CRASH_ROUNDS", options.rounds.to_string())
        .env("HINOMI_CRASH_SEED", options.seed.to_string());
    if let Ok(release) = binary(workspace, "release") {
        println!("killing {}", release.display());
        test.env("HINOMI_CRASH_BINARY", release);
    }
    shell::watch(&mut test, |_| {})
}

fn binary(workspace: &Workspace, profile: &str) -> Result<PathBuf> {
    let binary = workspace.target_dir()?.join(profile).join("hinomi");
    if !binary.exists() {
        bail!("the build left no {}", binary.display());
    }
    Ok(binary)
}
