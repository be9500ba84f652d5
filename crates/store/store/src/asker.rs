//! Who asks a question, and what for: what the queues of questions are fair by.
//!
//! The asker is set once, where a request comes in, and holds for every question that is asked while the
//! request is answered. It is handed down beside the call stack, as a deadline or a trace context is: a
//! parameter would have to pass through every question of every screen, and none of them looks at it.
//! What has no asker is the server's own question.

use hinomi_model::Text;

/// What a question is for, in the order in which questions are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QuestionKind {
    /// The server's own, such as what a start has to read.
    Own,
    /// Of a page, or of a program that asks what pages ask.
    Page,
    /// A scan for spans that nothing was counted for: by attribute or by text.
    Search,
    /// A list of everything, to be kept elsewhere.
    Export,
}

impl QuestionKind {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Own, Self::Page, Self::Search, Self::Export];

    /// Whether it gives way to all other threads of the server.
    pub const fn is_scan(self) -> bool {
        matches!(self, Self::Search | Self::Export)
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// What for.
    pub kind: QuestionKind,
    /// The person, as well as it is known: questions of one name wait behind each other.
    pub name: Text,
}

tokio::task_local! {
    static ASKER: Asker;
}

impl Asker {
    /// Every question that is asked within the future is this asker's. One that a task spawned within it
    /// asks is not.
    pub async fn ask<F: Future>(self, questions: F) -> F::Output {
        ASKER.scope(self, questions).await
    }

    /// The same for what is polled later, such as the body of an answer: wraps one poll.
    pub fn poll<T>(&self, poll: impl FnOnce() -> T) -> T {
        ASKER.sync_scope(self.clone(), poll)
    }

    /// The asker of the running request.
    pub fn current() -> Self {
        ASKER.try_with(Self::clone).unwrap_or_else(|_| Self {
            kind: QuestionKind::Own,
            name: "".into(),
        })
    }

    /// The same, asking for at least this kind of work.
    pub fn at_least(mut self, kind: QuestionKind) -> Self {
        // The server's own questions are waited for by all.
        if self.kind != QuestionKind::Own {
            self.kind = self.kind.max(kind);
        }
        self
    }
}
