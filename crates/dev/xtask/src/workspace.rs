//! The repository, its files, and the folder of build output.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{path::PathBuf, process::Command};

/// The repository that this task runs in.
pub struct Workspace {
    root: PathBuf,
}

/// A file of the project, with its text.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Path from the repository's root, with `/` as separator.
    pub path: String,
    /// Its contents; `None` when they are not UTF-8.
    pub text: Option<String>,
}

impl Workspace {
    /// The repository that contains this crate.
    pub fn find() -> Result<Self> {
        let manifest_dir = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir
            .ancestors()
            .nth(3)
            .context("xtask's folder has no great-grandparent; run it by `cargo xtask`")?
            .to_path_buf();
        Ok(Self { root })
    }

    /// A path below the root.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A command that runs at the repository's root.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// The cargo that runs this task.
    pub fn cargo(&self) -> Command {
        self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// The output of `cargo metadata --no-deps`.
    pub fn metadata(&self) -> Result<Value> {
        let output = self
            .cargo()
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .context("cargo metadata did not start")?;
        if !output.status.success() {
            bail!(
                "cargo metadata failed: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        serde_json::from_slice(&output.stdout).context("cargo metadata printed no JSON")
    }

    /// Cargo's target folder.
    pub fn target_dir(&self) -> Result<PathBuf> {
        let metadata = self.metadata()?;
        let directory = metadata["target_directory"].as_str();
        Ok(directory
            .context("cargo metadata names no target_directory")?
            .into())
    }

    /// Every file of the project: tracked, or new and not ignored. Deleted ones are left out.
    pub fn files(&self) -> Result<Vec<SourceFile>> {
        let output = self
            .command("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .output()
            .context("git did not start; tidy reads the list of files from it")?;
        if !output.status.success() {
            bail!(
                "git ls-files failed: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let mut files = Vec::new();
        for path in output
            .stdout
            .split(|byte| *byte == 0)
            .filter(|path| !path.is_empty())
        {
            let path = std::str::from_utf8(path).context("a file's name is not UTF-8")?;
            match std::fs::read(self.root.join(path)) {
                Ok(bytes) => files.push(SourceFile {
                    path: path.to_owned(),
                    text: String::from_utf8(bytes).ok(),
                }),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error).with_context(|| format!("reading {path}")),
            }
        }
        Ok(files)
    }
}
