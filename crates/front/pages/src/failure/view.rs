//! Error pages: what went wrong and what to do next.

use askama::Template;
use hinomi_webkit::page::{InPage, Page};

/// The kinds of error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nobody knows the reader.
    Unknown,
    /// The page does not exist.
    NotFound,
    /// Unknown value in the URL; the text names it.
    Address(String),
    /// Too many queries are running.
    Busy,
    /// The query took too long.
    Timeout,
    /// The query would read more than is allowed.
    TooMuch,
    /// The store cannot be read.
    Store,
}

/// The page.
#[derive(Template)]
#[template(path = "failure/page.html")]
pub(crate) struct FailurePage {
    page: Page,
    title: String,
    text: String,
    detail: String,
    retry: Option<String>,
}

impl FailurePage {
    /// The page of an error.
    pub(crate) fn new(page: Page, kind: Kind) -> Self {
        let (stem, detail, retry) = match kind {
            Kind::Unknown => ("unknown", String::new(), true),
            Kind::NotFound => ("not-found", String::new(), false),
            Kind::Address(detail) => ("address", hinomi_webkit::format::name(&detail), false),
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
