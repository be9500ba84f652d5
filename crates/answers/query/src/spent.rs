//! The hitmap by the time in client calls, the list behind its regions, and the differences of a
//! region. No rollup has that time, so each answer is computed from spans when it is asked for.

mod contrast;
mod time_in_calls;

use crate::{
    Query, QueryError,
    answers::{
        Contrast, Counts, Hitmap, HitmapCell, SpentIn, SpentMap, SpentPage, TransactionPage,
    },
    contrast::SAMPLE,
    transactions::item,
};
use contrast::Region;
use hinomi_model::{
    Cursor, DurationRange, OutcomeFilter, Selection, SpanId, Text, TimeRange, TraceId, UnixNanos,
    hitmap::row_of,
};
use hinomi_store::{CallTreeSearch, CallTrees, Hosts, TransactionRow, TreeTransaction};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use time_in_calls::{AFTER, BEFORE, CountedCalls, time_in_calls};

impl Query {
    /// The hitmap of a selection by the time in calls. The columns are those of [`Self::hitmap`]
    /// for the same range. Fails with [`QueryError::TooMuch`] when the range has too many spans.
    pub async fn spent_hitmap(
        &self,
        calls: SpentIn,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<SpentMap, QueryError> {
        let columns = self.columns_of(&selection.scope.project, range);
        let slow_threshold = self.slow_threshold_of_selection(selection);
        let found = self.spent(calls, selection, columns.range, false).await?;
        let mut total = Counts::default();
        let mut cells: BTreeMap<(u32, u8), Counts> = BTreeMap::new();
        let mut without: BTreeMap<u32, Counts> = BTreeMap::new();
        for (transaction, spent) in found.each() {
            let counts = one(transaction, slow_threshold);
            let column = columns.index(transaction.cursor.end) as u32;
            cells
                .entry((column, row_of(spent)))
                .or_default()
                .add(counts);
            if spent.is_zero() {
                without.entry(column).or_default().add(counts);
            }
            total.add(counts);
        }
        let cells = cells.into_iter().map(|((column, row), counts)| HitmapCell {
            column,
            row,
            counts,
        });
        Ok(SpentMap {
            map: Hitmap {
                range: columns.range,
                column: columns.width,
                slow_threshold,
                cells: cells.collect(),
                total,
                lost: found.trees.lost,
            },
            without: without.into_iter().collect(),
            expired_before: found.trees.expired_before,
        })
    }

    /// A page of the transactions whose time in calls is in the range `spent`, newest first. For a
    /// region of [`Self::spent_hitmap`] it lists as many as the map counts.
    pub async fn spent_transactions(
        &self,
        calls: SpentIn,
        selection: &Selection,
        (range, spent): (TimeRange, DurationRange),
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<SpentPage, QueryError> {
        let found = self.spent(calls, selection, range, false).await?;
        let mut wanted: Vec<(Cursor, Duration)> = found
            .each()
            .map(|(transaction, time)| (transaction.cursor, time))
            .filter(|(_, time)| spent.contains(*time))
            .collect();
        let total = wanted.len() as u64;
        wanted.retain(|(cursor, _)| after.is_none_or(|after| *cursor < after));
        wanted.sort_unstable_by_key(|(cursor, _)| Reverse(*cursor));
        let behind = wanted.len();
        wanted.truncate(limit);
        let next = wanted.last().filter(|_| behind > wanted.len());
        let next = next.map(|(cursor, _)| *cursor);
        let project = &selection.scope.project;
        let cursors = wanted.iter().map(|(cursor, _)| *cursor).collect();
        let rows = self.rows_at(project, cursors).await?;
        let slow_threshold = self.slow_threshold_of_selection(selection);
        let listed = wanted.into_iter().filter_map(|(cursor, time)| {
            let row = rows.get(&RowKey::of(&cursor))?.clone();
            Some((item(row, slow_threshold), time))
        });
        let (items, spent) = listed.unzip();
        Ok(SpentPage {
            page: TransactionPage {
                total,
                items,
                next,
                lost: found.trees.lost,
                expired_before: found.trees.expired_before,
            },
            spent,
        })
    }

    /// Compares the transactions of a region, as [`Self::spent_transactions`] lists them, with the
    /// other transactions of the window. The rest includes transactions of any outcome. The window
    /// is that of [`Self::spent_hitmap`], extended to the region where the region lies outside it.
    /// One scan counts and samples both sides.
    pub async fn spent_contrast(
        &self,
        calls: SpentIn,
        selection: &Selection,
        window: TimeRange,
        (inside, spent): (TimeRange, DurationRange),
    ) -> Result<Contrast, QueryError> {
        let all = Selection {
            outcome: None,
            ..selection.clone()
        };
        let window = self.columns_of(&selection.scope.project, window).range;
        let range = TimeRange::new(window.from.min(inside.from), window.to.max(inside.to));
        let region = Region {
            range: inside,
            spent,
            outcome: selection.outcome,
        };
        let found = self.spent(calls, &all, range, true).await?;
        let slow_threshold = self.slow_threshold_of_selection(selection);
        let sides = contrast::compare(&found, &region, slow_threshold, SAMPLE);
        let cursors = sides.samples.concat();
        let rows = self.rows_at(&selection.scope.project, cursors).await?;
        let [selected, rest] = sides.samples.map(|sample| {
            let rows = sample.iter().filter_map(|at| rows.get(&RowKey::of(at)));
            rows.map(|row| item(row.clone(), slow_threshold)).collect()
        });
        Ok(Contrast {
            selected: sides.totals[0],
            rest: sides.totals[1],
            counted: sides.counted,
            selected_sample: self.with_traces(&all, selected).await?,
            rest_sample: self.with_traces(&all, rest).await?,
            lost: found.trees.lost,
            expired_before: found.trees.expired_before,
        })
    }

    /// The transactions of a selection with the time in their calls; `names` tells operation,
    /// instance and version of each.
    async fn spent(
        &self,
        spent_in: SpentIn,
        selection: &Selection,
        range: TimeRange,
        names: bool,
    ) -> Result<Spent, QueryError> {
        let search = CallTreeSearch {
            selection: selection.clone(),
            range,
            slow_threshold: self.slow_threshold_of_selection(selection),
            before: BEFORE,
            after: AFTER,
            categories: CountedCalls::categories(spent_in),
            names,
        };
        let hosts = match spent_in {
            SpentIn::Database => Hosts::default(),
            SpentIn::External => self.hosts(&selection.scope).await?,
        };
        let calls = CountedCalls {
            spent_in,
            hosts,
            caller: selection.service.clone().unwrap_or_default(),
        };
        let mut trees = self.store.call_trees(search).await?;
        let follow = move || {
            let times = time_in_calls(&trees, &calls);
            // No later step looks at spans.
            trees.spans = Vec::new();
            Spent { trees, times }
        };
        // A million spans take long enough to keep other requests waiting.
        let followed = tokio::task::spawn_blocking(follow).await;
        followed.map_err(|error| QueryError::Store(error.to_string()))
    }

    /// Whole rows of transactions by their place in a list.
    async fn rows_at(
        &self,
        project: &Text,
        cursors: Vec<Cursor>,
    ) -> Result<HashMap<RowKey, TransactionRow>, QueryError> {
        let rows = self.store.transactions_at(project.clone(), cursors).await?;
        let keyed = rows.into_iter().map(|row| (RowKey::of(&row.cursor()), row));
        Ok(keyed.collect())
    }
}

/// Identifies a transaction.
#[derive(PartialEq, Eq, Hash)]
struct RowKey(TraceId, SpanId, UnixNanos);

impl RowKey {
    fn of(cursor: &Cursor) -> Self {
        Self(cursor.trace_id, cursor.span_id, cursor.end)
    }
}

/// Transactions with the time in their calls.
struct Spent {
    trees: CallTrees,
    /// One for each transaction, in the same order.
    times: Vec<Duration>,
}

impl Spent {
    fn each(&self) -> impl Iterator<Item = (&TreeTransaction, Duration)> {
        let times = self.times.iter().copied();
        self.trees.transactions.iter().zip(times)
    }
}

/// The count that one transaction adds.
fn one(transaction: &TreeTransaction, slow_threshold: Duration) -> Counts {
    let mut counts = Counts::default();
    match OutcomeFilter::of(transaction.outcome, transaction.duration, slow_threshold) {
        OutcomeFilter::Ok => counts.ok = 1,
        OutcomeFilter::Slow => counts.slow = 1,
        OutcomeFilter::Error => counts.error = 1,
    }
    counts
}
