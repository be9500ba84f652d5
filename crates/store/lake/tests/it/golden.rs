//! Data folders as each format version wrote them. They must open forever.
//!
//! `tests/golden/<version>/` is a whole folder: catalog, segments of every table, and a log with a
//! batch that no segment holds. A new format version adds a folder and never changes an old one.
//! `cargo test -p hinomi-lake --test it -- --ignored write_golden` writes the folder of the current
//! version.
//!
//! `2-manifest` is of the time when the manifest kept names: it has services, versions, labels, peers,
//! deployments (two of them equal) and promoted attributes (one of them demoted). `2-logs` is the first
//! with log records, and with records of the log that name their signal.

use crate::folder::{Folder, agreed_total, all};
use hinomi_conformance::spans::{Spec, batch, span, trace_id};
use hinomi_io::{Disk, RealDisk};
use hinomi_lake::Batch;
use hinomi_model::{
    LogRecord, RollupSet, Span, SpanKind, TransactionKind,
    batch::{BatchBuilder, ValueKind},
};
use hinomi_testkit::{SimDisk, log_records};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// The folder of the current version.
const TODAY: &str = "2-logs";
/// The folder whose manifest keeps names.
const WITH_NAMES: &str = "2-manifest";
/// The versions in that folder.
pub const VERSIONS: [&str; 2] = ["1.0", "1.1"];

fn folder_of(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(version)
}

/// The spans of every golden folder: two hours, with calls, errors and own attributes.
fn spans() -> Vec<Span> {
    let spec = |id: u32| Spec {
        id,
        trace: (id / 4) as u8 + 1,
        service: id as usize % 4,
        instance: id as usize % 3,
        operation: id as usize % 5,
        end_ms: i64::from(id) * 100_000,
        duration: Duration::from_micros(u64::from(id) * 731),
        kind: if id.is_multiple_of(4) {
            SpanKind::Server
        } else {
            SpanKind::Client
        },
        failed: id.is_multiple_of(7),
        call: !id.is_multiple_of(4),
    };
    // These folders are older than kinds of transactions.
    let of_old = |mut span: Span| {
        if let Some(transaction) = &mut span.transaction {
            transaction.kind = TransactionKind::Request;
        }
        span
    };
    (1..40).map(|id| of_old(span(&spec(id)))).collect()
}

/// The spans with the order number as an own attribute, as a decoder stores it.
fn with_own_attributes(spans: &[Span]) -> Batch {
    let mut builder = BatchBuilder::default();
    for span in spans {
        let order = span.attributes.split('"').nth(3).unwrap();
        let key = builder.key("order.id", ValueKind::Text);
        let value = builder.words().intern(order);
        builder.own(key, value);
        builder.span(&Span {
            attributes: "{}".into(),
            ..span.clone()
        });
    }
    let spans = builder.finish();
    let rollups = RollupSet::of(&spans).into();
    Batch {
        project: "default".into(),
        spans,
        rollups,
    }
}

/// A copy of the folder that the version before the manifest wrote, and its number of transactions.
pub fn before_the_manifest() -> (Folder, u64) {
    let folder = Folder::new();
    copy(&folder_of("2"), &folder.dir());
    let entries = spans()
        .into_iter()
        .filter(|span| span.transaction.is_some());
    (folder, entries.count() as u64)
}

/// A copy of the folder that the version before the registry wrote, and its number of transactions.
pub fn with_names() -> (Folder, u64) {
    let (folder, (_, expected)) = (Folder::new(), before_the_manifest());
    copy(&folder_of(WITH_NAMES), &folder.dir());
    (folder, expected)
}

/// The same folder on a simulated disk, durably.
pub fn with_names_on(disk: &SimDisk, dir: &Path) {
    let from = folder_of(WITH_NAMES);
    for entry in RealDisk.list(&from).unwrap() {
        let place = dir.join(entry.path.strip_prefix(&from).unwrap());
        disk.create_dir_all(place.parent().unwrap()).unwrap();
        let mut bytes = vec![0; entry.len as usize];
        let file = match RealDisk.open(&entry.path) {
            // A lake that is open removes its old logs in the background.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            file => file.unwrap(),
        };
        file.read_exact_at(&mut bytes, 0).unwrap();
        let mut copy = disk.create(&place).unwrap();
        copy.append(&bytes).unwrap();
        copy.sync().unwrap();
        for folder in place.ancestors().skip(1) {
            if folder.starts_with(dir) {
                disk.sync_dir(folder).unwrap();
            }
        }
    }
}

/// The spans of the folder with names: their resources have labels and a version.
fn spans_with_names() -> Vec<Span> {
    let named = |(at, mut span): (usize, Span)| {
        let (team, version) = match at < 30 {
            true => ("pay", VERSIONS[0]),
            false => ("ledger", VERSIONS[1]),
        };
        let mut resource = (*span.resource).clone();
        resource.attributes = format!(r#"{{"team":"{team}","cloud.region":"tokyo"}}"#).into();
        resource.version = version.into();
        span.resource = Arc::new(resource);
        span
    };
    spans().into_iter().enumerate().map(named).collect()
}

pub fn copy(from: &Path, to: &Path) {
    for entry in RealDisk.list(from).unwrap() {
        let name = entry.path.file_name().unwrap();
        if name == "lock" || name == "catalog.db-shm" {
            continue;
        }
        let place = to.join(entry.path.strip_prefix(from).unwrap());
        RealDisk.create_dir_all(place.parent().unwrap()).unwrap();
        let mut bytes = vec![0; entry.len as usize];
        let file = match RealDisk.open(&entry.path) {
            // A lake that is open removes its old logs in the background.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            file => file.unwrap(),
        };
        file.read_exact_at(&mut bytes, 0).unwrap();
        let mut copy = RealDisk.create(&place).unwrap();
        copy.append(&bytes).unwrap();
    }
}

#[tokio::test]
async fn folders_of_every_format_open_and_hold_what_was_written() {
    for (version, expected) in [("2", spans()), (WITH_NAMES, spans_with_names())] {
        let folder = Folder::new();
        copy(&folder_of(version), &folder.dir());
        let (lake, recovery) = folder.open().await;
        assert!(!recovery.has_losses(), "format {version}: {recovery:?}");
        assert!(recovery.segments > 0, "format {version}");
        assert_eq!(recovery.replayed_batches, 1, "format {version}");
        let entries = expected.iter().filter(|span| span.transaction.is_some());
        let listed = lake.transactions(all()).await.unwrap();
        assert_eq!(listed.total, entries.count() as u64, "format {version}");
        assert_eq!(agreed_total(&lake).await, listed.total);
        for number in 1..=10 {
            let id = trace_id(number);
            let found = lake.trace("default".into(), id, 100).await.unwrap();
            let mut of_trace: Vec<Span> = expected
                .iter()
                .filter(|span| span.trace_id == id)
                .cloned()
                .collect();
            of_trace.sort_by_key(|span| (span.start, span.end, span.span_id));
            assert_eq!(found.spans, of_trace, "format {version}, trace {id}");
        }
    }
}

/// The folder of the version that wrote log records first: spans and log records in segments, and a
/// record of each that only the log holds.
#[tokio::test]
async fn a_folder_with_log_records_opens_and_holds_them() {
    let folder = Folder::new();
    copy(&folder_of(TODAY), &folder.dir());
    let (lake, recovery) = folder.open().await;
    assert!(!recovery.has_losses(), "{recovery:?}");
    assert_eq!((recovery.segments, recovery.replayed_batches), (6, 2));
    let found = crate::logs::stored(&lake).await;
    let body = |record: &LogRecord| format!("{record:?}");
    let mut found: Vec<String> = found.rows.iter().map(body).collect();
    let mut expected: Vec<String> = log_records(60).iter().map(body).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    let entries = spans()
        .into_iter()
        .filter(|span| span.transaction.is_some());
    assert_eq!(agreed_total(&lake).await, entries.count() as u64);
}

#[tokio::test]
#[ignore = "writes the golden folder of today's format; run by hand for a new one"]
async fn write_golden() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    let all = spans();
    let (stored, logged) = all.split_at(30);
    let records = log_records(60);
    let (stored_logs, logged_logs) = records.split_at(40);
    lake.append(with_own_attributes(stored)).await.unwrap();
    let logs = stored_logs.iter().collect();
    lake.append_logs("default".into(), logs).await.unwrap();
    lake.flush().await.unwrap();
    lake.append(batch(logged.to_vec())).await.unwrap();
    let logs = logged_logs.iter().collect();
    lake.append_logs("default".into(), logs).await.unwrap();
    drop(lake);
    let to = folder_of(TODAY);
    assert!(
        RealDisk.list(&to).unwrap().is_empty(),
        "a golden folder never changes"
    );
    copy(&folder.dir(), &to);
}
