//! `GET /csv/transactions`: the whole list as a file.

use super::handler::filters;
use crate::{
    failure,
    parts::download::{download, missing},
    question::ranged,
};
use axum::{
    body::{Body, Bytes},
    extract::State,
    response::Response,
};
use futures_util::{StreamExt, stream};
use hinomi_model::{Cursor, DurationRange, Selection, TimeRange};
use hinomi_query::{
    QueryError,
    answer::{Lost, SpentIn, TransactionItem},
};
use hinomi_webkit::{
    App, csv,
    format::ClockStyle,
    page::Page,
    problem::Problem,
    spent::{q_with_spent, spent},
    table::{File, TableColumn},
};
use std::time::Duration;

/// Rows that are read with one query.
const CHUNK: usize = 1_000;
/// The same for lists with time in calls. Each page of these is computed anew, so a chunk is as
/// large as the store allows.
const SPENT_CHUNK: usize = 10_000;

/// `GET /csv/transactions`: streams every transaction that the list's filters select. With `y`, the
/// duration filters apply to the time in those calls, as in the API, and each row has that time.
/// The first rows are read before the answer begins, so that an error can still be reported.
pub(crate) async fn file(State(app): State<App>, page: Page) -> Response {
    let (page, range) = match ranged(page) {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let (selection, durations) = match filters(&page, page.param("service")) {
        Ok(filters) => filters,
        Err(problem) => return failure::page(page, &problem),
    };
    let text = page.param("q").map(str::to_owned);
    let calls = spent(page.param("y")).and_then(|calls| match (calls, &text) {
        (Some(_), Some(_)) => Err(q_with_spent()),
        _ => Ok(calls),
    });
    let calls = match calls {
        Ok(calls) => calls,
        Err(problem) => return failure::page(page, &problem),
    };
    let lost = app.web.query.lost_transactions(&selection.scope, range);
    let mut walk = Walk {
        lost,
        app,
        page,
        selection,
        range,
        durations,
        text,
        calls,
        at: At::Start,
    };
    match walk.read().await {
        Ok(first) => {
            let first = stream::once(async { Ok(Bytes::from(first)) });
            let known = walk.lost.clone();
            let lines = first.chain(stream::unfold(walk, Walk::next));
            // The compression layer polls again after the end.
            download("transactions", &known, Body::from_stream(lines.fuse()))
        }
        Err(error) => failure::page(walk.page, &Problem::from(error)),
    }
}

/// Position of a walk through a list.
enum At {
    Start,
    After(Cursor),
    End,
}

struct Walk {
    /// Damaged data that is missing: known from the start, and found on the way.
    lost: Vec<Lost>,
    app: App,
    page: Page,
    selection: Selection,
    range: TimeRange,
    durations: DurationRange,
    text: Option<String>,
    /// The calls whose time `durations` filters and one column shows.
    calls: Option<SpentIn>,
    at: At,
}

impl Walk {
    async fn next(mut self) -> Option<(Result<Bytes, std::io::Error>, Self)> {
        if matches!(self.at, At::End) {
            return None;
        }
        match self.read().await {
            Ok(text) => Some((Ok(text.into()), self)),
            // The connection is cut, so that nobody takes half a list for a whole one.
            Err(error) => {
                tracing::error!(%error, "a download ended early");
                self.at = At::End;
                Some((Err(std::io::Error::other(error.to_string())), self))
            }
        }
    }

    /// Reads the next lines.
    async fn read(&mut self) -> Result<String, QueryError> {
        let (mut text, after) = match self.at {
            At::Start => (File::new(&columns(self.calls.is_some())).head(), None),
            At::After(cursor) => (String::new(), Some(cursor)),
            At::End => return Ok(String::new()),
        };
        let query = &self.app.web.query;
        let next = match self.calls {
            None => {
                let (asked, q) = (&self.selection, self.text.as_deref());
                let list = query.transactions(asked, self.range, self.durations, q, after, CHUNK);
                let list = list.await?;
                text += &self.lines(list.items.iter().map(|item| (item, None)));
                self.lost.extend(list.lost);
                list.next
            }
            Some(calls) => {
                // The listed part of the range is not computed again.
                let listed = after.map(|cursor| cursor.end.plus(Duration::from_nanos(1)));
                let to = listed.map_or(self.range.to, |end| end.min(self.range.to));
                let region = (TimeRange::new(self.range.from, to), self.durations);
                let list =
                    query.spent_transactions(calls, &self.selection, region, after, SPENT_CHUNK);
                let list = list.await?;
                let spent = list.spent.iter().copied().map(Some);
                text += &self.lines(list.page.items.iter().zip(spent));
                self.lost.extend(list.page.lost);
                list.page.next
            }
        };
        self.at = next.map_or(At::End, At::After);
        // Each page reports the damaged data again; it is kept once.
        self.lost
            .sort_by_key(|lost| (lost.range.from, lost.range.to, lost.table));
        self.lost.dedup();
        if matches!(self.at, At::End) {
            text.push_str(&missing(&self.page, &self.lost));
        }
        Ok(text)
    }

    /// The lines of some transactions, each with its time in calls.
    fn lines<'a>(
        &'a self,
        items: impl IntoIterator<Item = (&'a TransactionItem, Option<Duration>)>,
    ) -> String {
        let columns = columns(self.calls.is_some());
        let file = File::new(&columns);
        let rows = items.into_iter().map(|(item, spent)| Listed {
            page: &self.page,
            item,
            spent,
        });
        rows.map(|row| file.line(&row)).collect()
    }
}

/// A transaction, and its time in calls.
struct Listed<'a> {
    page: &'a Page,
    item: &'a TransactionItem,
    spent: Option<Duration>,
}

/// The fields of a transaction, with its time in calls if `with_spent`.
fn columns<'a>(with_spent: bool) -> Vec<TableColumn<Listed<'a>>> {
    let mut columns = vec![
        TableColumn::of_file(0, "end", |it: &Listed<'a>| {
            it.page.when(it.item.end, ClockStyle::DateMillis).utc
        }),
        TableColumn::of_file(1, "duration_ms", |it| csv::millis(it.item.duration)),
        TableColumn::of_file(3, "outcome", |it| it.item.outcome.as_str().to_owned()),
        TableColumn::of_file(4, "service", |it| it.item.service.to_string()),
        TableColumn::of_file(5, "operation", |it| it.item.operation.to_string()),
        TableColumn::of_file(6, "instance", |it| it.item.instance.to_string()),
        TableColumn::of_file(7, "version", |it| it.item.version.to_string()),
        TableColumn::of_file(8, "http_status", |it| {
            let status = it.item.http_status;
            status.map(|status| status.to_string()).unwrap_or_default()
        }),
        TableColumn::of_file(9, "error_type", |it| {
            it.item.error_type.as_deref().unwrap_or_default().to_owned()
        }),
        TableColumn::of_file(10, "trace_id", |it| it.item.trace_id.to_string()),
        TableColumn::of_file(11, "span_id", |it| it.item.span_id.to_string()),
    ];
    if with_spent {
        columns.push(TableColumn::of_file(2, "spent_ms", |it| {
            csv::some_millis(it.spent)
        }));
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_transactions_keep_their_places() {
        let head = |with_spent| File::new(&columns(with_spent)).head();
        let fields = |spent| {
            format!(
                "end,duration_ms,{spent}outcome,service,operation,instance,version,http_status,error_type,trace_id,span_id\r\n"
            )
        };
        assert_eq!(head(false), fields(""));
        assert_eq!(head(true), fields("spent_ms,"));
    }
}
