//! Pages that say what went wrong and what to do next.

use crate::page::{InPage, Page};
use askama::Template;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No such page.
    NotFound,
    /// A part of the address makes no sense; it says which.
    Address(String),
    /// Too many queries.
    Busy,
    /// A query took too long.
    Timeout,
    /// A query would take more than is allowed.
    TooMuch,
    /// The store cannot be read.
    Store,
}

/// The page.
#[derive(Template)]
#[template(path = "pages/failure.html")]
pub(crate) struct FailurePage {
    page: Page,
    title: String,
    text: String,
    detail: String,
    retry: Option<String>,
}

impl FailurePage {
    /// The page of what went wrong.
    pub(crate) fn new(page: Page, kind: Kind) -> Self {
        let (stem, detail, retry) = match kind {
            Kind::NotFound => ("not-found", String::new(), false),
            Kind::Address(detail) => ("address", crate::format::name(&detail), false),
            Kind::Busy => ("busy", String::new(), true),
            Kind::Timeout => ("timeout", String::new(), true),
            Kind::TooMuch => ("too-much", String::new(), false),
            Kind::Store => ("store", String::new(), true),
        };
        let retry = retry.then(|| page.this_with(&[]));
        Self {
            title: page.t(&format!("failure-{stem}-title")),
            text: page.t(&format!("failure-{stem}-text")),
            detail,
            retry,
            page,
        }
    }
}

impl InPage for FailurePage {
    fn page(&self) -> &Page {
        &self.page
    }
}
