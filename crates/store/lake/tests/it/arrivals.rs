//! Arrived transactions are reported once, in order of arrival. If memory no longer has some, the
//! answer says so.

use crate::{
    folder::{Folder, all},
    spans::{Spec, batch, span},
};
use hinomi_lake::{ArrivalPlace, ArrivedRows, Lake, Term, TransactionSearch};

fn spec(id: u32) -> Spec {
    Spec {
        id,
        end_ms: i64::from(100 - id) * 1_000,
        ..Spec::default()
    }
}

async fn append(lake: &Lake, ids: std::ops::Range<u32>) {
    let spans = ids.map(|id| span(&spec(id))).collect();
    lake.append(batch(spans)).await.unwrap();
}

async fn arrived(lake: &Lake, since: ArrivalPlace, limit: usize) -> ArrivedRows {
    let search = TransactionSearch { limit, ..all() };
    lake.arrived(search, since).await.unwrap()
}

#[tokio::test]
async fn each_is_told_once_whenever_it_ended() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    append(&lake, 1..4).await;
    let begin = lake.newest_place();
    // These ended before those that came first.
    append(&lake, 10..14).await;
    let first = arrived(&lake, begin, 3).await;
    assert_eq!((first.total, first.rows.len(), first.missed), (4, 3, false));
    assert!(first.rows.is_sorted_by(|a, b| a.end >= b.end));
    let nothing = arrived(&lake, first.place, 3).await;
    assert_eq!((nothing.total, nothing.place), (0, first.place));
    append(&lake, 20..21).await;
    let last = arrived(&lake, nothing.place, 3).await;
    assert_eq!((last.total, last.missed), (1, false));
}

#[tokio::test]
async fn a_flush_in_between_is_said() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    append(&lake, 1..4).await;
    let begin = lake.newest_place();
    append(&lake, 4..6).await;
    lake.flush().await.unwrap();
    append(&lake, 6..7).await;
    let rows = arrived(&lake, begin, 10).await;
    assert_eq!((rows.total, rows.missed), (1, true));
    assert!(!arrived(&lake, rows.place, 10).await.missed);
    // What was flushed had been told already.
    let told = lake.newest_place();
    lake.flush().await.unwrap();
    assert!(!arrived(&lake, told, 10).await.missed);
}

#[tokio::test]
async fn filters_hold_for_what_comes() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    let begin = lake.newest_place();
    append(&lake, 1..9).await;
    let other = TransactionSearch {
        terms: vec![Term::Is {
            key: "no.such".into(),
            value: "7".into(),
        }],
        limit: 10,
        ..all()
    };
    assert_eq!(lake.arrived(other, begin).await.unwrap().total, 0);
    let mut late = TransactionSearch { limit: 10, ..all() };
    late.range.from = span(&spec(4)).end;
    assert_eq!(lake.arrived(late, begin).await.unwrap().total, 4);
}
