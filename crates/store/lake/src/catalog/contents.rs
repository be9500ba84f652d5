//! The catalog's contents: the result of applying all entries of its manifest.

use super::{Horizon, ScrubProgress, entry::Entry, kept_names::KeptNames};
use crate::{quarantine::Quarantined, segment::Segment, tables::TableId};
use hinomi_model::{Text, UnixNanos};
use std::{collections::BTreeMap, sync::Arc};

/// The contents. Maps are keyed by project, as the rest of the store needs them.
#[derive(Default)]
pub(crate) struct Contents {
    /// Segments that count, by id.
    pub segments: BTreeMap<i64, Arc<Segment>>,
    /// Segments that no longer count but whose files may still exist: id and path below
    /// `segments/`.
    pub removed: BTreeMap<i64, String>,
    /// Every log record up to this sequence is in segments.
    pub checkpoint: u64,
    /// Horizons by project and table: retention has deleted rows from before the instant.
    pub horizons: BTreeMap<(Text, TableId), UnixNanos>,
    /// Data that answers leave out, by segment id.
    pub quarantined: BTreeMap<i64, Quarantined>,
    /// Progress of the background check.
    pub scrub: ScrubProgress,
    /// Names in a catalog of an earlier version, until the registry has taken them over.
    pub names: KeptNames,
}

impl Contents {
    /// Applies one entry. Idempotent, except for a deployment.
    pub fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Segment(row) => match row.clone().segment() {
                Some(segment) => drop(self.segments.insert(segment.id, Arc::new(segment))),
                None => tracing::error!(
                    table = row.table,
                    path = row.path,
                    "the catalog names a segment of an unknown table; it is left out"
                ),
            },
            Entry::Removed { id, path } => {
                // The quarantine record of a removed segment is removed too.
                self.quarantined.remove(&id);
                self.segments.remove(&id);
                self.removed.insert(id, path);
            }
            Entry::Deleted { id } => drop(self.removed.remove(&id)),
            Entry::Checkpoint { sequence } => self.checkpoint = sequence.max(self.checkpoint),
            Entry::Horizon {
                project,
                table,
                instant_ns,
            } => {
                // A horizon of an unknown table is ignored.
                if let Some(table) = TableId::parse(&table) {
                    self.see_horizon(&(project.into(), table, UnixNanos(instant_ns)));
                }
            }
            Entry::Quarantined(row) => {
                self.quarantined.insert(row.segment, row.into());
            }
            Entry::Released { segment } => drop(self.quarantined.remove(&segment)),
            Entry::Scrub {
                next_id,
                finished_ns,
            } => {
                self.scrub = ScrubProgress {
                    next_id,
                    finished: UnixNanos(finished_ns),
                };
            }
            other => self.names.apply(other),
        }
    }

    pub fn see_horizon(&mut self, (project, table, instant): &Horizon) {
        let horizon = self
            .horizons
            .entry((project.clone(), *table))
            .or_insert(*instant);
        *horizon = (*instant).max(*horizon);
    }

    /// All contents as entries, for a snapshot.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = vec![
            Entry::Checkpoint {
                sequence: self.checkpoint,
            },
            Entry::scrub(self.scrub),
        ];
        let removed = self.removed.iter();
        entries.extend(removed.map(|(id, path)| Entry::Removed {
            id: *id,
            path: path.clone(),
        }));
        let segments = self.segments.values();
        entries.extend(segments.map(|segment| Entry::segment(segment)));
        for ((project, table), instant) in &self.horizons {
            entries.push(Entry::horizon(&(project.clone(), *table, *instant)));
        }
        entries.extend(self.quarantined.values().map(Entry::quarantined));
        self.names.push_entries(&mut entries);
        entries
    }

    /// The highest segment id known here, including removed and quarantined segments.
    pub fn highest_id(&self) -> i64 {
        let ids = self.segments.keys().chain(self.removed.keys());
        let ids = ids.chain(self.quarantined.keys());
        ids.max().copied().unwrap_or(0)
    }
}
