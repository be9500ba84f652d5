//! Compares the selected transactions with the rest of a window: counts over all of them, traces of
//! a sample.

use crate::{
    Query, QueryError,
    answers::{Contrast, ContrastKind, Contrasted, Lost, Sampled, TransactionItem},
    columns::resolution,
    source::Asked,
    tally::Outcomes,
    trace::{Clocks, assemble},
};
use hinomi_model::{DurationRange, Selection, Text, TimeRange, TraceId, hitmap::row_edge};
use hinomi_store::{Dimensions, Families, Measures, Steps};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// Number of traces that are read for each side.
pub(crate) const SAMPLE: usize = 150;
/// Number of equal stretches of time that the sample is taken from, so that it is spread evenly.
const STRETCHES: u32 = 5;
/// Most spans that are read of one trace.
const MOST_SPANS: usize = 500;
/// Time limit for reading traces. The sample consists of the traces read within it.
const TIME: Duration = Duration::from_millis(900);
/// Spans of a trace are expected to end within this distance of its transaction.
const NEAR: Duration = Duration::from_secs(120);

impl Query {
    /// Compares the transactions of `region` that the selection has with the other transactions of
    /// `window`. The rest includes transactions of any outcome. The ends of the region must be cell
    /// edges of the window's hitmap, as those of a dragged rectangle are.
    pub async fn contrast(
        &self,
        selection: &Selection,
        window: TimeRange,
        region: (TimeRange, DurationRange),
    ) -> Result<Contrast, QueryError> {
        let all = Selection {
            outcome: None,
            ..selection.clone()
        };
        let (counted, mut lost) = self.counted(selection, &all, window, region).await?;
        let (inside, durations) = region;
        let selected = self.spread(selection, inside, durations, |_| true).await?;
        let is_rest = |item: &TransactionItem| {
            let outcome = selection
                .outcome
                .is_none_or(|wanted| wanted == item.outcome);
            !(inside.contains(item.end) && durations.contains(item.duration) && outcome)
        };
        let rest = self
            .spread(&all, window, DurationRange::default(), is_rest)
            .await?;
        let selected_sample = self.with_traces(&all, selected).await?;
        let rest_sample = self.with_traces(&all, rest).await?;
        lost.extend(self.lost_transactions(&selection.scope, window));
        let of = |kind| counted.values.iter().filter(move |row| row.kind == kind);
        let sum = |pick: fn(&Contrasted) -> u64| {
            let sum: u64 = of(ContrastKind::Operation).map(pick).sum();
            sum
        };
        Ok(Contrast {
            selected: sum(|row| row.selected),
            rest: sum(|row| row.rest),
            counted: counted
                .values
                .into_iter()
                .filter(|row| !row.value.is_empty())
                .collect(),
            selected_sample,
            rest_sample,
            lost,
            expired_before: None,
        })
    }

    async fn counted(
        &self,
        selection: &Selection,
        all: &Selection,
        window: TimeRange,
        (inside, durations): (TimeRange, DurationRange),
    ) -> Result<(Counted, Vec<Lost>), QueryError> {
        let columns = self.columns_of(&selection.scope.project, window);
        let slow_threshold = self.slow_threshold_of_selection(selection);
        let wanted = Outcomes::new(slow_threshold, selection.outcome);
        let any = Outcomes::new(slow_threshold, None);
        let by = Dimensions::OPERATION | Dimensions::INSTANCE | Dimensions::VERSION;
        let asked = Asked::new(all, Families::TRANSACTIONS, by, Measures::CELLS);
        let steps = Steps::Of {
            from: columns.range.from,
            width: resolution(columns.width).width(),
        };
        let question = asked.over(columns.range, columns.width, steps);
        let found = self.rollups(question).await?;
        let mut values = Values::new();
        for group in found.groups {
            let (mut selected, mut total) = (0, 0);
            for (step, sum) in &group.steps {
                let is_inside = steps.start(*step).is_some_and(|at| inside.contains(at));
                for cell in &sum.cells.cells() {
                    let low = row_edge(usize::from(cell.row));
                    total += any.of(*cell).total();
                    if is_inside && durations.contains(low) {
                        selected += wanted.of(*cell).total();
                    }
                }
            }
            for (kind, value) in [
                (ContrastKind::Operation, group.key.operation),
                (ContrastKind::Instance, group.key.instance),
                (ContrastKind::Version, group.key.version),
            ] {
                let counts = values.entry((kind, value)).or_default();
                counts.0 += selected;
                counts.1 += total - selected;
            }
        }
        let each = values.into_iter();
        let values = each
            .map(|((kind, value), (selected, rest))| Contrasted {
                kind,
                value,
                selected,
                rest,
            })
            .collect();
        Ok((Counted { values }, found.lost))
    }

    /// A sample of transactions: the same number from each stretch of the range.
    async fn spread(
        &self,
        selection: &Selection,
        range: TimeRange,
        durations: DurationRange,
        keep: impl Fn(&TransactionItem) -> bool,
    ) -> Result<Vec<TransactionItem>, QueryError> {
        let mut found = Vec::new();
        let each = SAMPLE / STRETCHES as usize;
        let stretch = range.length() / STRETCHES;
        for number in 0..STRETCHES {
            let from = range.from.plus(stretch * number);
            let to = match number + 1 {
                STRETCHES => range.to,
                _ => from.plus(stretch),
            };
            let part = TimeRange::new(from, to);
            let page = self
                .transactions(selection, part, durations, None, None, each * 4)
                .await?;
            let mut kept: Vec<TransactionItem> = page.items.into_iter().filter(&keep).collect();
            // Takes every n-th row of a page, so that one second does not stand for a whole minute.
            let step = kept.len().div_ceil(each).max(1);
            let mut at = 0;
            kept.retain(|_| {
                at += 1;
                (at - 1) % step == 0
            });
            found.extend(kept);
        }
        Ok(found)
    }

    /// The transactions whose traces were found within the time limit, with these traces.
    pub(crate) async fn with_traces(
        &self,
        selection: &Selection,
        items: Vec<TransactionItem>,
    ) -> Result<Vec<Sampled>, QueryError> {
        let ends = || items.iter().map(|item| item.end);
        let (Some(first), Some(last)) = (ends().min(), ends().max()) else {
            return Ok(Vec::new());
        };
        let range = TimeRange::new(first.minus(NEAR), last.plus(NEAR));
        let ids: Vec<TraceId> = items.iter().map(|item| item.trace_id).collect();
        let project = selection.scope.project.clone();
        let read = self.store.traces(project, ids, range, MOST_SPANS, TIME);
        let mut traces: HashMap<TraceId, _> = read.await?.into_iter().collect();
        let sampled = items.into_iter().filter_map(|item| {
            let spans = traces.remove(&item.trace_id)?;
            Some(Sampled {
                trace: assemble(item.trace_id, spans, 0, Clocks::AsSent),
                item,
            })
        });
        Ok(sampled.collect())
    }
}

/// Counts by value: of the selected transactions, of the rest.
type Values = BTreeMap<(ContrastKind, Text), (u64, u64)>;

/// Every value with its counts. The counts of one kind add up to the number of all transactions.
struct Counted {
    values: Vec<Contrasted>,
}
