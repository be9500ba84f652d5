//! The page with only the hitmap, of one service or of all.

use crate::parts::{
    hitmap_panel::{HitmapPanel, Marks},
    service_head::ServiceHead,
};
use askama::Template;
use hinomi_analysis::ServiceSummary;
use hinomi_query::answer::{Facets, Hitmap};
use hinomi_webkit::page::{InPage, Page};

/// The page.
#[derive(Template)]
#[template(path = "hitmap/page.html")]
pub(crate) struct HitmapPage {
    page: Page,
    head: Option<ServiceHead>,
    map: HitmapPanel,
}

impl HitmapPage {
    /// The page of a map. Without a summary: of all services.
    pub(crate) fn new(
        page: Page,
        summary: Option<&ServiceSummary>,
        map: &Hitmap,
        facets: &Facets,
        marks: &Marks,
    ) -> Self {
        let head = summary.map(|summary| ServiceHead::new(&page, summary, "hitmap"));
        let map = HitmapPanel::new(&page, map, facets, marks, None);
        Self { head, map, page }
    }
}

impl InPage for HitmapPage {
    fn page(&self) -> &Page {
        &self.page
    }
}
