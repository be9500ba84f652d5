//! The serialized entries of the manifest: JSON, one list of entries per record.
//!
//! Every later version must read all of these. A reader that meets an unknown entry or a record of
//! a later version refuses the folder. `docs/formats/manifest.md` describes the format.
//!
//! Entries of names (services, peers, versions, labels, deployments, promoted attributes) are from
//! versions before the registry: see [`super::kept_names`].

use crate::{
    Deployed, SeenVersion,
    catalog::{Horizon, PeerRow, ScrubProgress},
    quarantine::Quarantined,
    segment::{Segment, SegmentRow, lineage::Lineage},
    tables::{FORMAT_VERSION, TableId},
};
use hinomi_columnar::checksum::{Extent, FileTail};
use hinomi_model::{Text, TimeRange, UnixNanos, rollup::ServiceKey};
use serde::{Deserialize, Serialize};

/// Version of the record format.
pub(crate) const VERSION: u32 = 1;

/// One record of the manifest: a transaction, or a snapshot of all contents.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Format version, see [`VERSION`].
    pub v: u32,
    /// Whether this record is a snapshot, which replaces everything before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub snapshot: bool,
    pub entries: Vec<Entry>,
}

/// Only the version of a record; decodes even if the rest is unknown.
#[derive(Debug, Deserialize)]
pub(crate) struct RecordVersion {
    pub v: u32,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Entry {
    /// Adds a segment.
    Segment(SegmentEntry),
    /// Removes a segment. Its file, at `path` below `segments/`, may still exist.
    Removed { id: i64, path: String },
    /// The file of a removed segment is deleted durably.
    Deleted { id: i64 },
    /// Every log record up to `sequence` is in segments.
    Checkpoint { sequence: u64 },
    /// Retention may have deleted rows from before the instant.
    Horizon {
        project: String,
        table: String,
        instant_ns: i64,
    },
    /// Answers leave this data out.
    Quarantined(QuarantinedEntry),
    /// Ends the quarantine of a segment.
    Released { segment: i64 },
    /// Progress of the background check.
    Scrub { next_id: i64, finished_ns: i64 },
    /// A service with the start of its newest bucket.
    Service {
        project: String,
        #[serde(flatten)]
        service: ServiceEntry,
        newest_ns: i64,
    },
    /// Forgets services without data since the instant.
    ServicesForgotten { before_ns: i64 },
    /// A host that is a service.
    Peer {
        project: String,
        target: String,
        service: String,
        seen_ns: i64,
    },
    /// Forgets the host.
    PeerForgotten { project: String, target: String },
    /// Forgets hosts that were last seen before the instant.
    PeersForgotten { before_ns: i64 },
    /// When a version of a service was first seen.
    Version {
        project: String,
        #[serde(flatten)]
        service: ServiceEntry,
        version: String,
        first_ns: i64,
    },
    /// A label that a service's resource last reported.
    Label {
        project: String,
        #[serde(flatten)]
        service: ServiceEntry,
        name: String,
        value: String,
    },
    /// A deployment that was sent to the API.
    Deployment {
        project: String,
        #[serde(flatten)]
        service: ServiceEntry,
        version: String,
        at_ns: i64,
        label: String,
    },
    /// Keeps only the `most` most recently reported deployments of a project.
    DeploymentsKept { project: String, most: usize },
    /// Promotes an attribute.
    Promoted {
        project: String,
        key: String,
        since_ns: i64,
    },
    /// Ends the promotion of an attribute.
    Demoted { project: String, key: String },
}

/// A segment's catalog row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SegmentEntry {
    pub id: i64,
    pub project: String,
    pub node: String,
    pub table: String,
    pub bucket_ns: i64,
    /// Time range of its rows; `to_ns` is exclusive.
    pub from_ns: i64,
    pub to_ns: i64,
    pub rows: u64,
    pub bytes: u64,
    pub tail_offset: u64,
    pub tail_checksum: u32,
    pub lineage: Lineage,
    pub written_ns: i64,
    /// Version of the segment file format.
    pub format: i64,
    pub path: String,
}

/// One quarantine record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QuarantinedEntry {
    pub segment: i64,
    pub project: Option<String>,
    pub table: Option<String>,
    pub from_ns: i64,
    pub to_ns: i64,
    pub noticed_ns: i64,
    pub reason: String,
}

/// Key of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServiceEntry {
    pub service: String,
    pub namespace: String,
    pub environment: String,
}

impl SegmentEntry {
    pub fn of(segment: &Segment, format: i64) -> Self {
        Self {
            id: segment.id,
            project: segment.project.to_string(),
            node: segment.node.to_string(),
            table: segment.table.name().into(),
            bucket_ns: segment.bucket.0,
            from_ns: segment.range.from.0,
            to_ns: segment.range.to.0,
            rows: segment.rows,
            bytes: segment.bytes,
            tail_offset: segment.extent.tail.offset,
            tail_checksum: segment.extent.tail.checksum,
            lineage: segment.lineage.clone(),
            written_ns: segment.written.0,
            format,
            path: segment.path.clone(),
        }
    }

    /// `None` if the table is unknown.
    pub fn segment(self) -> Option<Segment> {
        Some(Segment::new(SegmentRow {
            id: self.id,
            project: self.project.into(),
            node: self.node.into(),
            table: TableId::parse(&self.table)?,
            bucket: UnixNanos(self.bucket_ns),
            range: TimeRange::new(UnixNanos(self.from_ns), UnixNanos(self.to_ns)),
            rows: self.rows,
            extent: Extent {
                bytes: self.bytes,
                tail: FileTail {
                    offset: self.tail_offset,
                    checksum: self.tail_checksum,
                },
            },
            lineage: self.lineage,
            written: UnixNanos(self.written_ns),
            path: self.path,
        }))
    }
}

impl From<&Quarantined> for QuarantinedEntry {
    fn from(lost: &Quarantined) -> Self {
        Self {
            segment: lost.segment,
            project: lost.project.as_deref().map(str::to_owned),
            table: lost.table.map(|table| table.name().to_owned()),
            from_ns: lost.range.from.0,
            to_ns: lost.range.to.0,
            noticed_ns: lost.noticed.0,
            reason: lost.reason.clone(),
        }
    }
}

impl From<QuarantinedEntry> for Quarantined {
    fn from(entry: QuarantinedEntry) -> Self {
        Self {
            segment: entry.segment,
            project: entry.project.map(Text::from),
            // An unknown table becomes `None`, which means any table.
            table: entry.table.as_deref().and_then(TableId::parse),
            range: TimeRange::new(UnixNanos(entry.from_ns), UnixNanos(entry.to_ns)),
            noticed: UnixNanos(entry.noticed_ns),
            reason: entry.reason,
        }
    }
}

impl From<&ServiceKey> for ServiceEntry {
    fn from(key: &ServiceKey) -> Self {
        Self {
            service: key.service.to_string(),
            namespace: key.namespace.to_string(),
            environment: key.environment.to_string(),
        }
    }
}

impl From<ServiceEntry> for ServiceKey {
    fn from(entry: ServiceEntry) -> Self {
        Self {
            service: entry.service.into(),
            namespace: entry.namespace.into(),
            environment: entry.environment.into(),
        }
    }
}

impl Entry {
    pub fn segment(segment: &Segment) -> Self {
        Self::Segment(SegmentEntry::of(segment, FORMAT_VERSION))
    }

    pub fn removed(segment: &Segment) -> Self {
        Self::Removed {
            id: segment.id,
            path: segment.path.clone(),
        }
    }

    pub fn horizon((project, table, instant): &Horizon) -> Self {
        Self::Horizon {
            project: project.to_string(),
            table: table.name().into(),
            instant_ns: instant.0,
        }
    }

    pub fn quarantined(lost: &Quarantined) -> Self {
        Self::Quarantined(lost.into())
    }

    pub fn scrub(progress: ScrubProgress) -> Self {
        Self::Scrub {
            next_id: progress.next_id,
            finished_ns: progress.finished.0,
        }
    }

    pub fn service(project: &str, service: &ServiceKey, newest: UnixNanos) -> Self {
        Self::Service {
            project: project.into(),
            service: service.into(),
            newest_ns: newest.0,
        }
    }

    pub fn peer(peer: &PeerRow) -> Self {
        Self::Peer {
            project: peer.project.to_string(),
            target: peer.target.to_string(),
            service: peer.service.to_string(),
            seen_ns: peer.seen.0,
        }
    }

    pub fn version(project: &str, seen: &SeenVersion) -> Self {
        Self::Version {
            project: project.into(),
            service: (&seen.service).into(),
            version: seen.version.to_string(),
            first_ns: seen.first.0,
        }
    }

    pub fn deployment(project: &str, deployed: &Deployed) -> Self {
        Self::Deployment {
            project: project.into(),
            service: (&deployed.service).into(),
            version: deployed.version.to_string(),
            at_ns: deployed.at.0,
            label: deployed.label.to_string(),
        }
    }

    pub fn promoted(project: &str, key: &str, since: UnixNanos) -> Self {
        Self::Promoted {
            project: project.into(),
            key: key.into(),
            since_ns: since.0,
        }
    }
}
