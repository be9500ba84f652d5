//! `cargo xtask fuzz`: the coverage-guided search for inputs that break a target of hinomi-fuzz.
//!
//! Needs a nightly compiler and `cargo-fuzz`, which it installs by name. Failing inputs are written
//! to `fuzz/artifacts`; whoever fixes one adds the input to the corpus. With `--keep`, inputs that
//! reach new code are minimised and added to the corpus as well.

use crate::{shell, workspace::Workspace};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::path::Path;

/// Options of `cargo xtask fuzz`.
#[derive(Args)]
pub struct FuzzOptions {
    /// Targets to fuzz, comma-separated; all targets when absent
    #[arg(long, value_delimiter = ',')]
    target: Vec<String>,
    /// Seconds to spend on each target
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Add the new inputs to the corpus: a minimal set that covers the same code
    #[arg(long)]
    keep: bool,
}

/// Longest input that is tried, in bytes: enough for a few records, short enough for many tries.
const INPUT_BYTES: usize = 4_096;
/// Longest input that is kept, in bytes.
const KEPT_BYTES: u64 = 1_024;
/// Most inputs of a target that are kept.
const KEPT: usize = 60;

/// Runs the search. Returns whether nothing was found.
pub fn run(workspace: &Workspace, options: &FuzzOptions) -> Result<bool> {
    if shell::read(workspace.command("cargo").args(["fuzz", "--version"])).is_none() {
        shell::run(
            workspace
                .command("cargo")
                .args(["install", "--locked", "cargo-fuzz"]),
        )?;
    }
    let known = names(&workspace.path("crates/dev/fuzz/corpus"))?;
    if let Some(odd) = options.target.iter().find(|name| !known.contains(name)) {
        bail!("there is no target {odd}; there are {}", known.join(", "));
    }
    let chosen = if options.target.is_empty() {
        &known
    } else {
        &options.target
    };
    let mut sound = true;
    for target in chosen {
        println!("\n== {target}");
        sound &= search(workspace, target, options.seconds)?;
        if options.keep {
            keep(workspace, target)?;
        }
    }
    Ok(sound)
}

fn search(workspace: &Workspace, target: &str, seconds: u64) -> Result<bool> {
    let found = workspace.path(&format!("fuzz/corpus/{target}"));
    std::fs::create_dir_all(&found).with_context(|| format!("making {}", found.display()))?;
    let mut fuzz = cargo_fuzz(workspace, &["run", target]);
    fuzz.arg(&found)
        .arg(workspace.path(&format!("crates/dev/fuzz/corpus/{target}")))
        .args([
            "--",
            "-rss_limit_mb=2048",
            "-timeout=20",
            "-print_final_stats=1",
        ])
        .arg(format!("-max_len={INPUT_BYTES}"))
        .arg(format!("-max_total_time={seconds}"));
    shell::watch(&mut fuzz, |_| {})
}

/// Keeps the smallest set of inputs that covers the same code as all that were found.
fn keep(workspace: &Workspace, target: &str) -> Result<()> {
    let few = workspace.path(&format!("fuzz/corpus/{target}-few"));
    let corpus = workspace.path(&format!("crates/dev/fuzz/corpus/{target}"));
    let _ = std::fs::remove_dir_all(&few);
    std::fs::create_dir_all(&few)?;
    let mut merge = cargo_fuzz(workspace, &["run", target]);
    merge
        .arg(&few)
        .arg(&corpus)
        .arg(workspace.path(&format!("fuzz/corpus/{target}")))
        .args(["--", "-merge=1"])
        .arg(format!("-max_len={KEPT_BYTES}"));
    shell::run(&mut merge)?;
    let mut names = names(&few)?;
    names.sort_by_key(|name| std::fs::metadata(few.join(name)).map_or(0, |file| file.len()));
    for name in names.iter().take(KEPT) {
        std::fs::copy(few.join(name), corpus.join(&name[..name.len().min(16)]))?;
    }
    std::fs::remove_dir_all(&few)?;
    Ok(())
}

fn cargo_fuzz(workspace: &Workspace, words: &[&str]) -> std::process::Command {
    // Not the cargo that runs this task, because that one belongs to the stable compiler.
    let mut cargo = workspace.command("cargo");
    cargo.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
    let (verb, target) = (words[0], words[1]);
    cargo.args(["+nightly", "fuzz", verb, "--fuzz-dir", "fuzz", target]);
    cargo
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder);
    let entries = entries.with_context(|| format!("reading {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
