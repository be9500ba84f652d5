//! End times and durations of the transactions of a selection; no other column is read.

use crate::{
    LakeError, TransactionSearch, TransactionTimes,
    data::Data,
    query::cancel::Cancel,
    scan::{
        self,
        filter::{PageFilter, TransactionFilter},
        scan_open,
    },
    segment::OpenSegment,
    tables::TableId,
};
use hinomi_model::{SpanBatch, UnixNanos};
use std::time::Duration;

/// The times of the selected transactions, in no particular order. `None` if there are more than
/// [`crate::LakeLimits::times_rows`].
pub(crate) fn times(
    data: &Data,
    search: &TransactionSearch,
    cancel: &Cancel,
) -> Result<Option<TransactionTimes>, LakeError> {
    loop {
        // If a segment turns out to be damaged, everything is read again without it.
        match attempt(data, search, cancel)? {
            Attempt::Damaged => cancel.check()?,
            Attempt::TooMany => return Ok(None),
            Attempt::Whole(times) => return Ok(Some(times)),
        }
    }
}

enum Attempt {
    /// A segment turned out to be damaged; later attempts leave it out.
    Damaged,
    TooMany,
    Whole(TransactionTimes),
}

fn attempt(data: &Data, search: &TransactionSearch, cancel: &Cancel) -> Result<Attempt, LakeError> {
    let project = &search.selection.scope.project;
    let snapshot =
        data.read()
            .snapshot::<SpanBatch>(project, TableId::TRANSACTIONS, Some(search.range));
    let filter = TransactionFilter::new(search);
    let most = data.limits.times_rows;
    let mut times = TransactionTimes {
        times: Vec::new(),
        lost: snapshot.lost,
    };
    for chunk in &snapshot.chunks {
        cancel.check()?;
        for at in filter.select_spans(&chunk.batch) {
            let row = &chunk.batch.rows[at];
            times.times.push((row.end, row.end.since(row.start)));
        }
        if times.times.len() > most {
            return Ok(Attempt::TooMany);
        }
    }
    let mut held = cancel.hold(0)?;
    for segment in &snapshot.segments {
        if segment.is_damaged() {
            times.lost.push(scan::lost(segment));
            continue;
        }
        let whole = scan_open(data, segment, cancel, |open| {
            read(&open, &filter, cancel, &mut times.times, most)
        })?;
        if !whole {
            return Ok(Attempt::Damaged);
        }
        if times.times.len() > most {
            return Ok(Attempt::TooMany);
        }
        let bytes = times.times.len() * size_of::<(UnixNanos, Duration)>();
        cancel.resize(&mut held, bytes)?;
    }
    Ok(Attempt::Whole(times))
}

/// Adds the rows of a segment; stops early if they exceed `most`.
fn read(
    open: &OpenSegment,
    filter: &TransactionFilter,
    cancel: &Cancel,
    times: &mut Vec<(UnixNanos, Duration)>,
    most: usize,
) -> Result<(), LakeError> {
    let conditions = filter.conditions();
    for (group, metadata) in open.metadata.metadata().row_groups().iter().enumerate() {
        if !conditions
            .iter()
            .all(|condition| condition.allows_group(metadata))
        {
            continue;
        }
        let Some(mut pages) = PageFilter::new(filter, open, group)? else {
            continue;
        };
        for page in 0..pages.page_count() {
            cancel.check()?;
            let rows = pages.select(page)?;
            if rows.is_empty() {
                continue;
            }
            if times.len() + rows.len() > most {
                // One more than allowed tells the caller that the limit is exceeded.
                times.resize(most + 1, (UnixNanos(0), Duration::ZERO));
                return Ok(());
            }
            let early = || LakeError::Columns("a page ends early".into());
            let ends = pages.ends(page)?.to_vec();
            let durations = pages.durations(page)?;
            for row in rows {
                let end = ends.get(row).copied().ok_or_else(early)?;
                let duration = durations.get(row).copied().ok_or_else(early)?;
                let duration = Duration::from_nanos(duration.max(0).cast_unsigned());
                times.push((UnixNanos(end), duration));
            }
        }
    }
    Ok(())
}
