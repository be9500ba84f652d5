//! Services as entries of a list: those that share their name are told apart by environment and
//! namespace, in the text and in the link.

use crate::format;
use hinomi_model::rollup::ServiceKey;

/// Services, each once, sorted.
#[derive(Debug, Clone, Default)]
pub struct ServiceEntries(Vec<ServiceKey>);

impl ServiceEntries {
    /// The entries of these services.
    pub fn of(keys: impl IntoIterator<Item = ServiceKey>) -> Self {
        let mut keys: Vec<ServiceKey> = keys.into_iter().collect();
        keys.sort_unstable();
        keys.dedup();
        Self(keys)
    }

    /// All entries.
    pub fn iter(&self) -> impl Iterator<Item = &ServiceKey> {
        self.0.iter()
    }

    /// Whether another service has the same name.
    fn is_shared(&self, key: &ServiceKey) -> bool {
        let mut others = self.0.iter().filter(|other| *other != key);
        others.any(|other| other.service == key.service)
    }

    /// The text of an entry.
    pub fn label(&self, key: &ServiceKey) -> String {
        let name = format::name(&key.service);
        if !self.is_shared(key) {
            return name;
        }
        let parts = [&key.environment, &key.namespace].into_iter();
        let parts = parts.filter(|part| !part.is_empty());
        parts.fold(name, |name, part| {
            format!("{name} · {}", format::name(part))
        })
    }

    /// The parameters that tell the service from others of its name; none when it has no such others.
    pub fn own<'a>(&self, key: &'a ServiceKey) -> Vec<(&'static str, &'a str)> {
        match self.is_shared(key) {
            false => Vec::new(),
            true => vec![
                ("environment", &*key.environment),
                ("namespace", &*key.namespace),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{i18n::Language, page::Page};

    fn key(service: &str, environment: &str, namespace: &str) -> ServiceKey {
        ServiceKey {
            service: service.into(),
            namespace: namespace.into(),
            environment: environment.into(),
        }
    }

    #[test]
    fn services_of_one_name_are_entries_of_their_own() {
        let keys = [
            key("shop", "prod", "eu"),
            key("shop", "prod", "us"),
            key("shop", "staging", ""),
            key("bank", "prod", "eu"),
        ];
        let mut page = Page::plain(Language::English);
        page.service_key = Some(keys[2].clone());
        page.menu = ServiceEntries::of(keys.iter().chain(&keys).cloned());
        let links = page.service_links();
        let texts: Vec<&str> = links.iter().map(|(text, ..)| text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "bank",
                "shop · staging",
                "shop · prod · eu",
                "shop · prod · us"
            ]
        );
        assert!(links[1].1 && !links[0].1);
        assert_eq!(links[0].2, "/services/bank");
        assert_eq!(links[3].2, "/services/shop?environment=prod&namespace=us");
    }
}
