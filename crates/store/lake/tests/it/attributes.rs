//! Searches by attribute beneath the contract: limits, damage, time that is up, callers that go.

use crate::folder::Folder;
use hinomi_conformance::{
    attributes::{ids, is, kept, orders, search},
    spans::{HOUR, span_id},
};
use hinomi_io::{Disk, RealDisk};
use hinomi_lake::{AttributeRows, AttributeSearch, Lake, Stopped, Term};
use hinomi_model::{TimeRange, UnixNanos};
use hinomi_store::Registry;
use std::time::Duration;

async fn found(lake: &Lake, terms: Vec<Term>) -> AttributeRows {
    lake.search(search(terms)).await.unwrap()
}

pub async fn promote(folder: &Folder, key: &str) {
    let registry = folder.registry();
    let promoted = registry.promote_attribute("default".into(), key.into(), HOUR);
    promoted.await.unwrap();
}

#[tokio::test]
async fn a_damaged_segment_is_left_out_and_said_to_be() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(kept(&orders(10))).await.unwrap();
    lake.flush().await.unwrap();
    for file in folder.segment_files() {
        RealDisk.remove(&file).unwrap();
    }
    let rows = found(&lake, vec![is("order.id", "3")]).await;
    assert!(rows.partial);
    assert_eq!(rows.rows, []);
}

/// Orders of five hours, one segment per hour.
async fn five_hours(folder: &Folder) -> Lake {
    let (lake, _) = folder.open().await;
    for hour in 0..5 {
        let mut of_hour = orders(40);
        for (spec, _) in &mut of_hour {
            spec.end_ms += hour * 3_600_000;
            spec.id += 100 * hour as u32;
        }
        lake.append(kept(&of_hour)).await.unwrap();
    }
    lake.flush().await.unwrap();
    lake
}

#[tokio::test]
async fn a_search_whose_time_is_up_goes_on_where_it_stopped() {
    let folder = Folder::new();
    let lake = five_hours(&folder).await;
    let (mut all, mut rounds) = (Vec::new(), 0);
    let mut next = AttributeSearch {
        range: hours(0, 5),
        ..search(vec![is("tier", "gold")])
    };
    loop {
        let clock = folder.clock.clone();
        let late = move |_| clock.advance(Duration::from_secs(5));
        let rows = lake.search_telling(next.clone(), late).await.unwrap();
        all.extend(ids(&rows.rows));
        rounds += 1;
        match rows.stopped {
            None => break,
            Some(stopped) => assert_eq!(stopped, Stopped::Time),
        }
        assert!(rows.covered_from > next.range.from);
        assert!(rows.scanned.parts < rows.scanned.of_parts);
        next.before = rows.next;
    }
    assert!(rounds > 1, "the clock went on and nobody noticed");
    assert_eq!(lake.stats().searches_out_of_time, rounds - 1);
    let newest_first = (0..5_u32)
        .rev()
        .flat_map(|hour| (1..=40).rev().map(move |id| span_id(hour * 100 + id)));
    assert_eq!(all, newest_first.collect::<Vec<_>>());
}

fn hours(from: i64, to: i64) -> TimeRange {
    let hour = |number: i64| UnixNanos(HOUR.0 + number * 3_600_000_000_000);
    TimeRange::new(hour(from), hour(to))
}

#[tokio::test]
async fn enough_found_leaves_older_segments_alone() {
    let folder = Folder::new();
    let lake = five_hours(&folder).await;
    let few = AttributeSearch {
        limit: 3,
        ..search(vec![is("tier", "gold")])
    };
    let rows = lake.search(few).await.unwrap();
    assert_eq!(rows.stopped, Some(Stopped::Limit));
    assert_eq!((rows.scanned.parts, rows.scanned.of_parts), (1, 5));
}

#[tokio::test]
async fn a_search_that_nobody_waits_for_ends() {
    let folder = Folder::new();
    let lake = five_hours(&folder).await;
    let (told, mut news) = tokio::sync::mpsc::unbounded_channel();
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let tell = move |news| {
        let _ = told.send(news);
        // Blocks until the caller has gone.
        let _ = gate.recv();
    };
    let mut asked = Box::pin(lake.search_telling(search(vec![is("tier", "gold")]), tell));
    tokio::select! {
        _ = &mut asked => panic!("it was to wait"),
        first = news.recv() => assert!(first.is_some()),
    }
    drop(asked);
    drop(go);
    // The search of the current segment is aborted: there is no report of its end.
    assert_eq!(news.recv().await, None);
}
