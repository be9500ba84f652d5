//! Files that a start did not understand and did not delete.

use super::{files, path::Layout};
use hinomi_io::Disk;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Moves a file of the data folder to the same path below `aside/`. Returns its new path.
pub(crate) fn aside(disk: &dyn Disk, layout: &Layout, file: &Path) -> io::Result<PathBuf> {
    let name = file.strip_prefix(&layout.dir).unwrap_or(file);
    let mut to = layout.aside().join(name);
    let mut number = 0;
    while files::exists(disk, &to)? {
        number += 1;
        let mut other = layout.aside().join(name).into_os_string();
        other.push(format!(".{number}"));
        to = other.into();
    }
    let folder = to.parent().unwrap_or(&to);
    disk.create_dir_all(folder)?;
    disk.rename(file, &to)?;
    Ok(to)
}
