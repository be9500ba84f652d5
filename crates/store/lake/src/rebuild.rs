//! Making the catalog anew from the segments: what `hinomi doctor --rebuild-catalog` does.
//!
//! The manifest and the index are moved aside, files that earlier starts moved aside are put back, and the
//! folder is opened: a start takes segments that no catalog names by what their footers say, as far as nothing
//! else holds their rows. Nothing is deleted that the log or other segments do not hold.

use crate::{
    Lake, LakeConfig, LakeLimits, OpenError, Recovery, Retention, catalog::index, path::Layout,
    reconcile::aside,
};
use hinomi_io::{Clock, Disk, Entropy};
use std::{path::Path, sync::Arc};

/// Makes the catalog of a folder anew; no server may run on it.
pub async fn rebuild_catalog(
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    dir: &Path,
) -> Result<Recovery, OpenError> {
    let layout = Layout { dir: dir.into() };
    {
        let lock = disk.lock(dir);
        let _lock = lock.map_err(|source| match source.kind() {
            std::io::ErrorKind::WouldBlock => OpenError::Locked { path: dir.into() },
            _ => unwritable(dir)(source),
        })?;
        let manifest = disk.list(&layout.manifest());
        for file in manifest.map_err(unwritable(dir))? {
            aside(&*disk, &layout, &file.path).map_err(unwritable(&file.path))?;
        }
        put_back(&*disk, &layout).map_err(unwritable(dir))?;
        // Else it would be taken for the catalog of an earlier version, should it be one.
        let old = layout.catalog();
        if disk.open(&old).is_ok() {
            aside(&*disk, &layout, &old).map_err(unwritable(&old))?;
        }
        index::remove_beside(&*disk, &old).map_err(unwritable(&old))?;
        disk.sync_dir(dir).map_err(unwritable(dir))?;
    }
    let config = LakeConfig {
        dir: dir.into(),
        node: "node-1".into(),
        // How long data are kept is the server's to know: nothing goes by age here.
        limits: LakeLimits {
            retention: Retention::FOREVER,
            ..LakeLimits::default()
        },
    };
    let (lake, recovery) = Lake::open(config, disk, clock, entropy).await?;
    // What was brought back from the log stays there, should writing it fail.
    if let Err(error) = lake.close().await {
        tracing::warn!(%error, "the log could not be written to segments; the next start does it");
    }
    Ok(recovery)
}

/// Puts segments that were moved aside back to where they were, where that place is free.
fn put_back(disk: &dyn Disk, layout: &Layout) -> std::io::Result<()> {
    let segments = layout.aside().join("segments");
    for file in disk.list(&segments)? {
        let name = file.path.strip_prefix(layout.aside());
        let to = layout.dir.join(name.unwrap_or(&file.path));
        if disk.open(&to).is_ok() {
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
