//! A statistic compared with the same statistic at another time: rows in pairs, with trends.
//!
//! Reads rollups only. The numbers are the same as those of [`Query::statistics`]; a test checks
//! that.

use crate::{
    Query, QueryError,
    answers::{Lost, Statistic, StatisticRow},
    columns::{Columns, finest_for_sums},
    parts::{Trend, parts},
    statistics::{self, Begun, row, row_key},
};
use hinomi_model::{Selection, Text, TimeRange};
use hinomi_store::{Dimensions, Hosts, Resolution, RollupSum};
use std::{cmp::Reverse, collections::HashMap, time::Duration};

/// A statistic compared with the same one at another time.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The time that the answer covers, widened to whole rollups.
    pub range: TimeRange,
    /// The other time, widened the same way; `None` when nothing is compared.
    pub against: Option<TimeRange>,
    /// The rows, largest total time first.
    pub rows: Vec<ComparedRow>,
    /// Rows that only the other time has, largest total time first. They have no trend.
    pub gone: Vec<ComparedRow>,
    /// Damaged data that is missing at either time; empty when the answer is complete.
    pub lost: Vec<Lost>,
}

/// One row of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedRow {
    /// Service of the row; empty unless services are kept apart.
    pub service: Text,
    /// The row at the present time. For a row in `gone`: the row at the other time.
    pub now: StatisticRow,
    /// The row at the other time; `None` when it did not occur then or nothing is compared.
    pub before: Option<StatisticRow>,
    /// Count a second over the range; `None` for a point that is not over yet.
    pub trend: Vec<Option<f64>>,
}

/// The parameters of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StatisticQuestion {
    /// The statistic that is compared.
    pub statistic: Statistic,
    /// The present time.
    pub range: TimeRange,
    /// The other time; `None` compares nothing.
    pub against: Option<TimeRange>,
    /// Whether rows of different services are kept apart.
    pub apart: bool,
}

/// Service, key, detail.
type RowKey = (Text, Text, Text);

impl Query {
    /// Compares a statistic with the same one at another time. The selection has the same effect as in
    /// [`Self::statistics`].
    pub async fn compared(
        &self,
        asked: StatisticQuestion,
        selection: &Selection,
    ) -> Result<Compared, QueryError> {
        let hosts = self.hosts_for(asked.statistic, selection).await?;
        let now = self
            .sums(asked, selection, asked.range, hosts.clone())
            .await?;
        let mut lost = now.lost;
        let (mut before, mut against) = (HashMap::new(), None);
        if let Some(other) = asked.against {
            let sums = self.sums(asked, selection, other, hosts).await?;
            against = Some(sums.range);
            lost.extend(sums.lost);
            before = sums.rows;
        }
        let mut rows: Vec<ComparedRow> = now
            .rows
            .into_iter()
            .map(|(key, (now, trend))| ComparedRow {
                before: before.remove(&key).map(|(row, _)| row),
                service: key.0,
                now,
                trend,
            })
            .collect();
        let mut gone: Vec<ComparedRow> = before
            .into_iter()
            .map(|(key, (row, _))| ComparedRow {
                service: key.0,
                now: row.clone(),
                before: Some(row),
                trend: Vec::new(),
            })
            .collect();
        sort(&mut rows);
        sort(&mut gone);
        Ok(Compared {
            range: now.range,
            against,
            rows,
            gone,
            lost,
        })
    }

    async fn hosts_for(
        &self,
        statistic: Statistic,
        selection: &Selection,
    ) -> Result<Hosts, QueryError> {
        if statistic != Statistic::Externals {
            return Ok(Hosts::default());
        }
        self.hosts(&selection.scope).await
    }

    async fn sums(
        &self,
        asked: StatisticQuestion,
        selection: &Selection,
        range: TimeRange,
        hosts: Hosts,
    ) -> Result<Summed, QueryError> {
        let columns = self.columns_for_sums(&selection.scope.project, range);
        let trend = Trend::over(&columns);
        let mut question = statistics::asked(asked.statistic, selection);
        if asked.apart {
            question.by = question.by | Dimensions::SERVICE;
        }
        let found = self
            .rollups_of_parts(&question, parts(&columns), trend.steps())
            .await?;
        let mut sums: HashMap<RowKey, Sum> = HashMap::new();
        for group in found.groups {
            let Some((key, detail)) = row_key(asked.statistic, &group.key, &hosts) else {
                continue;
            };
            // An externals' row is of all services unless they are asked for apart.
            let service = match asked.apart {
                true => group.key.service.service.clone(),
                false => "".into(),
            };
            let stands = (service, key, detail);
            let sum = sums.entry(stands).or_insert_with(|| Sum {
                points: vec![0; trend.len()],
                all: RollupSum::default(),
                begun: Begun::default(),
            });
            sum.begun.add(Begun::by(&group.key, group.count()));
            for (point, part) in &group.steps {
                if let Some(count) = sum.points.get_mut(*point as usize) {
                    *count += part.count;
                }
                sum.all.merge(part);
            }
        }
        let now = self.now();
        let counted = sums.into_iter().filter(|(_, sum)| sum.all.count > 0);
        let rows = counted.map(|((service, key, detail), sum)| {
            let points = sum.points.iter().enumerate();
            let rates = points.map(|(index, count)| {
                let seconds = trend.seconds(index, now)?;
                Some(*count as f64 / seconds)
            });
            let rates: Vec<Option<f64>> = rates.collect();
            let stands = (service, key.clone(), detail.clone());
            (stands, (row(key, detail, (&sum.all, sum.begun)), rates))
        });
        Ok(Summed {
            range: columns.range,
            rows: rows.collect(),
            lost: found.lost,
        })
    }

    /// The columns to read sums over a range from, exact to the minute.
    pub(crate) fn columns_for_sums(&self, project: &str, range: TimeRange) -> Columns {
        let finest = finest_for_sums(range.length()).min(Resolution::Minute);
        Columns::covering_from(finest, range, |resolution| {
            self.store.rollups_kept_from(project, resolution)
        })
    }
}

fn sort(rows: &mut [ComparedRow]) {
    rows.sort_by(|a, b| {
        let place = |row: &ComparedRow| (Reverse(row.now.total), row.now.key.clone());
        place(a)
            .cmp(&place(b))
            .then_with(|| (&a.now.detail, &a.service).cmp(&(&b.now.detail, &b.service)))
    });
}

struct Summed {
    range: TimeRange,
    rows: HashMap<RowKey, (StatisticRow, Vec<Option<f64>>)>,
    lost: Vec<Lost>,
}

/// A row while it is added up.
struct Sum {
    all: RollupSum,
    /// What began them.
    begun: Begun,
    /// Counts by point of the trend.
    points: Vec<u64>,
}

/// A change from the other time to now, as a share of the other: 0.12 is 12 % more. `None` where there
/// was nothing to compare with.
pub fn change(now: f64, before: f64) -> Option<f64> {
    (before > 0.0 && now.is_finite()).then(|| now / before - 1.0)
}

impl ComparedRow {
    /// The changes of the row. `length` and `against` are the lengths of the two ranges.
    pub fn changes(&self, length: Duration, against: Duration) -> Option<Changes> {
        let before = self.before.as_ref()?;
        let rate = |row: &StatisticRow, over: Duration| {
            row.count as f64 / over.as_secs_f64().max(f64::MIN_POSITIVE)
        };
        let busy = |row: &StatisticRow, over: Duration| {
            row.total.as_secs_f64() / over.as_secs_f64().max(f64::MIN_POSITIVE)
        };
        let share = |row: &StatisticRow| row.errors as f64 / (row.count.max(1)) as f64;
        let latency = |now: Option<Duration>, before: Option<Duration>| {
            change(now?.as_secs_f64(), before?.as_secs_f64())
        };
        let (now, then) = (&self.now.latency, &before.latency);
        Some(Changes {
            rate: change(rate(&self.now, length), rate(before, against)),
            errors: share(&self.now) - share(before),
            total: change(busy(&self.now, length), busy(before, against)),
            p50: latency(now.p50, then.p50),
            p95: latency(now.p95, then.p95),
            p99: latency(now.p99, then.p99),
        })
    }
}

/// The changes of a row, relative to the other time's values; for errors the difference of shares.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Changes {
    /// Change of the rate.
    pub rate: Option<f64>,
    /// Difference of the failed shares: 0.02 is two percentage points more.
    pub errors: f64,
    /// Change of the time spent per second.
    pub total: Option<f64>,
    /// Change of the median.
    pub p50: Option<f64>,
    /// Change of the 95th percentile.
    pub p95: Option<f64>,
    /// Change of the 99th percentile.
    pub p99: Option<f64>,
}
