//! The trace page: where the trace's time went, what was called, and one span in detail.
//!
//! Promises: any trace gives a page, however deep, wide, damaged or hostile. Texts from outside are
//! cut to a limit and cannot affect the page. Does not guess at spans that did not arrive.

mod clean;
mod client;
pub(crate) mod compare;
mod detail;
mod draw;
mod flame;
mod groups;
pub(crate) mod handler;
mod head;
mod lists;
mod merged;
mod note;
mod numbers;
mod page;
mod rows;
mod span_panel;
mod stack;
mod summary;

#[cfg(test)]
pub(crate) use hinomi_webkit::sample::trace as sample;
pub(crate) use page::{View, Wish};

use askama::Template;
use hinomi_query::{answer::Trace, trace::SpanAddress};
use hinomi_webkit::{
    format::{ClockStyle, When},
    i18n::Translations,
    page::{InPage, Page},
};
use std::time::Duration;

/// The page of a trace.
#[derive(Template)]
#[template(path = "trace/page.html")]
pub(crate) struct TracePage {
    page: Page,
    started: When,
    view: page::TraceView,
}

impl TracePage {
    /// The page as the URL describes it. Successful spans at or over `slow` are marked slow.
    pub(crate) fn new(page: Page, trace: &Trace, wish: &Wish, slow: Duration) -> Self {
        let view = page::TraceView::new(trace, wish, slow, page.words());
        let started = page.when(trace.start, ClockStyle::DateMillis);
        Self {
            page,
            started,
            view,
        }
    }
}

impl InPage for TracePage {
    fn page(&self) -> &Page {
        &self.page
    }
}

/// The panel of one span, without the page.
#[derive(Template)]
#[template(path = "trace/span.html")]
pub(crate) struct SpanFragment {
    page: Page,
    panel: span_panel::SpanPanel,
}

impl SpanFragment {
    /// The panel of `span`; `None` when the trace has no such span.
    pub(crate) fn new(page: Page, trace: &Trace, span: SpanAddress) -> Option<Self> {
        let panel = panel(trace, span, page.words())?;
        Some(Self { page, panel })
    }
}

impl InPage for SpanFragment {
    fn page(&self) -> &Page {
        &self.page
    }
}

fn panel(trace: &Trace, span: SpanAddress, words: &Translations) -> Option<span_panel::SpanPanel> {
    let index = trace.position(span)?;
    let detail = detail::Detail::of(trace, index, &rows::Colours::of(trace))?;
    Some(span_panel::SpanPanel::new(detail, words))
}

/// The page for a trace that does not exist.
#[derive(Template)]
#[template(path = "trace/missing.html")]
pub(crate) struct TraceMissing {
    page: Page,
    /// The trace id in the URL.
    asked: String,
    /// Whether it is a valid trace id.
    is_id: bool,
}

impl TraceMissing {
    /// No trace has this id. `is_id` tells an invalid id from one that is not stored.
    pub(crate) fn new(page: Page, asked: &str, is_id: bool) -> Self {
        Self {
            page,
            asked: clean::line(asked, 64),
            is_id,
        }
    }
}

impl InPage for TraceMissing {
    fn page(&self) -> &Page {
        &self.page
    }
}

#[cfg(test)]
mod tests;
