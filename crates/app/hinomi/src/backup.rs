//! `hinomi backup` and `hinomi restore`: verified copies of a data folder.

use crate::{
    cli::{BackupFlags, RestoreFlags},
    registry,
};
use anyhow::Context;
use hinomi_io::{Clock, Disk, RealDisk, SystemClock, SystemEntropy};
use hinomi_lake::{BackupReport, Lake, LakeConfig, LakeLimits, LockedFolder};
use hinomi_model::UnixNanos;
use std::{path::PathBuf, process::ExitCode, sync::Arc};

/// Makes a backup, or verifies one. Exit code 1 when the backup contains damaged segments.
pub fn run(flags: &BackupFlags) -> anyhow::Result<ExitCode> {
    if flags.verify {
        let report = hinomi_lake::verify_backup(&RealDisk, &flags.folder)?;
        println!("{}: whole, {}", flags.folder.display(), sizes(&report));
        return Ok(ExitCode::SUCCESS);
    }
    let dir = flags
        .data_dir
        .clone()
        .unwrap_or_else(|| PathBuf::from("data"));
    let now = UnixNanos(SystemClock::new().unix_nanos());
    let copy_registry = async |to: PathBuf| {
        let from = registry::file(&dir);
        if RealDisk.open(&from).is_err() {
            return Ok(false);
        }
        let copied = hinomi_registry::copy(&from, &to).await;
        copied.map(|()| true).map_err(|error| error.to_string())
    };
    let beside = (registry::FILE, copy_registry);
    let made = hinomi_lake::backup(Arc::new(RealDisk), &dir, &flags.folder, now, beside);
    let report = runtime()?.block_on(made)?;
    println!("{}: {}", flags.folder.display(), sizes(&report));
    for name in &report.left_out {
        eprintln!("hinomi: {name:?} does not belong to the store and is not in the backup");
    }
    for name in &report.damaged {
        eprintln!("hinomi: {name:?} is damaged in the data folder; run hinomi doctor");
    }
    Ok(ExitCode::from(u8::from(!report.damaged.is_empty())))
}

/// Restores a backup and opens the store once to verify it. Exit code 1 when the store reports lost
/// data.
pub fn restore(flags: &RestoreFlags) -> anyhow::Result<ExitCode> {
    let dir = flags
        .data_dir
        .clone()
        .unwrap_or_else(|| PathBuf::from("data"));
    let report = hinomi_lake::restore(&RealDisk, &flags.folder, &dir)?;
    let recovery = runtime()?
        .block_on(async {
            let config = LakeConfig {
                dir: dir.clone(),
                node: "node-1".into(),
                limits: LakeLimits::of_a_tool(),
            };
            let locked = LockedFolder::lock(Arc::new(RealDisk), dir.clone())?;
            let registry = registry::open(&dir, flags.registry_url.as_ref()).await?;
            let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SystemEntropy));
            let opened = Lake::open_locked(locked, config, clock, entropy, registry.clone());
            let (lake, recovery) = opened.await?;
            lake.close().await?;
            registry.close().await;
            Ok::<_, anyhow::Error>(recovery)
        })
        .context("the backup was copied, but the store does not open; use another backup")?;
    println!(
        "{}: restored, {}, {} batches from the log",
        dir.display(),
        sizes(&report),
        recovery.replayed_batches
    );
    if recovery.has_losses() {
        eprintln!("hinomi: some data in this backup is lost; run hinomi doctor --deep");
    }
    Ok(ExitCode::from(u8::from(recovery.has_losses())))
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.context("the threads could not be started")
}

fn sizes(report: &BackupReport) -> String {
    format!(
        "{} files, {} MiB, {} segments",
        report.files,
        report.bytes >> 20,
        report.segments
    )
}
