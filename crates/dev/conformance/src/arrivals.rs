//! Arrived transactions are told once, in order of arrival.

use crate::{
    Subject,
    questions::all,
    spans::{Spec, span},
};
use hinomi_store::{ArrivalPlace, ArrivedRows, Store, Term, TransactionSearch};

fn spec(id: u32) -> Spec {
    Spec {
        id,
        end_ms: i64::from(100 - id) * 1_000,
        ..Spec::default()
    }
}

async fn append(subject: &impl Subject, ids: std::ops::Range<u32>) {
    let spans: Vec<_> = ids.map(|id| span(&spec(id))).collect();
    crate::append(subject, &spans).await;
}

async fn arrived(store: &dyn Store, since: ArrivalPlace, limit: usize) -> ArrivedRows {
    let search = TransactionSearch { limit, ..all() };
    store.arrived(search, since).await.unwrap()
}

/// A transaction is told once, after it came in, however long ago it ended.
pub async fn each_is_told_once_whenever_it_ended<S: Subject>() {
    let subject = S::new().await;
    append(&subject, 1..4).await;
    let begin = subject.store().newest_place();
    // These ended before those that came first.
    append(&subject, 10..14).await;
    let first = arrived(subject.store(), begin, 3).await;
    assert_eq!((first.total, first.rows.len(), first.missed), (4, 3, false));
    assert!(first.rows.is_sorted_by(|a, b| a.end >= b.end));
    let nothing = arrived(subject.store(), first.place, 3).await;
    assert_eq!((nothing.total, nothing.place), (0, first.place));
    append(&subject, 20..21).await;
    let last = arrived(subject.store(), nothing.place, 3).await;
    assert_eq!((last.total, last.missed), (1, false));
}

/// Terms and range of a search apply to arrivals, too.
pub async fn filters_hold_for_what_comes<S: Subject>() {
    let subject = S::new().await;
    let begin = subject.store().newest_place();
    append(&subject, 1..9).await;
    let other = TransactionSearch {
        terms: vec![Term::Is {
            key: "no.such".into(),
            value: "7".into(),
        }],
        limit: 10,
        ..all()
    };
    let none = subject.store().arrived(other, begin).await.unwrap();
    assert_eq!(none.total, 0);
    let mut late = TransactionSearch { limit: 10, ..all() };
    late.range.from = span(&spec(4)).end;
    let some = subject.store().arrived(late, begin).await.unwrap();
    assert_eq!(some.total, 4);
}
