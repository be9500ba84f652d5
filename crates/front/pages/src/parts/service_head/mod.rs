//! The header that all pages of one service share: mark, name, verdict, tabs.

use super::verdict::VerdictView;
use hinomi_analysis::ServiceSummary;
use hinomi_webkit::{format, page::Page, url};

/// The header, ready to be rendered.
pub(crate) struct ServiceHead {
    pub(crate) name: String,
    pub(crate) verdict: VerdictView,
    pub(crate) tabs: Vec<Tab>,
    /// URL of the hitmap's own page.
    pub(crate) hitmap: String,
}

/// A tab.
pub(crate) struct Tab {
    pub(crate) label: String,
    pub(crate) href: String,
    pub(crate) current: bool,
}

impl ServiceHead {
    /// The header of a service's page; `current` is its tab.
    pub(crate) fn new(page: &Page, summary: &ServiceSummary, current: &str) -> Self {
        let base = url::service(&summary.service);
        let mut filters: Vec<(&str, &str)> = Vec::new();
        for name in ["operation", "instance", "version"] {
            filters.push((name, page.param(name).unwrap_or_default()));
        }
        let hitmap = page.link(&format!("{base}/hitmap"), &filters);
        let tab = |name: &str, key: &str, href: String| Tab {
            label: page.t(key),
            href,
            current: name == current,
        };
        Self {
            name: format::name(&summary.service),
            verdict: VerdictView::new(page, &summary.health),
            tabs: vec![
                tab("dashboard", "tab-dashboard", page.link(&base, &filters)),
                tab("hitmap", "tab-hitmap", hitmap.clone()),
                tab(
                    "transactions",
                    "tab-transactions",
                    page.link(&format!("{base}/transactions"), &filters),
                ),
                tab(
                    "statistics",
                    "tab-statistics",
                    page.link(&format!("{base}/statistics/operations"), &[]),
                ),
                tab(
                    "deployments",
                    "tab-deployments",
                    url::with_query(
                        &format!("{base}/deployments"),
                        [
                            ("environment", page.environment.as_str()),
                            ("namespace", page.param("namespace").unwrap_or_default()),
                        ],
                    ),
                ),
            ],
            hitmap,
        }
    }
}
