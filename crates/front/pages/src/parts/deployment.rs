//! Deployments as other pages show them: name, link, and marker on charts.

use hinomi_query::answer::Deployment;
use hinomi_webkit::{format, page::Page, url};
use serde::Serialize;

/// The name of a deployment: its version, else its label.
pub(crate) fn name(page: &Page, one: &Deployment) -> String {
    let name = if one.version.is_empty() {
        &one.label
    } else {
        &one.version
    };
    if name.is_empty() {
        page.t("deploy-unnamed")
    } else {
        format::name(name)
    }
}

/// The URL of a deployment's page, or of the path `below` it.
pub(crate) fn href(page: &Page, one: &Deployment, below: &str) -> String {
    let id = one.id();
    let segment = match id.as_str() {
        "." | ".." => id.replace('.', "%2E"),
        id => url::encode(id),
    };
    of_service(page, one, &format!("/deployments/{segment}{below}"))
}

/// The URL of the page of the service that was deployed, or of the path `below` it.
pub(crate) fn of_service(page: &Page, one: &Deployment, below: &str) -> String {
    let env = if page.environment.is_empty() {
        &one.environment
    } else {
        ""
    };
    page.link(
        &format!("{}{below}", url::service(&one.service)),
        &[("environment", env), ("namespace", &*one.namespace)],
    )
}

/// A marker on charts and hitmaps.
#[derive(Debug, Serialize)]
pub(crate) struct Marker {
    at_ms: i64,
    label: String,
    href: String,
}

impl Marker {
    /// The markers of these deployments. With several services, each label has the service.
    pub(crate) fn all(page: &Page, deployments: &[Deployment]) -> Vec<Self> {
        let each = deployments.iter().map(|one| {
            let name = name(page, one);
            Self {
                at_ms: one.at.millis(),
                label: match page.service {
                    Some(_) => name,
                    None => format!("{} {name}", format::name(&one.service)),
                },
                href: href(page, one, ""),
            }
        });
        each.collect()
    }
}
