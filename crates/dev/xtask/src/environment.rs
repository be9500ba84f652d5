//! Installs what the tests need besides the compiler: Debian packages, npm packages, a Python
//! virtual environment.
//!
//! Promises to do nothing, quickly, when everything is there: a copy of the lock file is kept
//! beside what was installed from it. Installs nothing from a URL: only by package managers and
//! package names. On a system without apt it reports what is missing and stops.

use crate::{shell, workspace::Workspace};
use anyhow::{Context, Result, bail};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The oldest Node.js that Playwright and the tests support.
const NODE_MAJOR: u32 = 20;
/// The Node.js version from the npm registry, for systems with an older one (Debian 12 has 18).
const NODE_VERSION: &str = "22.23.3";

/// A group of things to install.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Chromium and the fonts that Japanese and Korean pages need.
    Browser,
    /// Node.js and npm, with the packages of tests/browser (which brings the type checker).
    NodePackages,
    /// PostgreSQL's server programs, for the tests of the registry.
    Postgres,
    /// PostgreSQL, the Node sample application's packages and the Python one's environment.
    Clients,
}

/// The installed tools, for the steps that use them.
pub struct Environment {
    node_bin: Option<PathBuf>,
    directory: PathBuf,
}

impl Environment {
    /// Installs what `needs` name and is missing.
    pub fn prepare(workspace: &Workspace, needs: &[Need]) -> Result<Self> {
        let directory = workspace.target_dir()?.join("test-env");
        std::fs::create_dir_all(&directory)
            .with_context(|| format!("creating {}", directory.display()))?;
        let mut environment = Self {
            node_bin: None,
            directory,
        };

        install_debian_packages(&missing_packages(needs))?;
        if needs.contains(&Need::NodePackages) || needs.contains(&Need::Clients) {
            environment.find_node()?;
        }
        if needs.contains(&Need::NodePackages) {
            environment.install_node_packages(&workspace.path("tests/browser"))?;
        }
        if needs.contains(&Need::Clients) {
            environment.install_node_packages(&workspace.path("tests/clients/node"))?;
            environment.install_python_packages(&workspace.path("tests/clients/python"))?;
        }
        Ok(environment)
    }

    /// A command that finds the right Node.js, and that gets the path of the Python environment as
    /// a variable.
    pub fn command(&self, workspace: &Workspace, program: &str) -> Command {
        let mut command = workspace.command(program);
        self.set(&mut command);
        command
    }

    /// The Python environment's folder.
    pub fn venv(&self) -> PathBuf {
        self.directory.join("venv")
    }

    fn set(&self, command: &mut Command) {
        if let Some(bin) = &self.node_bin {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let paths = std::iter::once(bin.clone()).chain(std::env::split_paths(&path));
            if let Ok(path) = std::env::join_paths(paths) {
                command.env("PATH", path);
            }
        }
    }

    /// Uses the system's Node.js when it is new enough, else one from the npm registry.
    fn find_node(&mut self) -> Result<()> {
        if node_major().is_some_and(|major| major >= NODE_MAJOR) {
            return Ok(());
        }
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "x64",
            "aarch64" => "arm64",
            other => bail!(
                "Node.js {NODE_MAJOR} or newer is needed; install it (no package for {other})"
            ),
        };
        let package = format!("node-linux-{architecture}");
        let prefix = self.directory.join("node");
        let bin = prefix.join("node_modules").join(&package).join("bin");
        if !bin.join("node").exists() {
            println!("installing Node.js {NODE_VERSION} from the npm registry");
            std::fs::create_dir_all(&prefix)?;
            let name = format!("{package}@{NODE_VERSION}");
            let mut npm = Command::new("npm");
            npm.args([
                "install",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--prefix",
            ]);
            shell::run(npm.arg(&prefix).arg(name))?;
        }
        self.node_bin = Some(bin);
        Ok(())
    }

    /// Runs `npm ci` in `folder`, unless its lock file has not changed since the last installation.
    fn install_node_packages(&self, folder: &Path) -> Result<()> {
        let lock = folder.join("package-lock.json");
        let installed = folder.join("node_modules");
        let stamp = installed.join(".installed-lock");
        if same_text(&lock, &stamp) {
            return Ok(());
        }
        println!("installing npm packages of {}", folder.display());
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            .current_dir(folder);
        self.set(&mut npm);
        shell::run(&mut npm)?;
        std::fs::copy(&lock, &stamp).with_context(|| format!("writing {}", stamp.display()))?;
        Ok(())
    }

    /// A virtual environment with exactly the packages of `folder`'s requirements.txt.
    fn install_python_packages(&self, folder: &Path) -> Result<()> {
        let lock = folder.join("requirements.txt");
        let venv = self.venv();
        let stamp = venv.join("installed-requirements.txt");
        if same_text(&lock, &stamp) && venv.join("bin/opentelemetry-instrument").exists() {
            return Ok(());
        }
        println!("installing Python packages into {}", venv.display());
        let mut create = Command::new("python3");
        shell::run(create.args(["-m", "venv", "--clear"]).arg(&venv))?;
        // The list is complete and exact, so pip need not resolve dependencies.
        let mut pip = Command::new(venv.join("bin/pip"));
        pip.args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ]);
        pip.args(["--only-binary", ":all:", "--requirement"])
            .arg(&lock);
        shell::run(&mut pip)?;
        std::fs::copy(&lock, &stamp).with_context(|| format!("writing {}", stamp.display()))?;
        Ok(())
    }
}

/// Debian packages that `needs` require and that are missing.
fn missing_packages(needs: &[Need]) -> Vec<&'static str> {
    let mut missing = Vec::new();
    let mut want = |package, there: bool| {
        if !there {
            missing.push(package);
        }
    };
    if needs.contains(&Need::Browser) {
        want("chromium", Path::new("/usr/bin/chromium").exists());
        let fonts = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc";
        want("fonts-noto-cjk", Path::new(fonts).exists());
    }
    if needs.contains(&Need::NodePackages) || needs.contains(&Need::Clients) {
        want("nodejs", node_major().is_some());
        want(
            "npm",
            shell::read(Command::new("npm").arg("--version")).is_some(),
        );
    }
    if needs.contains(&Need::Postgres) || needs.contains(&Need::Clients) {
        want("postgresql", has_postgresql());
    }
    if needs.contains(&Need::Clients) {
        let mut python = Command::new("python3");
        want(
            "python3-venv",
            shell::read(python.args(["-c", "import ensurepip, venv"])).is_some(),
        );
    }
    missing
}

fn install_debian_packages(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("these are missing and there is no apt-get to install them: {names}");
    }
    println!("installing Debian packages: {names}");
    shell::run(as_root("apt-get").args(["update", "-qq"]))?;
    let mut install = as_root("apt-get");
    install
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(packages);
    shell::run(install.env("DEBIAN_FRONTEND", "noninteractive"))
        .with_context(|| format!("install these by hand and run again: {names}"))
}

/// `program` as root: with sudo for other users.
fn as_root(program: &str) -> Command {
    if is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.arg(program);
    command
}

fn is_root() -> bool {
    shell::read(Command::new("id").arg("-u")).is_some_and(|id| id == "0")
}

/// Whether the server programs of some version are where Debian installs them.
fn has_postgresql() -> bool {
    let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") else {
        return false;
    };
    versions
        .flatten()
        .any(|version| version.path().join("bin/initdb").exists())
}

fn node_major() -> Option<u32> {
    parse_node_major(&shell::read(Command::new("node").arg("--version"))?)
}

fn parse_node_major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Whether both files can be read and have the same contents.
fn same_text(one: &Path, other: &Path) -> bool {
    match (std::fs::read(one), std::fs::read(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions_are_read() {
        assert_eq!(parse_node_major("v20.20.2"), Some(20));
        assert_eq!(parse_node_major("v18.19.0"), Some(18));
        assert_eq!(parse_node_major("20.1"), None);
    }

    #[test]
    fn a_changed_lock_file_is_seen() {
        let folder = std::env::temp_dir().join(format!("xtask-stamp-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (lock, stamp) = (folder.join("lock"), folder.join("stamp"));
        std::fs::write(&lock, "one").unwrap();
        assert!(!same_text(&lock, &stamp), "there is no stamp yet");
        std::fs::copy(&lock, &stamp).unwrap();
        assert!(same_text(&lock, &stamp));
        std::fs::write(&lock, "two").unwrap();
        assert!(!same_text(&lock, &stamp));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
