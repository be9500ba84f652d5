//! Rows of the catalog that are not what was written.

use crate::{
    folder::{Folder, agreed_total, all, all_rollups},
    spans::entries,
};
use hinomi_io::{Disk, RealDisk};
use hinomi_lake::{Lake, OpenError, Resolution};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::sync::Arc;

async fn catalog(folder: &Folder) -> SqliteConnection {
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(folder.dir().join("catalog.db"));
    options.connect().await.unwrap()
}

pub async fn execute(folder: &Folder, sql: &str) {
    let mut connection = catalog(folder).await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

/// A folder with one flush of 50, closed.
async fn written() -> Folder {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..51)).await.unwrap();
    lake.close().await.unwrap();
    folder
}

/// Nothing is counted twice, and what is missing is said.
async fn right_or_partial(lake: &Lake, what: &str) {
    let found = lake.transactions(all()).await.unwrap();
    let whole = (found.total, found.partial) == (50, false);
    assert!(
        whole || (found.partial && found.total <= 50),
        "{what}: {} {}",
        found.total,
        found.partial
    );
    for resolution in Resolution::ALL {
        let found = lake.rollups(all_rollups(resolution)).await.unwrap();
        let count: u64 = found
            .rollups
            .iter()
            .map(|(_, _, rollup)| rollup.count)
            .sum();
        assert!(
            count == 50 || (count < 50 && !found.lost.is_empty()),
            "{what}: {count}"
        );
    }
}

#[tokio::test]
async fn an_altered_column_of_any_segment_is_noticed() {
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
            let folder = written().await;
            let files = folder.segment_files().len();
            execute(
                &folder,
                &format!("UPDATE segments SET {change} WHERE table_name = '{table}'"),
            )
            .await;
            let what = format!("{table}: {change}");
            for _ in 0..2 {
                let (lake, recovery) = folder.open().await;
                assert_eq!(
                    (recovery.damaged_rows, recovery.deleted_files),
                    (1, 0),
                    "{what}"
                );
                assert_eq!(folder.segment_files().len(), files, "{what}");
                assert!(
                    recovery.has_losses() && lake.stats().damaged_rows == 1,
                    "{what}"
                );
                right_or_partial(&lake, &what).await;
                lake.close().await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_deleted_row_is_noticed_and_its_file_kept() {
    let folder = written().await;
    let files = folder.segment_files().len();
    execute(
        &folder,
        "DELETE FROM segments WHERE table_name = 'transactions'",
    )
    .await;
    for round in 0..2 {
        let (lake, recovery) = folder.open().await;
        assert_eq!(
            recovery.missing_rows,
            round == 0,
            "sealed again with the next flush"
        );
        assert_eq!(recovery.deleted_files, 0);
        let found = lake.transactions(all()).await.unwrap();
        assert_eq!(
            (found.total, found.partial),
            (if round == 0 { 0 } else { 9 }, true)
        );
        // What is written from now on is not lost.
        folder.clock.advance(crate::folder::MINUTE * 60 * 5);
        let mut later = all();
        later.range.from = hinomi_model::UnixNanos(hinomi_io::Clock::unix_nanos(&*folder.clock));
        assert!(!lake.transactions(later).await.unwrap().partial);
        if round == 0 {
            assert_eq!(folder.segment_files().len(), files);
            lake.append(entries(60..69)).await.unwrap();
        }
        lake.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_new_segment_never_takes_the_name_of_a_file_whose_row_is_gone() {
    let folder = written().await;
    let bytes = |path: &std::path::PathBuf| {
        let file = RealDisk.open(path).unwrap();
        let mut bytes = vec![0; file.len().unwrap() as usize];
        file.read_exact_at(&mut bytes, 0).unwrap();
        bytes
    };
    let kept: Vec<_> = folder.segment_files();
    let kept: Vec<_> = kept.into_iter().map(|path| (bytes(&path), path)).collect();
    execute(&folder, "DELETE FROM segments").await;
    let (lake, recovery) = folder.open().await;
    assert!(recovery.missing_rows);
    lake.append(entries(60..69)).await.unwrap();
    lake.close().await.unwrap();
    assert_eq!(folder.segment_files().len(), 2 * kept.len());
    for (before, path) in kept {
        assert!(bytes(&path) == before, "{}", path.display());
    }
}

#[tokio::test]
async fn an_altered_promotion_is_left_out_until_it_is_made_again() {
    let folder = written().await;
    let (lake, _) = folder.open().await;
    for key in ["order.id", "card"] {
        let promoted = lake.promote_attribute("default".into(), key.into()).await;
        promoted.unwrap();
    }
    lake.close().await.unwrap();
    let keys = |lake: &Lake| {
        let promoted = lake.promoted_attributes("default").into_iter();
        promoted.map(|(key, _)| key.to_string()).collect::<Vec<_>>()
    };
    let (lake, _) = folder.open().await;
    assert_eq!(keys(&lake), ["card", "order.id"]);
    lake.close().await.unwrap();
    for change in [
        "since_ns = since_ns + 1",
        "project = 'x'",
        "checksum = NULL",
    ] {
        let change = format!("UPDATE promoted_attributes SET {change} WHERE key = 'card'");
        execute(&folder, &change).await;
        let (lake, _) = folder.open().await;
        assert_eq!(keys(&lake), ["order.id"], "{change}");
        let promoted = lake.promote_attribute("default".into(), "card".into());
        promoted.await.unwrap();
        lake.close().await.unwrap();
        let (lake, _) = folder.open().await;
        assert_eq!(keys(&lake), ["card", "order.id"], "{change}");
        lake.close().await.unwrap();
    }
}

#[tokio::test]
async fn promotions_from_before_their_checksums_are_kept() {
    let folder = written().await;
    let earlier = "DROP TABLE labels; DROP TABLE versions; DROP TABLE deployments;
        ALTER TABLE peers DROP COLUMN seen_ns; ALTER TABLE promoted_attributes DROP COLUMN checksum;
        INSERT INTO promoted_attributes VALUES ('default', 'order.id', 5); PRAGMA user_version = 5";
    execute(&folder, earlier).await;
    for _ in 0..2 {
        let (lake, _) = folder.open().await;
        let expected = vec![("order.id".into(), hinomi_model::UnixNanos(5))];
        assert_eq!(lake.promoted_attributes("default"), expected);
        lake.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_row_put_in_place_of_another_is_noticed() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    for from in [1, 11] {
        lake.append(entries(from..from + 10)).await.unwrap();
        lake.flush().await.unwrap();
    }
    lake.close().await.unwrap();
    // An old page written back: each row holds, but one of them is not there.
    let mut connection = catalog(&folder).await;
    sqlx::raw_sql(
        "DELETE FROM segments WHERE id = (SELECT max(id) FROM segments WHERE table_name = 'transactions')",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    let (_, recovery) = folder.open().await;
    assert!(recovery.missing_rows);
}

#[tokio::test]
async fn an_altered_checkpoint_neither_loses_nor_doubles() {
    for change in [
        "sequence = 0",
        "sequence = 900",
        "segment_count = 1",
        "checksum = NULL",
    ] {
        let folder = Folder::new();
        let (lake, _) = folder.open().await;
        lake.append(entries(1..31)).await.unwrap();
        lake.flush().await.unwrap();
        lake.append(entries(31..51)).await.unwrap();
        drop(lake);
        execute(&folder, &format!("UPDATE checkpoint SET {change}")).await;
        let (lake, recovery) = folder.open().await;
        assert!(
            recovery.damaged_checkpoint && recovery.has_losses(),
            "{change}"
        );
        assert_eq!(agreed_total(&lake).await, 50, "{change}");
        lake.close().await.unwrap();
        let (lake, recovery) = folder.open().await;
        assert!(
            !recovery.damaged_checkpoint,
            "the flush has written it again"
        );
        assert_eq!(agreed_total(&lake).await, 50, "{change}");
    }
}

#[tokio::test]
async fn an_altered_service_or_peer_is_left_out_until_it_is_seen_again() {
    let folder = written().await;
    let (lake, _) = folder.open().await;
    lake.learn_peer("default".into(), "db".into(), "ledger".into())
        .await
        .unwrap();
    lake.close().await.unwrap();
    execute(
        &folder,
        "UPDATE services SET newest_ns = newest_ns + 1; UPDATE peers SET service = 'x'",
    )
    .await;
    let (lake, _) = folder.open().await;
    assert_eq!(lake.services("default".into()).await.unwrap(), []);
    assert_eq!(lake.peers("default".into()).await.unwrap(), []);
    lake.append(entries(60..61)).await.unwrap();
    lake.close().await.unwrap();
    let (lake, _) = folder.open().await;
    assert_eq!(lake.services("default".into()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_folder_of_before_the_first_release_is_refused_and_an_unfinished_one_is_not() {
    let earlier = "ALTER TABLE segments DROP COLUMN tail_offset; ALTER TABLE segments DROP COLUMN tail_checksum;
         ALTER TABLE segments DROP COLUMN checksum; ALTER TABLE checkpoint DROP COLUMN segment_count;
         ALTER TABLE checkpoint DROP COLUMN segment_sum; ALTER TABLE checkpoint DROP COLUMN checksum;
         ALTER TABLE services DROP COLUMN checksum; ALTER TABLE peers DROP COLUMN checksum;
         ALTER TABLE peers DROP COLUMN seen_ns; DROP TABLE quarantine; DROP TABLE scrub; DROP TABLE horizons; DROP TABLE promoted_attributes;
         DROP TABLE labels; DROP TABLE versions; DROP TABLE deployments; PRAGMA user_version = 1";
    let folder = written().await;
    let files = folder.segment_files().len();
    execute(&folder, earlier).await;
    for _ in 0..2 {
        let refused = folder.try_open(Arc::new(RealDisk)).await.err().unwrap();
        assert!(
            matches!(refused, OpenError::BeforeFirstRelease { .. }),
            "{refused}"
        );
        assert_eq!(folder.segment_files().len(), files);
    }
    // A power cut between the steps of the first start leaves the same tables, empty.
    let folder = Folder::new();
    folder.open().await.0.close().await.unwrap();
    execute(&folder, earlier).await;
    let (lake, recovery) = folder.open().await;
    assert!(!recovery.has_losses());
    lake.append(entries(1..51)).await.unwrap();
    lake.close().await.unwrap();
    let (lake, recovery) = folder.open().await;
    assert!(!recovery.has_losses());
    assert_eq!(agreed_total(&lake).await, 50);
}

#[tokio::test]
async fn compaction_and_retention_leave_a_catalog_that_holds() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    for from in [1, 11, 21] {
        lake.append(entries(from..from + 10)).await.unwrap();
        lake.flush().await.unwrap();
    }
    folder.clock.advance(crate::folder::MINUTE * 60 * 24 * 60);
    lake.maintain().await.unwrap();
    assert!(lake.stats().compactions > 0);
    lake.append(entries(31..32)).await.unwrap();
    lake.close().await.unwrap();
    let (lake, recovery) = folder.open().await;
    assert!(!recovery.has_losses(), "{recovery:?}");
    assert_eq!(lake.scrub().await.unwrap().damaged, 0);
    assert_eq!(agreed_total(&lake).await, 31);
}
