//! Catalogs from before the manifest existed: imported once, and damage is reported.

use crate::{
    folder::{Folder, agreed_total, all, all_rollups},
    golden::before_the_manifest,
};
use hinomi_conformance::spans::entries;
use hinomi_io::{Disk, RealDisk};
use hinomi_lake::{Lake, OpenError, Resolution};
use hinomi_model::{UnixNanos, rollup::ServiceKey};
use hinomi_store::Registry;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::{sync::Arc, time::Duration};

async fn database(folder: &Folder) -> SqliteConnection {
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(folder.dir().join("catalog.db"));
    options.connect().await.unwrap()
}

async fn execute(folder: &Folder, sql: &str) {
    let mut connection = database(folder).await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

/// Checks that nothing is counted twice and that missing data is reported.
async fn right_or_partial(lake: &Lake, expected: u64, what: &str) {
    let found = lake.transactions(all()).await.unwrap();
    let whole = (found.total, found.partial) == (expected, false);
    assert!(
        whole || (found.partial && found.total <= expected),
        "{what}: {} {}",
        found.total,
        found.partial
    );
    for resolution in Resolution::ALL {
        let found = lake.rollups(all_rollups(resolution)).await.unwrap();
        let cells = found
            .rollups
            .iter()
            .flat_map(|(_, _, rollup)| &rollup.cells);
        let count: u64 = cells
            .map(|cell| u64::from(cell.ok) + u64::from(cell.error))
            .sum();
        assert!(
            count == expected || (count < expected && !found.lost.is_empty()),
            "{what}: {count}"
        );
    }
}

/// Services that the registry of the folder knows.
async fn services(folder: &Folder) -> Vec<(ServiceKey, UnixNanos)> {
    let registry = folder.registry();
    registry.services("default".into()).await.unwrap()
}

#[tokio::test]
async fn it_is_read_once_and_then_the_manifest_counts() {
    let (folder, expected) = before_the_manifest();
    let (lake, recovery) = folder.open().await;
    assert!(!recovery.has_losses(), "{recovery:?}");
    assert_eq!(agreed_total(&lake).await, expected);
    assert_eq!(services(&folder).await.len(), 4);
    lake.close().await.unwrap();
    drop(lake);
    // The database is only an index now, so its contents must not matter.
    execute(
        &folder,
        "DELETE FROM segments; UPDATE checkpoint SET sequence = 0",
    )
    .await;
    let (lake, recovery) = folder.open().await;
    assert!(!recovery.has_losses(), "{recovery:?}");
    assert_eq!(agreed_total(&lake).await, expected);
    lake.close().await.unwrap();
    drop(lake);
    let rows = folder
        .index("SELECT 'segments', count(*) FROM segments")
        .await;
    assert_eq!(
        rows,
        [("segments".into(), folder.segment_files().len() as i64)]
    );
}

#[tokio::test]
async fn an_altered_column_of_any_segment_is_noticed_and_its_file_kept() {
    for table in ["spans", "transactions", "rollups_5s"] {
        for change in [
            "id = 900",
            "project = 'other'",
            "node = 'x'",
            "table_name = 'rollups_1h'",
            "table_name = 'nonsense'",
            "bucket_ns = bucket_ns + 3600000000000",
            "min_time_ns = min_time_ns + 1",
            "max_time_ns = max_time_ns - 1",
            "row_count = row_count + 1",
            "byte_count = byte_count - 1",
            "first_sequence = 7",
            "last_sequence = 900",
            "written_ns = 0",
            "format_version = 1",
            "path = 'elsewhere'",
            "tail_offset = tail_offset - 1",
            "tail_offset = NULL, tail_checksum = NULL",
            "tail_checksum = tail_checksum + 1",
            "checksum = checksum + 1",
            "checksum = NULL",
        ] {
            let (folder, expected) = before_the_manifest();
            let sql = format!(
                "UPDATE segments SET {change} WHERE id = (SELECT min(id) FROM segments WHERE table_name = '{table}')"
            );
            execute(&folder, &sql).await;
            let what = format!("{table}: {change}");
            for round in 0..3 {
                let (lake, recovery) = folder.open().await;
                if round == 0 {
                    let found = (
                        recovery.damaged_rows,
                        recovery.deleted_files,
                        recovery.set_aside_files,
                    );
                    assert_eq!(found, (1, 0, 1), "{what}");
                    assert!(recovery.has_losses(), "{what}");
                }
                assert_eq!(lake.stats().damaged_rows, 1, "{what}");
                right_or_partial(&lake, expected, &what).await;
                lake.close().await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_deleted_row_is_noticed_and_its_file_kept() {
    let (folder, _) = before_the_manifest();
    execute(
        &folder,
        "DELETE FROM segments WHERE table_name = 'transactions'",
    )
    .await;
    for round in 0..2 {
        let (lake, recovery) = folder.open().await;
        assert_eq!(
            (recovery.missing_rows, recovery.deleted_files),
            (round == 0, 0)
        );
        assert!(lake.transactions(all()).await.unwrap().partial);
        // Data written from now on is not lost.
        folder.clock.advance(crate::folder::MINUTE * 60 * 5);
        let mut later = all();
        later.range.from = hinomi_model::UnixNanos(hinomi_io::Clock::unix_nanos(&*folder.clock));
        assert!(!lake.transactions(later).await.unwrap().partial);
        lake.close().await.unwrap();
    }
    let aside = RealDisk.list(&folder.dir().join("aside")).unwrap();
    assert!(!aside.is_empty());
}

#[tokio::test]
async fn a_new_segment_never_takes_the_name_of_a_file_that_was_moved_aside() {
    let (folder, _) = before_the_manifest();
    execute(
        &folder,
        "DELETE FROM segments WHERE table_name <> 'rollups_1h'",
    )
    .await;
    let (lake, recovery) = folder.open().await;
    assert!(recovery.missing_rows && recovery.set_aside_files > 0);
    lake.append(entries(60..69)).await.unwrap();
    lake.close().await.unwrap();
    let aside = RealDisk.list(&folder.dir().join("aside")).unwrap();
    let names: Vec<_> = aside.iter().map(|file| file.path.file_name()).collect();
    let own = folder.segment_files();
    assert!(own.iter().all(|file| !names.contains(&file.file_name())));
}

#[tokio::test]
async fn an_altered_checkpoint_neither_loses_nor_doubles() {
    for change in [
        "sequence = 0",
        "sequence = 900",
        "segment_count = 1",
        "checksum = NULL",
    ] {
        let (folder, expected) = before_the_manifest();
        execute(&folder, &format!("UPDATE checkpoint SET {change}")).await;
        let (lake, recovery) = folder.open().await;
        assert!(
            recovery.damaged_checkpoint && recovery.has_losses(),
            "{change}"
        );
        assert_eq!(agreed_total(&lake).await, expected, "{change}");
        lake.close().await.unwrap();
        let (lake, recovery) = folder.open().await;
        assert!(!recovery.damaged_checkpoint, "the manifest has its own");
        assert_eq!(agreed_total(&lake).await, expected, "{change}");
    }
}

#[tokio::test]
async fn names_and_promotions_from_before_their_checksums_are_kept() {
    let (folder, _) = before_the_manifest();
    // The golden folder has catalog version 3; this makes it one of version 4.
    let later = "CREATE TABLE promoted_attributes (
            project TEXT NOT NULL, key TEXT NOT NULL, since_ns INTEGER NOT NULL, PRIMARY KEY (project, key)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO promoted_attributes VALUES ('default', 'order.id', 5); PRAGMA user_version = 4";
    execute(&folder, later).await;
    for _ in 0..2 {
        let (lake, _) = folder.open().await;
        let expected = vec![("order.id".into(), UnixNanos(5))];
        assert_eq!(folder.registry().promoted_attributes("default"), expected);
        lake.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_altered_service_is_taken_from_the_rollups_instead() {
    let (folder, _) = before_the_manifest();
    execute(&folder, "UPDATE services SET newest_ns = newest_ns + 1").await;
    // Without the log, from which the services would be restored at once.
    let logs = RealDisk.list(&folder.dir().join("wal")).unwrap();
    logs.iter()
        .for_each(|log| RealDisk.remove(&log.path).unwrap());
    let (lake, _) = folder.open().await;
    // In the background.
    while services(&folder).await.len() < 4 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // What was altered is nobody's newest bucket.
    let bucket = Duration::from_secs(5);
    for (service, newest) in services(&folder).await {
        assert_eq!(newest, newest.floor(bucket), "{service:?}");
    }
    lake.append(entries(60..61)).await.unwrap();
    lake.close().await.unwrap();
    let (_lake, _) = folder.open().await;
    assert_eq!(services(&folder).await.len(), 4);
}

#[tokio::test]
async fn a_folder_of_before_the_first_release_is_refused() {
    let (folder, _) = before_the_manifest();
    let files = folder.segment_files().len();
    execute(&folder, "PRAGMA user_version = 1").await;
    for _ in 0..2 {
        let refused = folder.try_open(Arc::new(RealDisk)).await.err().unwrap();
        assert!(
            matches!(refused, OpenError::BeforeFirstRelease { .. }),
            "{refused}"
        );
        assert_eq!(folder.segment_files().len(), files);
    }
}

#[tokio::test]
async fn segments_that_nothing_names_are_never_taken_for_nothing() {
    for empty in [true, false] {
        let (folder, _) = before_the_manifest();
        for name in ["catalog.db", "catalog.db-wal"] {
            let path = folder.dir().join(name);
            if RealDisk.open(&path).is_ok() {
                RealDisk.remove(&path).unwrap();
            }
        }
        if empty {
            RealDisk.create(&folder.dir().join("catalog.db")).unwrap();
        }
        let files = folder.segment_files().len();
        for _ in 0..2 {
            let refused = folder.try_open(Arc::new(RealDisk)).await.err().unwrap();
            assert!(matches!(refused, OpenError::NoCatalog { .. }), "{refused}");
            assert_eq!(folder.segment_files().len(), files);
        }
    }
}
