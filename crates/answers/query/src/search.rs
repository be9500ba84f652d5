//! Searches spans by the values of their attributes.

use crate::{
    Query, QueryError,
    answers::{SearchAnswer, SearchItem, SearchProgress},
};
use hinomi_model::{Cursor, OutcomeFilter, Scope, Text, TimeRange, UnixNanos};
use hinomi_store::{AttributeRow, AttributeRows, AttributeSearch, PromoteError, Term};
use std::time::Duration;

/// A search request.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchQuestion {
    /// Project, environment and namespace to search.
    pub scope: Scope,
    /// Only spans of this service; `None` means all services.
    pub service: Option<Text>,
    /// Time in which the spans ended.
    pub range: TimeRange,
    /// Terms that a span must fulfil, all of them; not empty.
    pub terms: Vec<Term>,
    /// Only spans after this one in the list (older ones).
    pub before: Option<Cursor>,
    /// Most spans to answer with.
    pub limit: usize,
}

impl Query {
    /// Finds the newest spans that fulfil all terms. Calls `tell` from another thread with the
    /// progress. Dropping the future ends the search.
    pub async fn search(
        &self,
        question: SearchQuestion,
        mut tell: impl FnMut(SearchProgress) + Send + 'static,
    ) -> Result<SearchAnswer, QueryError> {
        let SearchQuestion {
            scope,
            service,
            range,
            terms,
            before,
            limit,
        } = question;
        let slow = self.slow_threshold_of(&scope, service.as_deref());
        let search = AttributeSearch {
            scope,
            service,
            range,
            terms,
            before,
            limit,
        };
        let tell = Box::new(move |news: hinomi_store::SearchNews| {
            tell(SearchProgress {
                scanned: news.scanned,
                covered_from: news.covered_from,
                found: items(news.found, slow),
                lost: news.lost,
            });
        });
        let found = self.store.search(search, tell).await?;
        let AttributeRows {
            rows,
            stopped,
            covered_from,
            next,
            scanned,
            lost,
            ..
        } = found;
        Ok(SearchAnswer {
            items: items(rows, slow),
            stopped,
            covered_from,
            next,
            scanned,
            lost,
        })
    }

    /// The promoted attributes, sorted by key, each with the time of its promotion.
    pub fn promoted_attributes(&self, scope: &Scope) -> Vec<(Text, UnixNanos)> {
        self.store.promoted_attributes(&scope.project)
    }

    /// Promotes an attribute: segments written from now on have filters of its values.
    pub async fn promote_attribute(&self, scope: &Scope, key: Text) -> Result<(), PromoteError> {
        let project = scope.project.clone();
        let now = UnixNanos(self.clock.unix_nanos());
        self.store.promote_attribute(project, key, now).await
    }

    /// Withdraws the promotion of an attribute.
    pub async fn demote_attribute(&self, scope: &Scope, key: &str) -> Result<(), QueryError> {
        Ok(self
            .store
            .demote_attribute(scope.project.clone(), key.into())
            .await?)
    }
}

fn items(rows: Vec<AttributeRow>, slow: Duration) -> Vec<SearchItem> {
    rows.into_iter().map(|row| item(row, slow)).collect()
}

fn item(row: AttributeRow, slow: Duration) -> SearchItem {
    let duration = row.end.since(row.start);
    let transaction = row.transaction.map(|(operation, outcome)| {
        let outcome = OutcomeFilter::of(outcome, duration, slow);
        (operation, outcome)
    });
    SearchItem {
        trace_id: row.trace_id,
        span_id: row.span_id,
        service: row.service,
        name: row.name,
        end: row.end,
        duration,
        key: row.matched.key,
        value: row.matched.value,
        transaction,
        http_status: row.http_status,
    }
}
