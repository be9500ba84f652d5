//! Following the cursor reaches every transaction once, including ties.

use crate::{
    folder::{Folder, all},
    spans::{Spec, batch, span},
};
use hinomi_lake::{Lake, TransactionSearch};
use hinomi_model::SpanId;
use std::collections::HashSet;

const COUNT: u32 = 137;

async fn walk(lake: &Lake, limit: usize) -> Vec<SpanId> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = lake
            .transactions(TransactionSearch {
                after,
                limit,
                ..all()
            })
            .await
            .unwrap();
        assert_eq!(page.total, u64::from(COUNT));
        ids.extend(page.rows.iter().map(|row| row.span_id));
        assert_eq!(page.more, ids.len() < COUNT as usize);
        if !page.more {
            return ids;
        }
        after = page.rows.last().map(|row| row.cursor());
    }
}

#[tokio::test]
async fn pages_reach_all_transactions_once_even_when_ends_tie() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    let spec = |id: u32| {
        // Eleven traces and three distinct ends.
        let end_ms = i64::from(id % 3) * 1_000;
        Spec {
            id,
            trace: (id % 11) as u8,
            service: id as usize % 4,
            end_ms,
            ..Spec::default()
        }
    };
    for ids in [1..50, 50..100, 100..COUNT + 1] {
        lake.append(batch(ids.map(|id| span(&spec(id))).collect()))
            .await
            .unwrap();
        let in_memory = walk_if_complete(&lake).await;
        lake.flush().await.unwrap();
        assert_eq!(walk_if_complete(&lake).await, in_memory);
    }
    for limit in [1, 2, 10, 136, 137, 138] {
        let ids = walk(&lake, limit).await;
        assert_eq!(ids.len(), COUNT as usize);
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        assert_eq!(ids, walk(&lake, 1_000).await);
    }
}

async fn walk_if_complete(lake: &Lake) -> Vec<SpanId> {
    let everything = lake.transactions(all()).await.unwrap();
    everything.rows.iter().map(|row| row.span_id).collect()
}

#[tokio::test]
async fn a_page_is_bounded_whatever_is_asked_for() {
    let mut folder = Folder::new();
    folder.limits.page_rows = 5;
    let (lake, _) = folder.open().await;
    lake.append(crate::spans::entries(1..20)).await.unwrap();
    let page = lake
        .transactions(TransactionSearch {
            limit: usize::MAX,
            ..all()
        })
        .await
        .unwrap();
    assert_eq!((page.rows.len(), page.total, page.more), (5, 19, true));
}

#[tokio::test]
async fn times_of_too_many_transactions_are_not_read_in_memory_or_from_a_segment() {
    let mut folder = Folder::new();
    folder.limits.times_rows = 18;
    let (lake, _) = folder.open().await;
    lake.append(crate::spans::entries(1..19)).await.unwrap();
    let times = async || lake.transaction_times(all()).await.unwrap();
    assert_eq!(times().await.map(|found| found.times.len()), Some(18));
    lake.append(crate::spans::entries(19..20)).await.unwrap();
    assert_eq!(times().await, None);
    lake.flush().await.unwrap();
    assert_eq!(times().await, None);
}
