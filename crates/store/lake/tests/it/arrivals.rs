//! If memory no longer has some of the transactions that arrived, the answer says so.

use crate::folder::{Folder, all};
use hinomi_conformance::spans::{Spec, batch, span};
use hinomi_lake::{ArrivalPlace, ArrivedRows, Lake, TransactionSearch};

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
