//! Rebuilds the catalog from the segments, for `hinomi doctor --rebuild-catalog`.
//!
//! Moves the manifest and the index aside, puts back files that earlier starts moved aside, and
//! opens the folder. Opening adopts segments that no catalog names, according to their footers, if
//! nothing else holds their rows. Nothing is deleted that the log or other segments do not hold.

use crate::{
    Lake, LakeConfig, LakeLimits, OpenError, Recovery,
    catalog::{self, index},
    folder::aside::aside,
    folder::{files, path::Layout},
};
use hinomi_io::{Clock, Disk, Entropy};
use hinomi_store::Names;
use std::{path::Path, sync::Arc};

/// Rebuilds the catalog of a folder. No server may be using it.
pub async fn rebuild_catalog(
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    dir: &Path,
    names: Arc<dyn Names>,
) -> Result<Recovery, OpenError> {
    let layout = Layout { dir: dir.into() };
    {
        let lock = disk.lock(dir);
        let _lock = lock.map_err(|source| match source.kind() {
            std::io::ErrorKind::WouldBlock => OpenError::Locked { path: dir.into() },
            _ => unwritable(dir)(source),
        })?;
        hand_over(&*disk, &layout, &*names).await;
        let manifest = disk.list(&layout.manifest());
        for file in manifest.map_err(unwritable(dir))? {
            aside(&*disk, &layout, &file.path).map_err(unwritable(&file.path))?;
        }
        put_back(&*disk, &layout).map_err(unwritable(dir))?;
        // Otherwise a catalog of an earlier version at this path would be imported again.
        let old = layout.catalog();
        if files::exists(&*disk, &old).map_err(unwritable(&old))? {
            aside(&*disk, &layout, &old).map_err(unwritable(&old))?;
        }
        index::remove_beside(&*disk, &old).map_err(unwritable(&old))?;
        disk.sync_dir(dir).map_err(unwritable(dir))?;
    }
    let config = LakeConfig {
        dir: dir.into(),
        node: "node-1".into(),
        limits: LakeLimits::of_a_tool(),
    };
    let (lake, recovery) = Lake::open(config, disk, clock, entropy, names).await?;
    // If this fails, the replayed batches are still in the log.
    if let Err(error) = lake.close().await {
        tracing::warn!(%error, "the log could not be written to segments; the next start does it");
    }
    Ok(recovery)
}

/// Hands names that a catalog of an earlier version kept to the registry, as far as the catalog can be
/// read: a new catalog does not have them.
async fn hand_over(disk: &dyn Disk, layout: &Layout, names: &dyn Names) {
    let Ok((contents, _)) = catalog::peek(disk, layout).await else {
        return;
    };
    let old = contents.names.old_names();
    if !old.is_empty()
        && let Err(error) = names.take_over(old, None).await
    {
        tracing::error!(%error, "names of the old catalog could not be moved to the registry");
    }
}

/// Moves segments from `aside/` back to their original paths, where those are free.
fn put_back(disk: &dyn Disk, layout: &Layout) -> std::io::Result<()> {
    let segments = layout.aside().join("segments");
    for file in disk.list(&segments)? {
        let name = file.path.strip_prefix(layout.aside());
        let to = layout.dir.join(name.unwrap_or(&file.path));
        if files::exists(disk, &to)? {
            continue;
        }
        if let Some(folder) = to.parent() {
            disk.create_dir_all(folder)?;
        }
        disk.rename(&file.path, &to)?;
    }
    Ok(())
}

fn unwritable(path: &Path) -> impl FnOnce(std::io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Unwritable { path, source }
}
