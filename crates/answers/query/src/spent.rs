//! The hitmap by the time in client calls, the list behind its regions, and the differences of a
//! region. No rollup has that time, so each answer is computed from spans when it is asked for.

use crate::{
    Query, QueryError,
    answer::{
        Contrast, ContrastKind, Contrasted, Counts, Hitmap, HitmapCell, SpentIn, SpentMap,
        SpentPage, TransactionPage,
    },
    contrast::SAMPLE,
    transactions::item,
};
use hinomi_model::{Cursor, DurationRange, OutcomeFilter, Selection, TimeRange, hitmap::row_of};
use hinomi_store::{SpentCount, SpentRegion, SpentRow, SpentSearch, TransactionRow};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

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
        let search = self.spent_search(calls, selection, columns.range).await?;
        let found = self.store.spent(search).await?;
        let mut total = Counts::default();
        let mut cells: BTreeMap<(u32, u8), Counts> = BTreeMap::new();
        let mut without: BTreeMap<u32, Counts> = BTreeMap::new();
        for row in &found.rows {
            let counts = one(row, self.slow_threshold());
            let column = columns.index(row.end) as u32;
            cells
                .entry((column, row_of(row.spent)))
                .or_default()
                .add(counts);
            if row.spent.is_zero() {
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
                slow_threshold: self.slow_threshold(),
                cells: cells.collect(),
                total,
                lost: found.lost,
            },
            without: without.into_iter().collect(),
            expired_before: found.expired_before,
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
        let search = self.spent_search(calls, selection, range).await?;
        let listed = self.store.spent_transactions(search, spent, after, limit);
        let found = listed.await?;
        let last = found.rows.last().filter(|_| found.more);
        let next = last.map(|(row, _)| row.cursor());
        let slow_threshold = self.slow_threshold();
        let (items, spent) = found
            .rows
            .into_iter()
            .map(|(row, spent)| (item(row, slow_threshold), spent))
            .unzip();
        Ok(SpentPage {
            page: TransactionPage {
                total: found.total,
                items,
                next,
                lost: found.lost,
                expired_before: found.expired_before,
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
        let region = SpentRegion {
            range: inside,
            spent,
            outcome: selection.outcome,
        };
        let search = self.spent_search(calls, &all, range).await?;
        let found = self.store.spent_contrast(search, region, SAMPLE).await?;
        let items = |rows: Vec<TransactionRow>| {
            let rows = rows.into_iter();
            rows.map(|row| item(row, self.slow_threshold())).collect()
        };
        let counted = [
            (ContrastKind::Operation, found.operations),
            (ContrastKind::Instance, found.instances),
            (ContrastKind::Version, found.versions),
        ];
        let counted = counted.into_iter().flat_map(|(kind, counts)| {
            let named = counts.into_iter().filter(|count| !count.value.is_empty());
            named.map(move |count| contrasted(kind, count))
        });
        Ok(Contrast {
            selected: found.selected.total,
            rest: found.rest.total,
            counted: counted.collect(),
            selected_sample: self.with_traces(&all, items(found.selected.sample)).await?,
            rest_sample: self.with_traces(&all, items(found.rest.sample)).await?,
            lost: found.lost,
            expired_before: found.expired_before,
        })
    }

    async fn spent_search(
        &self,
        calls: SpentIn,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<SpentSearch, QueryError> {
        let calls = match calls {
            SpentIn::Database => hinomi_store::SpentCalls::Database,
            SpentIn::External => {
                let peers = self.store.peers(selection.scope.project.clone()).await?;
                let services = peers.into_iter().map(|(target, _)| target).collect();
                hinomi_store::SpentCalls::External {
                    services: Arc::new(services),
                }
            }
        };
        Ok(SpentSearch {
            selection: selection.clone(),
            range,
            slow_threshold: self.slow_threshold(),
            calls,
        })
    }
}

fn contrasted(kind: ContrastKind, count: SpentCount) -> Contrasted {
    Contrasted {
        kind,
        value: count.value,
        selected: count.selected,
        rest: count.rest,
    }
}

/// The count that one transaction adds.
fn one(row: &SpentRow, slow_threshold: Duration) -> Counts {
    let mut counts = Counts::default();
    match OutcomeFilter::of(row.outcome, row.duration, slow_threshold) {
        OutcomeFilter::Ok => counts.ok = 1,
        OutcomeFilter::Slow => counts.slow = 1,
        OutcomeFilter::Error => counts.error = 1,
    }
    counts
}
