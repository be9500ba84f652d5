//! Runs other programs and reports their errors.

use anyhow::{Context, Result, bail};
use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

/// Runs `command` with its output shown; an error when it does not exit with 0.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = command
        .status()
        .with_context(|| format!("`{shown}` did not start"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Runs `command` quietly; `None` when it cannot start or does not exit with 0.
pub fn read(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs `command`, showing each line of its standard output and handing it to `line`.
/// Returns whether it exited with 0.
pub fn watch(command: &mut Command, mut line: impl FnMut(&str)) -> Result<bool> {
    let shown = show(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{shown}` did not start"))?;
    let output = child
        .stdout
        .take()
        .context("a piped standard output is there")?;
    let mut screen = std::io::stdout();
    for bytes in BufReader::new(output).split(b'\n') {
        let bytes = bytes.with_context(|| format!("reading from `{shown}`"))?;
        let text = String::from_utf8_lossy(&bytes);
        writeln!(screen, "{text}")?;
        line(&text);
    }
    let status = child
        .wait()
        .with_context(|| format!("waiting for `{shown}`"))?;
    Ok(status.success())
}

/// The command as a person would type it.
fn show(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ")
}
