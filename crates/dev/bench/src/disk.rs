//! Disk usage of a data folder by purpose, and dropping its files from the page cache.

use anyhow::{Context, Result};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Bytes by part: `segments/<table>`, or the first name in the path.
pub fn parts(folder: &Path) -> Result<BTreeMap<String, u64>> {
    let mut parts = BTreeMap::new();
    for (path, bytes) in files(folder)? {
        let inside = path.strip_prefix(folder).unwrap_or(&path);
        *parts.entry(part(inside)).or_default() += bytes;
    }
    Ok(parts)
}

/// The table's name if the path has one, else the first component.
fn part(inside: &Path) -> String {
    let names: Vec<String> = inside
        .iter()
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    let table = names.iter().find(|name| {
        ["spans", "transactions"].contains(&name.as_str()) || name.starts_with("rollup")
    });
    let first = names.first().map_or("", String::as_str);
    // Journal files of SQLite belong to their database.
    let first = first.split("-wal").next().unwrap_or(first);
    let first = first.split("-shm").next().unwrap_or(first);
    table.map_or(first, String::as_str).to_owned()
}

/// All files below a folder, with their lengths.
fn files(folder: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                found.push((entry.path(), metadata.len()));
            }
        }
    }
    Ok(found)
}

/// Flushes all files and drops this folder's files from the page cache. Other files stay in it,
/// because the machine has other users.
pub fn forget(folder: &Path) -> Result<()> {
    Command::new("sync").status().context("running sync")?;
    for (path, _) in files(folder)? {
        let mut input = std::ffi::OsString::from("if=");
        input.push(&path);
        Command::new("dd")
            .arg(input)
            .args(["of=/dev/null", "iflag=nocache", "count=0"])
            .stderr(Stdio::null())
            .status()
            .context("running dd")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_count_for_their_table_or_for_what_they_are() {
        assert_eq!(part(Path::new("segments/spans/3/a.seg")), "spans");
        assert_eq!(part(Path::new("segments/rollups_5s/a.seg")), "rollups_5s");
        assert_eq!(part(Path::new("catalog.db-wal")), "catalog.db");
        assert_eq!(part(Path::new("wal/7.log")), "wal");
    }
}
