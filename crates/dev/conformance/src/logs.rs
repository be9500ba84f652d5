//! Log records are found by time, service, severity and trace, and every page is reached.

use crate::{End, Subject};
use hinomi_model::{LogRecord, Scope, TimeRange, TraceId, UnixNanos};
use hinomi_store::{LogRows, LogSearch, Store};
use hinomi_testkit::log_records;
use std::time::Duration;

/// A search for all records.
fn all() -> LogSearch {
    LogSearch {
        scope: Scope {
            project: "default".into(),
            environment: None,
            namespace: None,
        },
        range: TimeRange::new(UnixNanos(0), UnixNanos(i64::MAX)),
        service: None,
        min_severity: 0,
        trace_id: None,
        after: None,
        limit: 10_000,
    }
}

async fn append(store: &dyn Store, records: &[LogRecord]) {
    let batch = records.iter().collect();
    store.append_logs("default".into(), batch).await.unwrap();
}

async fn ask(store: &dyn Store, search: &LogSearch) -> LogRows {
    let rows = store.logs(search.clone()).await.unwrap();
    assert!(rows.lost.is_empty(), "{search:?}: {:?}", rows.lost);
    rows
}

/// All records of a search in some order that says nothing.
fn sorted(records: impl IntoIterator<Item = LogRecord>) -> Vec<String> {
    let mut texts: Vec<String> = records
        .into_iter()
        .map(|record| format!("{record:?}"))
        .collect();
    texts.sort_unstable();
    texts
}

fn is_found(record: &LogRecord, search: &LogSearch) -> bool {
    let (resource, scope) = (&record.resource, &search.scope);
    let is = |wanted: &Option<hinomi_model::Text>, have: &str| {
        wanted.as_deref().is_none_or(|wanted| wanted == have)
    };
    search.range.contains(record.time)
        && is(&search.service, &resource.service)
        && is(&scope.environment, &resource.environment)
        && is(&scope.namespace, &resource.namespace)
        && record.severity >= search.min_severity
        && search.trace_id.is_none_or(|id| record.trace_id == Some(id))
}

fn searches(records: &[LogRecord]) -> Vec<LogSearch> {
    let middle = UnixNanos(records[0].time.0 + 120_000_000_000);
    let mut searches = vec![all()];
    for service in ["checkout", "", "Ünïcode shop", "nobody"] {
        searches.push(LogSearch {
            service: Some(service.into()),
            ..all()
        });
        searches.push(LogSearch {
            service: Some(service.into()),
            min_severity: 9,
            range: TimeRange::new(middle, middle.plus(Duration::from_secs(200))),
            ..all()
        });
    }
    for min_severity in [1, 17, 24] {
        searches.push(LogSearch {
            min_severity,
            ..all()
        });
    }
    for record in &records[1..6] {
        searches.push(LogSearch {
            trace_id: record.trace_id,
            ..all()
        });
        searches.push(LogSearch {
            range: TimeRange::new(record.time, UnixNanos(record.time.0 + 1)),
            ..all()
        });
    }
    let mut staging = all();
    staging.scope.environment = Some("staging".into());
    let mut bank = all();
    bank.scope.namespace = Some("bank".into());
    searches.extend([staging, bank]);
    searches
}

/// Any filter finds the records that looking at each of them finds, wherever they lie.
pub async fn a_search_finds_what_looking_at_every_record_finds<S: Subject>() {
    let records = log_records(600);
    let searches = searches(&records);
    let mut subject = S::new().await;
    for (step, part) in records.chunks(100).enumerate() {
        append(subject.store(), part).await;
        let there = &records[..(step + 1) * 100];
        for search in &searches {
            let found = ask(subject.store(), search).await;
            let expected = there.iter().filter(|record| is_found(record, search));
            let expected = sorted(expected.cloned());
            assert_eq!(found.total, expected.len() as u64, "{search:?}");
            assert!(found.rows.is_sorted_by(|a, b| a.time >= b.time));
            assert_eq!(sorted(found.rows), expected, "{search:?}");
        }
        match step {
            1 | 3 => subject.flush().await,
            2 => subject.restart(End::Killed).await,
            4 => subject.pass(Duration::from_secs(3 * 3_600)).await,
            _ => {}
        }
    }
}

/// Records are found by their trace also where no two have the same.
pub async fn a_record_is_found_by_a_trace_that_no_other_has<S: Subject>() {
    let trace = |at: usize| TraceId::from_slice(&(at as u128 + 1).to_be_bytes()).ok();
    let records = log_records(300).into_iter().enumerate();
    let records = records.map(|(at, record)| LogRecord {
        trace_id: trace(at),
        ..record
    });
    let records: Vec<LogRecord> = records.collect();
    let mut subject = S::new().await;
    append(subject.store(), &records).await;
    for _ in 0..2 {
        for at in [0, 150, 299, 300] {
            let search = LogSearch {
                trace_id: trace(at),
                ..all()
            };
            let found = ask(subject.store(), &search).await;
            assert!(found.rows.iter().eq(records.get(at)), "{at}");
        }
        subject.flush().await;
    }
}

async fn walk(store: &dyn Store, search: &LogSearch, count: usize) -> Vec<LogRecord> {
    let (mut records, mut after) = (Vec::new(), None);
    loop {
        let search = LogSearch {
            after,
            ..search.clone()
        };
        let page = ask(store, &search).await;
        assert_eq!(page.total, count as u64);
        assert!(page.rows.len() <= search.limit);
        records.extend(page.rows);
        match page.next {
            None => return records,
            // A page that leads nowhere would be asked for without end.
            next => assert!(next != after),
        }
        after = page.next;
    }
}

/// Pages of any size reach every record once, also where times tie and records are equal.
pub async fn pages_of_logs_reach_every_record_once<S: Subject>() {
    let records = log_records(211);
    let mut subject = S::new().await;
    for part in records.chunks(60) {
        append(subject.store(), part).await;
        subject.flush().await;
    }
    append(subject.store(), &records[..9]).await;
    let count = records.len() + 9;
    let expected = sorted(records.iter().chain(&records[..9]).cloned());
    for limit in [1, 2, 7, 100, 219, 220, 221] {
        let search = LogSearch { limit, ..all() };
        let found = walk(subject.store(), &search, count).await;
        assert!(found.is_sorted_by(|a, b| a.time >= b.time));
        assert_eq!(sorted(found), expected, "pages of {limit}");
    }
}

/// Records that come in between two pages, even of the same instant, neither hide nor repeat another.
pub async fn what_comes_in_later_moves_no_page_of_logs<S: Subject>() {
    let records = log_records(120);
    let one_instant = |record: &LogRecord| LogRecord {
        time: UnixNanos(1_795_352_400_000_000_000),
        ..record.clone()
    };
    let records: Vec<LogRecord> = records.iter().map(one_instant).collect();
    let (first, later) = records.split_at(60);
    let mut subject = S::new().await;
    append(subject.store(), first).await;
    let search = LogSearch { limit: 7, ..all() };
    let page = ask(subject.store(), &search).await;
    append(subject.store(), later).await;
    subject.flush().await;
    let (mut found, mut after) = (page.rows, page.next);
    while after.is_some() {
        let page = LogSearch {
            after,
            ..search.clone()
        };
        let page = ask(subject.store(), &page).await;
        found.extend(page.rows);
        after = page.next;
    }
    let mut found = sorted(found);
    for record in sorted(first.iter().cloned()) {
        let at = found.iter().position(|have| *have == record);
        found.remove(at.unwrap());
    }
    let mut left = sorted(later.iter().cloned());
    for record in found {
        let at = left.iter().position(|have| *have == record);
        left.remove(at.unwrap());
    }
}

/// Spans and log records stand beside each other and are counted apart.
pub async fn logs_and_spans_do_not_touch_each_other<S: Subject>() {
    let mut subject = S::new().await;
    let spans: Vec<_> = (1..30)
        .map(|id| {
            crate::spans::span(&crate::spans::Spec {
                id,
                ..crate::spans::Spec::default()
            })
        })
        .collect();
    crate::append(&subject, &spans).await;
    append(subject.store(), &log_records(30)).await;
    let begin = subject.store().newest_place();
    append(subject.store(), &log_records(5)).await;
    for _ in 0..2 {
        let search = crate::questions::all();
        let transactions = subject.store().transactions(search.clone()).await.unwrap();
        assert_eq!(transactions.total, 29);
        assert_eq!(ask(subject.store(), &all()).await.total, 35);
        let arrived = subject.store().arrived(search, begin).await.unwrap();
        assert_eq!(arrived.total, 0);
        assert_eq!(crate::span_ids(subject.store()).await.len(), 29);
        subject.flush().await;
    }
}
