//! Following the cursor reaches every transaction once, including ties.

use crate::{
    Subject, append,
    questions::all,
    spans::{Spec, span},
};
use hinomi_model::SpanId;
use hinomi_store::{Store, TransactionSearch};
use std::collections::HashSet;

async fn walk(store: &dyn Store, limit: usize, count: usize) -> Vec<SpanId> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = store.transactions(TransactionSearch {
            after,
            limit,
            ..all()
        });
        let page = page.await.unwrap();
        assert_eq!(page.total, count as u64);
        ids.extend(page.rows.iter().map(|row| row.span_id));
        assert_eq!(page.more, ids.len() < count);
        if !page.more {
            return ids;
        }
        after = page.rows.last().map(|row| row.cursor());
    }
}

/// Pages of any size reach all transactions once, also where ends tie.
pub async fn pages_reach_all_transactions_once_even_when_ends_tie<S: Subject>() {
    const COUNT: u32 = 137;
    let mut subject = S::new().await;
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
        let count = ids.end as usize - 1;
        let spans: Vec<_> = ids.map(|id| span(&spec(id))).collect();
        append(&subject, &spans).await;
        let in_memory = walk(subject.store(), 1_000, count).await;
        subject.flush().await;
        assert_eq!(walk(subject.store(), 1_000, count).await, in_memory);
    }
    let count = COUNT as usize;
    for limit in [1, 2, 10, 136, 137, 138] {
        let ids = walk(subject.store(), limit, count).await;
        assert_eq!(ids.len(), count);
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        assert_eq!(ids, walk(subject.store(), 1_000, count).await);
    }
}
