//! Simulates a month in a minute: small flushes under a manual clock, with compaction and
//! retention. Kept data is exact, expired data is gone, and nothing grows with time.

use crate::folder::{Folder, MINUTE};
use hinomi_conformance::spans::{HOUR, Spec, batch, span};
use hinomi_io::{Clock, Disk, RealDisk};
use hinomi_lake::{
    Families, Lake, LakeLimits, Resolution, Retention, RollupSearch, TableId, TransactionSearch,
};
use hinomi_model::{Scope, Selection, SpanKind, TimeRange, UnixNanos};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3_600);
const STEP: Duration = Duration::from_secs(1_800);
const STEPS_OF_A_DAY: u32 = 48;
/// Maximum number of segments at any moment: twice the number of buckets that retention keeps, and
/// the segments that wait in open buckets. The buckets are 24, 48 and 12 hours, 7 days and 2
/// months.
const MOST_SEGMENTS: u64 = 2 * (24 + 48 + 12 + 7 + 2) + 5 * 32;
/// Maximum size of the catalog with these segments.
const MOST_CATALOG_BYTES: u64 = 4 << 20;

fn retention() -> Retention {
    Retention::FOREVER
        .keeping(TableId::SPANS, DAY)
        .keeping(TableId::TRANSACTIONS, 2 * DAY)
        .keeping(TableId::ROLLUPS_5S, DAY / 2)
        .keeping(TableId::ROLLUPS_1M, 7 * DAY)
        .keeping(TableId::ROLLUPS_1H, 400 * DAY)
        .keeping(TableId::LOGS, DAY)
}

/// Sends the spans of step `step`: three spans of its last minutes; in every seventh step one of
/// them is an hour late. Returns the ends of the transactions.
async fn send(lake: &Lake, step: u32, end: UnixNanos) -> Vec<UnixNanos> {
    let mut ends = Vec::new();
    let spans = (0..3_u32).map(|at| {
        let late = if at == 0 && step.is_multiple_of(7) {
            60
        } else {
            0
        };
        let end = end.minus(MINUTE * (at + late));
        let kind = if at == 2 {
            SpanKind::Client
        } else {
            SpanKind::Server
        };
        if kind == SpanKind::Server {
            ends.push(end);
        }
        span(&Spec {
            id: step * 3 + at + 1,
            trace: step as u8,
            service: (at % 2) as usize,
            operation: (step % 3) as usize,
            end_ms: end.millis() - HOUR.millis(),
            kind,
            call: kind == SpanKind::Client,
            ..Spec::default()
        })
    });
    lake.append(batch(spans.collect())).await.unwrap();
    ends
}

/// Number of transactions listed in a range.
async fn listed(lake: &Lake, range: TimeRange) -> u64 {
    let search = TransactionSearch {
        range,
        ..crate::folder::all()
    };
    let found = lake.transactions(search).await.unwrap();
    assert!(!found.partial);
    found.total
}

async fn counted(lake: &Lake, range: TimeRange, resolution: Resolution) -> u64 {
    let search = RollupSearch {
        selection: Selection::of(Scope::of("default")),
        range,
        resolution,
        families: Families::TRANSACTIONS,
    };
    let found = lake.rollups(search).await.unwrap();
    assert_eq!(found.lost, []);
    let cells = found
        .rollups
        .iter()
        .flat_map(|(_, _, rollup)| &rollup.cells);
    cells.map(|cell| u64::from(cell.ok + cell.error)).sum()
}

/// Compares all answers with the ends of all transactions ever sent.
async fn check(lake: &Lake, ends: &[UnixNanos], now: UnixNanos) {
    let sent = |range: TimeRange| ends.iter().filter(|end| range.contains(**end)).count() as u64;
    let keeps = retention();
    // Whole hours that are certainly kept, because ages count from the newest data.
    let since = |age: Duration| now.minus(age).ceil(Resolution::Hour.width());
    for (range, resolution) in [
        (
            TimeRange::new(since(keeps.of(TableId::ROLLUPS_5S)), now),
            Resolution::FiveSeconds,
        ),
        (
            TimeRange::new(since(keeps.of(TableId::TRANSACTIONS)), now),
            Resolution::Minute,
        ),
        (
            TimeRange::new(since(keeps.of(TableId::TRANSACTIONS)), now),
            Resolution::Hour,
        ),
    ] {
        // Nothing else has arrived up to the end of the hour.
        let total = listed(lake, range).await;
        assert_eq!(total, sent(range), "{resolution:?}");
        assert_eq!(
            counted(lake, range, resolution).await,
            total,
            "{resolution:?}"
        );
    }
    let week = TimeRange::new(since(keeps.of(TableId::ROLLUPS_1M)), now);
    assert_eq!(counted(lake, week, Resolution::Minute).await, sent(week));
    let ever = TimeRange::new(UnixNanos(0), now.plus(DAY));
    assert_eq!(
        counted(lake, ever, Resolution::Hour).await,
        ends.len() as u64
    );
    // A segment is deleted as a whole: an hour for the bucket, and an hour that late spans can add.
    let slack = Duration::from_secs(3 * 3_600);
    let gone = |age: Duration| TimeRange::new(UnixNanos(0), now.minus(age + slack));
    assert_eq!(
        listed(lake, gone(keeps.of(TableId::TRANSACTIONS))).await,
        0,
        "transactions"
    );
    let old = gone(keeps.of(TableId::ROLLUPS_5S));
    assert_eq!(counted(lake, old, Resolution::FiveSeconds).await, 0, "5 s");
    let old = TimeRange::new(
        UnixNanos(0),
        now.minus(keeps.of(TableId::ROLLUPS_1M) + DAY + slack),
    );
    assert_eq!(counted(lake, old, Resolution::Minute).await, 0, "1 min");
    let spans = lake
        .span_keys_since("default".into(), UnixNanos(0))
        .await
        .unwrap()
        .len() as u64;
    let steps = |age: Duration| (age.as_secs() / STEP.as_secs()) * 3;
    assert!(
        spans <= steps(keeps.of(TableId::SPANS) + slack),
        "{spans} spans"
    );
    assert!(
        ends.len() < 1_000 || spans + 6 >= steps(keeps.of(TableId::SPANS)),
        "{spans} spans"
    );
}

#[tokio::test]
async fn a_month_stays_exact_and_does_not_grow() {
    let folder = Folder::with(LakeLimits {
        retention: retention(),
        ..LakeLimits::default()
    });
    let (mut lake, _) = folder.open().await;
    let (mut ends, mut most_segments, mut most_catalog) = (Vec::new(), 0, 0);
    for step in 0..30 * STEPS_OF_A_DAY {
        folder.clock.advance(STEP);
        let now = UnixNanos(folder.clock.unix_nanos());
        ends.extend(send(&lake, step, now).await);
        lake.flush().await.unwrap();
        most_segments = most_segments.max(lake.stats().segments);
        if (step + 1).is_multiple_of(2) {
            lake.maintain().await.unwrap();
        }
        if (step + 1).is_multiple_of(5 * STEPS_OF_A_DAY) {
            check(&lake, &ends, now).await;
            most_catalog = most_catalog.max(catalog_bytes(&folder));
            lake.close().await.unwrap();
            drop(lake);
            let (opened, recovery) = folder.open().await;
            assert!(
                !recovery.has_losses() && recovery.deleted_files == 0,
                "{recovery:?}"
            );
            lake = opened;
        }
    }
    lake.maintain().await.unwrap();
    check(&lake, &ends, UnixNanos(folder.clock.unix_nanos())).await;
    let stats = lake.stats();
    assert!(most_segments <= MOST_SEGMENTS, "{most_segments} segments");
    assert!(
        most_catalog <= MOST_CATALOG_BYTES,
        "{most_catalog} bytes of catalog"
    );
    assert_eq!(folder.segment_files().len() as u64, stats.segments);
    assert_eq!((stats.maintenance_failures, stats.damaged_segments), (0, 0));
    println!(
        "{most_segments} segments at most, {most_catalog} bytes of catalog; at the end {stats:?}"
    );
}

fn catalog_bytes(folder: &Folder) -> u64 {
    let files = RealDisk.list(&folder.dir().join("manifest")).unwrap();
    files.iter().map(|file| file.len).sum()
}
