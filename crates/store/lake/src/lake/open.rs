//! Opens the store: catalog, segment files, log, clock and threads.

use super::{Inner, Lake, LakeConfig};
use crate::{
    OpenError, Recovery,
    catalog::{self, Catalog, Source, index::Indexer},
    data::Data,
    flush::Flusher,
    folder::{files, path::Layout, time_keeper::TimeKeeper},
    lists::Lists,
    log::{committer::Committer, queue::Queue, watermark},
    maintenance::{Maintainer, disk_watch::DiskWatch, requests::Maintenance, scrub::Scrubber},
    names,
    quarantine::{Note, Notes},
    query::pool::QueryPool,
    recovery::{self, Restorer, leftovers::Leftovers, losses, reconcile},
    segment::files::SegmentFiles,
    segment::{Footers, lineage::Lineage},
    shared::{LogState, Shared, Threads},
    stats::Counters,
    tables::rollups::cache::RollupCache,
    wake::Wake,
};
use hinomi_io::{Clock, Disk, Entropy, MemoryShare};
use hinomi_model::UnixNanos;
use hinomi_store::Names;
use hinomi_wal::{Wal, WalLimits};
use std::{
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicBool, AtomicI64, AtomicU64},
    },
};

/// A data folder that no other process can use. It is released when it is dropped, or when the lake
/// in it closes.
pub struct LockedFolder {
    disk: Arc<dyn Disk>,
    layout: Layout,
    lock: Box<dyn Send + Sync>,
}

impl LockedFolder {
    /// Creates the folder if it is missing, and locks it.
    pub fn lock(disk: Arc<dyn Disk>, dir: PathBuf) -> Result<Self, OpenError> {
        let layout = Layout { dir };
        let lock = prepare(&*disk, &layout)?;
        Ok(Self { disk, layout, lock })
    }
}

impl Lake {
    /// Opens the folder and repairs what a crash left behind. Afterwards everything that was ever
    /// acknowledged is visible. `names` is the registry.
    pub async fn open(
        config: LakeConfig,
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        names: Arc<dyn Names>,
    ) -> Result<(Self, Recovery), OpenError> {
        let folder = LockedFolder::lock(disk, config.dir.clone())?;
        Self::open_locked(folder, config, clock, entropy, names).await
    }

    /// As [`Self::open`], in a folder that is locked already.
    pub async fn open_locked(
        folder: LockedFolder,
        config: LakeConfig,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        names: Arc<dyn Names>,
    ) -> Result<(Self, Recovery), OpenError> {
        let LockedFolder { disk, layout, lock } = folder;
        let LakeConfig { node, limits, .. } = config;
        let (catalog, found) = Catalog::open(disk.clone(), entropy.clone(), &layout).await?;
        let mut recovery = Recovery::default();
        if let Source::Gaps(lost) = found.source {
            tracing::error!(
                lost,
                "records of the catalog's manifest are lost; what they said of segments is taken from the segments"
            );
            recovery.lost_manifest_records = lost;
        }
        let reconciled = catalog.mend(|contents| {
            let reconciled = reconcile::reconcile(&*disk, &layout, contents, &mut recovery);
            let is_changed = reconciled.as_ref().is_ok_and(|done| done.is_changed);
            (is_changed, reconciled)
        })?;
        catalog.deleted(reconciled.deleted);
        // A database may have lost rows of names; rollups have those of services and versions.
        let is_complete = found.source == Source::Manifest;
        let handed_over = names::hand_over(&catalog, &*names, &node, is_complete).await;
        let newest = || {
            let in_log = recovery::newest_in_log(&*disk, &layout).map_err(OpenError::Log)?;
            let ends = |contents: &catalog::Contents| {
                let ends = contents.segments.values().map(|segment| segment.range.to);
                ends.chain(in_log).max()
            };
            Ok(catalog.read(ends).map(|newest| newest.0))
        };
        let time = TimeKeeper::start(&*disk, &layout, clock, &limits, newest)?;
        let clock: Arc<dyn Clock> = time.clock.clone();
        let now = UnixNanos(clock.unix_nanos());
        let (mut state, mut pending) = catalog.read(|contents| {
            let (lost, pending) =
                losses::settle(&*disk, &layout, contents, &found, now, &mut recovery);
            (Lists::restored(contents, lost), pending)
        });
        // The next id must also exceed those of damaged rows, quarantined segments and files
        // without a catalog row, because their ids and paths are in use.
        let damaged = found.damaged_rows.iter().map(|row| row.segment).max();
        let known = catalog.read(|contents| contents.highest_id());
        let next = known.max(damaged.unwrap_or(0)).max(reconciled.highest) + 1;
        let (checkpoint, scrub) = catalog.read(|contents| (contents.checkpoint, contents.scrub));
        let above = state
            .all_segments()
            .map(|segment| &segment.lineage)
            .filter(|lineage| lineage.last() > checkpoint);
        let held = Lineage::union(above);
        let mut restorer = Restorer {
            limits: &limits,
            state: &mut state,
            names: &*names,
            recovery: &mut recovery,
            now: clock.monotonic(),
            held: held.clone(),
            found: Lineage::default(),
            undecodable: Vec::new(),
        };
        let (mut wal, log) = Wal::open(
            disk.clone(),
            entropy,
            layout.wal(),
            WalLimits {
                file_bytes: limits.wal_file_bytes,
                ..WalLimits::default()
            },
            checkpoint,
            |sequence, payload| restorer.restore(sequence, payload),
        )
        .map_err(OpenError::Log)?;
        let (in_log, undecodable) = (restorer.found, restorer.undecodable);
        recovery.log = log;
        // An unreadable watermark counts as none.
        let watermark = watermark::read(&*disk, &layout).unwrap_or_default();
        if let Some(watermark) = watermark {
            wal.advance_to(watermark.sequence + 1);
        }
        let have = Lineage::union([&in_log, &held]);
        let gone = recovery::lost_records(checkpoint, &have, &undecodable, watermark, now);
        for lost in gone {
            recovery.lost_log_records += 1;
            let is_known = state.lost.iter().any(|known| known.segment == lost.segment);
            if !is_known {
                tracing::error!(
                    reason = lost.reason,
                    "acknowledged spans are lost; answers of their time say so; restore the data folder from a backup"
                );
                pending.push(Note::Lost(lost.clone()));
                state.lost.push(lost);
            }
        }
        if reconciled.is_changed || handed_over || found.source != Source::Manifest {
            catalog.mend(|contents| {
                for note in &pending {
                    if let Note::Lost(lost) = note {
                        contents.quarantined.insert(lost.segment, lost.clone());
                    }
                }
                (true, ())
            });
            match catalog.snapshot() {
                Ok(()) => {}
                // The disk is full or read-only. The next change records it.
                Err(error) => {
                    tracing::warn!(%error, "what the start mended could not be written down yet")
                }
            }
        }
        let used = state
            .all_segments()
            .map(|segment| segment.bytes)
            .sum::<u64>()
            + wal.bytes();
        let space = disk.space(&layout.dir).ok();
        let learned = names.learned_to(&node);
        let names_lack = learned < checkpoint;
        let data = Data {
            state: RwLock::new(state),
            footers: Footers::new(disk.clone(), layout.clone(), &limits),
            rollup_cache: RollupCache::new(limits.rollup_cache_bytes),
            limits,
            clock,
            counters: Counters::default(),
            notes: Notes::default(),
            noted: Wake::default(),
        };
        let files = SegmentFiles {
            disk,
            layout,
            node,
            next_segment: AtomicI64::new(next),
            folders: RwLock::default(),
            memory: MemoryShare::new(limits.writing_bytes),
        };
        let log = LogState {
            queue: Arc::new(Queue::new(limits)),
            truncate_before: AtomicU64::new(checkpoint + 1),
        };
        let shared = Arc::new(Shared {
            data,
            files,
            log,
            threads: Threads::default(),
            catalog,
            disk_watch: DiskWatch::new(&limits.disk, space, used, time.kept_budget),
            time,
            names,
            restoring_names: AtomicBool::new(names_lack),
            leftovers: Leftovers::new(reconciled.leftovers),
            pool: QueryPool::new(&limits),
            maintenance: Maintenance::default(),
            recovery,
        });
        let inner = Inner {
            shared: shared.clone(),
            threads: Mutex::default(),
            lock: Mutex::new(Some(lock)),
        };
        let lake = Self {
            inner: Arc::new(inner),
        };
        let committer = Committer::new(shared.clone(), wal);
        shared.data.notes.put_back(pending);
        let scrubber = Scrubber::new(shared.clone(), scrub);
        let maintainer = Maintainer::new(shared.clone());
        let indexer = Indexer::new(shared.clone()).map_err(setup)?;
        let flusher = Flusher::new(shared);
        lake.spawn("hinomi-commit", move || committer.run())
            .map_err(setup)?;
        lake.spawn("hinomi-flush", move || flusher.run())
            .map_err(setup)?;
        lake.spawn("hinomi-scrub", move || scrubber.run())
            .map_err(setup)?;
        lake.spawn("hinomi-compact", move || maintainer.run())
            .map_err(setup)?;
        if names_lack {
            let shared = lake.inner.shared.clone();
            lake.spawn_beside("hinomi-names", move || names::restore(&shared, learned))
                .map_err(setup)?;
        }
        if let Some(indexer) = indexer {
            lake.spawn_beside("hinomi-index", move || indexer.run())
                .map_err(setup)?;
        }
        Ok((lake, recovery))
    }
}

/// Creates the folder and takes its lock.
fn prepare(disk: &dyn Disk, layout: &Layout) -> Result<Box<dyn Send + Sync>, OpenError> {
    let unwritable = |path: &PathBuf| {
        let path = path.clone();
        move |source| OpenError::Unwritable { path, source }
    };
    disk.create_dir_all(&layout.dir)
        .map_err(unwritable(&layout.dir))?;
    let mark = layout.restoring();
    let is_restoring = files::exists(disk, &mark).map_err(|source| OpenError::Unreadable {
        path: mark.clone(),
        source,
    })?;
    if is_restoring {
        let path = layout.dir.clone();
        return Err(OpenError::Restoring { path });
    }
    let lock = disk
        .lock(&layout.dir)
        .map_err(|source| match source.kind() {
            io::ErrorKind::WouldBlock => OpenError::Locked {
                path: layout.dir.clone(),
            },
            _ => unwritable(&layout.dir)(source),
        })?;
    let segments = layout.segments();
    let made = disk
        .create_dir_all(&segments)
        .and_then(|()| disk.sync_dir(&layout.dir));
    match made {
        Ok(()) => {}
        // Stored data can still be shown, and the disk may recover without a restart.
        Err(error) if is_full(&error) && catalog::exists(disk, layout) => {
            tracing::error!(%error, "the data folder cannot be written; what is stored is shown, and spans are refused, to be sent again, until it can be");
        }
        Err(error) => return Err(unwritable(&segments)(error)),
    }
    Ok(lock)
}

/// Whether the disk is full or read-only.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(
        error.kind(),
        StorageFull | QuotaExceeded | ReadOnlyFilesystem
    )
}

fn setup(error: io::Error) -> OpenError {
    OpenError::Setup(format!(
        "{error}; free some memory or raise the limit of threads"
    ))
}
