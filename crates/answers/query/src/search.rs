//! Finding spans by what their attributes hold.

use crate::{
    Query, QueryError,
    answer::{SearchAnswer, SearchItem, SearchNews},
};
use hinomi_model::{Cursor, OutcomeFilter, Scope, Text, TimeRange, UnixNanos};
use hinomi_store::{AttributeRow, AttributeRows, AttributeSearch, PromoteError, Term};
use std::time::Duration;

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchQuestion {
    /// Whose.
    pub scope: Scope,
    /// Only this service's.
    pub service: Option<Text>,
    /// When they ended.
    pub range: TimeRange,
    /// All must hold of one span; not empty.
    pub terms: Vec<Term>,
    /// Only those after this one.
    pub before: Option<Cursor>,
    /// Most to answer with.
    pub limit: usize,
}

impl Query {
    /// The newest spans with all terms. Tells `tell` how it goes on, from another thread; dropping
    /// the future ends the search.
    pub async fn search(
        &self,
        question: SearchQuestion,
        mut tell: impl FnMut(SearchNews) + Send + 'static,
    ) -> Result<SearchAnswer, QueryError> {
        let slow = self.slow_threshold();
        let SearchQuestion {
            scope,
            service,
            range,
            terms,
            before,
            limit,
        } = question;
        let search = AttributeSearch {
            scope,
            service,
            range,
            terms,
            before,
            limit,
        };
        let tell = Box::new(move |news: hinomi_store::SearchNews| {
            tell(SearchNews {
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

    /// Promoted attributes in order of their keys, with since when.
    pub fn promoted_attributes(&self, scope: &Scope) -> Vec<(Text, UnixNanos)> {
        self.store.promoted_attributes(&scope.project)
    }

    /// Promotes an attribute.
    pub async fn promote_attribute(&self, scope: &Scope, key: Text) -> Result<(), PromoteError> {
        let project = scope.project.clone();
        self.store.promote_attribute(project, key).await
    }

    /// Takes a promotion back.
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
