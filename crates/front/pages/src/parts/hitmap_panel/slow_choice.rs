//! The choice of the duration from which transactions of a service are slow.

use hinomi_model::{hitmap::SLOW_THRESHOLD, rollup::ServiceKey};
use hinomi_webkit::{format, page::Page, url};
use std::time::Duration;

/// The thresholds to choose from, in milliseconds; edges of rows of the hitmap.
const CHOICES_MS: [u64; 10] = [50, 100, 200, 300, 500, 1_000, 2_000, 3_000, 5_000, 10_000];

/// The choice, ready to be rendered.
pub(crate) struct SlowChoice {
    /// URL of the service's settings in the API.
    pub(crate) settings: String,
    /// Whether another threshold than the default is set.
    pub(crate) is_set: bool,
    /// Milliseconds, label, and whether it is the present one. The default has no milliseconds.
    pub(crate) options: Vec<(String, String, bool)>,
}

impl SlowChoice {
    /// The choice on a page of one service; `None` on others, also where several services of one name
    /// are added up: a threshold would be set for one of them only.
    pub(crate) fn new(page: &Page, threshold: Duration) -> Option<Self> {
        let key = page
            .service_key
            .as_ref()
            .filter(|key| is_alone(page, key))?;
        let path = format!("/api/v1{}/settings", url::service(&key.service));
        let pairs = [
            ("namespace", &*key.namespace),
            ("environment", &*key.environment),
        ];
        let choices = CHOICES_MS.map(Duration::from_millis);
        // One that was set through the API, and not in the list.
        let other = (!choices.contains(&threshold)).then_some(threshold);
        let options = choices.into_iter().chain(other).map(|choice| {
            let ms = match choice {
                SLOW_THRESHOLD => String::new(),
                other => (other.as_secs_f64() * 1e3).to_string(),
            };
            (ms, format::edge(choice), choice == threshold)
        });
        Some(Self {
            settings: url::with_query(&path, pairs),
            is_set: threshold != SLOW_THRESHOLD,
            options: options.collect(),
        })
    }
}

/// Whether no other service of the name is on the page.
fn is_alone(page: &Page, key: &ServiceKey) -> bool {
    let asked = |wanted: &str, have: &str| wanted.is_empty() || wanted == have;
    let namespace = page.param("namespace").unwrap_or_default();
    let mut others = page.menu.iter().filter(|other| {
        other.service == key.service
            && asked(&page.environment, &other.environment)
            && asked(namespace, &other.namespace)
    });
    others.all(|other| other == key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::hitmap::{first_row_from, row_edge};
    use hinomi_webkit::{i18n::Language, services::ServiceEntries};

    fn chosen(threshold_ms: u64) -> (String, String) {
        let mut page = crate::sample::page(Language::English);
        page.service_key = Some(ServiceKey {
            service: "pay/ment".into(),
            namespace: "shop".into(),
            environment: "".into(),
        });
        let choice = SlowChoice::new(&page, Duration::from_millis(threshold_ms)).unwrap();
        assert_eq!(
            choice.settings,
            "/api/v1/services/pay%2Fment/settings?namespace=shop"
        );
        assert_eq!(choice.is_set, threshold_ms != 1_000);
        let mut chosen = choice.options.into_iter().filter(|option| option.2);
        let (ms, label, _) = chosen.next().unwrap();
        assert!(chosen.next().is_none());
        (ms, label)
    }

    #[test]
    fn the_present_threshold_is_chosen() {
        let pair = |ms: &str, label: &str| (ms.to_owned(), label.to_owned());
        assert_eq!(chosen(1_000), pair("", "1\u{a0}s"));
        assert_eq!(chosen(300), pair("300", "300\u{a0}ms"));
        assert_eq!(chosen(450), pair("450", "450\u{a0}ms"));
    }

    #[test]
    fn choices_are_edges_of_rows() {
        for choice in CHOICES_MS.map(Duration::from_millis) {
            assert_eq!(row_edge(first_row_from(choice)), choice);
        }
    }

    #[test]
    fn services_of_one_name_are_not_set_together() {
        let key = |environment: &str| ServiceKey {
            service: "shop".into(),
            namespace: "".into(),
            environment: environment.into(),
        };
        let mut page = crate::sample::page(Language::English);
        page.menu = ServiceEntries::of([key("prod"), key("test")]);
        page.service_key = Some(key("test"));
        assert!(SlowChoice::new(&page, SLOW_THRESHOLD).is_none());
        page.environment = "test".into();
        assert!(SlowChoice::new(&page, SLOW_THRESHOLD).is_some());
    }

    #[test]
    fn a_page_of_many_services_offers_none() {
        let page = crate::sample::page(Language::English);
        assert!(SlowChoice::new(&page, SLOW_THRESHOLD).is_none());
    }
}
