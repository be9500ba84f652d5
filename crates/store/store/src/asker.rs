//! The client that asks a query (*question* in code), and the query's kind. The query queues
//! schedule fairly by both.
//!
//! The asker is set once, where a request arrives, and applies to every query during that request.
//! It is passed as a task-local value, like a deadline or a trace context. A parameter would have
//! to pass through every query of every screen, and none of them uses it. A query without an asker
//! is the server's own.

use hinomi_model::Text;

/// What a query is for, in descending priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QuestionKind {
    /// The server's own query, such as a read at start.
    Own,
    /// A query of a page, or of a program that uses the same API.
    Page,
    /// A scan for spans that rollups cannot answer: by attribute or by text.
    Search,
    /// An export of complete data.
    Export,
}

impl QuestionKind {
    /// All kinds, in order of priority.
    pub const ALL: [Self; 4] = [Self::Own, Self::Page, Self::Search, Self::Export];

    /// Whether it runs at lower priority than all other threads of the server.
    pub const fn is_scan(self) -> bool {
        matches!(self, Self::Search | Self::Export)
    }
}

/// The client that asks a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// Kind of query.
    pub kind: QuestionKind,
    /// The client, as far as it is known: an address until accounts exist. Queries of one name are
    /// answered in order.
    pub name: Text,
}

tokio::task_local! {
    static ASKER: Asker;
}

impl Asker {
    /// Every query within the future belongs to this asker. This does not include queries in tasks
    /// that the future spawns.
    pub async fn ask<F: Future>(self, questions: F) -> F::Output {
        ASKER.scope(self, questions).await
    }

    /// Same as [`Self::ask`] for something polled later, such as a response body: wraps one poll.
    pub fn poll<T>(&self, poll: impl FnOnce() -> T) -> T {
        ASKER.sync_scope(self.clone(), poll)
    }

    /// The asker of the running request; without one, the server itself.
    pub fn current() -> Self {
        ASKER.try_with(Self::clone).unwrap_or_else(|_| Self {
            kind: QuestionKind::Own,
            name: "".into(),
        })
    }

    /// The same asker with at least this kind (the lower priority of the two).
    pub fn at_least(mut self, kind: QuestionKind) -> Self {
        // The server's own questions are waited for by all.
        if self.kind != QuestionKind::Own {
            self.kind = self.kind.max(kind);
        }
        self
    }
}
