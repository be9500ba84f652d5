//! Which of our services answers a call: what ingest learned from spans of both ends.
//!
//! Most hosts are one service. Some are shared: a gateway, an ingress or `localhost`, behind which
//! several services answer. What was learned of such a host holds for one caller and one path only.

use hinomi_model::Text;
use std::collections::{HashMap, HashSet};

/// Stands between the parts of the name of a place. No name has it: control characters are replaced
/// when they arrive.
const BETWEEN: char = '\u{1f}';

/// A place behind a host: what one caller reaches by one path. The registry keeps it as a target.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPlace {
    /// The host, as callers name it.
    pub target: Text,
    /// `service.name` of the caller.
    pub caller: Text,
    /// Route or method that is called.
    pub path: Text,
}

impl HostPlace {
    /// The name under which the registry keeps it.
    pub fn name(&self) -> Text {
        let Self {
            target,
            caller,
            path,
        } = self;
        format!("{target}{BETWEEN}{caller}{BETWEEN}{path}").into()
    }

    /// The place of a name; `None` for the name of a whole host.
    pub fn of(name: &str) -> Option<Self> {
        let mut parts = name.splitn(3, BETWEEN).map(Text::from);
        Some(Self {
            target: parts.next()?,
            caller: parts.next()?,
            path: parts.next()?,
        })
    }
}

/// Who answers a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answerer<'a> {
    /// The service of this name.
    Service(&'a Text),
    /// One of several services; which one is not known.
    Gateway,
    /// Nobody of ours.
    Outside,
}

/// The hosts at which our services answer.
#[derive(Debug, Clone, Default)]
pub struct Hosts {
    hosts: HashMap<Text, Host>,
}

#[derive(Debug, Clone, Default)]
struct Host {
    /// The service that answered there first, for whomever.
    whole: Option<Text>,
    /// The services by caller and path.
    places: HashMap<Text, HashMap<Text, Text>>,
    /// All services that answer there.
    services: HashSet<Text>,
}

impl Hosts {
    /// The hosts of a registry: names of hosts and places, each with its service.
    pub fn of(names: impl IntoIterator<Item = (Text, Text)>) -> Self {
        let mut hosts: HashMap<Text, Host> = HashMap::new();
        for (name, service) in names {
            match HostPlace::of(&name) {
                Some(place) => {
                    let host = hosts.entry(place.target).or_default();
                    host.services.insert(service.clone());
                    let paths = host.places.entry(place.caller).or_default();
                    paths.insert(place.path, service);
                }
                None => {
                    let host = hosts.entry(name).or_default();
                    host.services.insert(service.clone());
                    host.whole = Some(service);
                }
            }
        }
        Self { hosts }
    }

    /// Who answers the calls of a service (by name) to a path of a host.
    pub fn answerer(&self, target: &str, caller: &str, path: &str) -> Answerer<'_> {
        let Some(host) = self.hosts.get(target) else {
            return Answerer::Outside;
        };
        if let Some(service) = host.places.get(caller).and_then(|paths| paths.get(path)) {
            return Answerer::Service(service);
        }
        match &host.whole {
            _ if !host.is_ours_for(caller) => Answerer::Outside,
            Some(service) if !host.is_shared() => Answerer::Service(service),
            _ => Answerer::Gateway,
        }
    }

    /// Whether several services answer at a host, so that it takes the path to tell which.
    pub fn is_shared(&self, target: &str) -> bool {
        self.hosts.get(target).is_some_and(Host::is_shared)
    }

    /// Whether any host is shared.
    pub fn has_shared(&self) -> bool {
        self.hosts.values().any(Host::is_shared)
    }

    /// Whether a host is ours, for the service that calls it.
    pub fn is_ours(&self, target: &str, caller: &str) -> bool {
        let host = self.hosts.get(target);
        host.is_some_and(|host| host.is_ours_for(caller))
    }
}

impl Host {
    fn is_shared(&self) -> bool {
        self.services.len() > 1
    }

    /// Whether the host is ours, for a caller. A service that calls a host at which it answers itself is
    /// a proxy that passes calls on to whom they were meant for; one that really reaches us there has a
    /// place of its own.
    fn is_ours_for(&self, caller: &str) -> bool {
        self.places.contains_key(caller) || !self.services.contains(caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(target: &str, caller: &str, path: &str) -> Text {
        let place = HostPlace {
            target: target.into(),
            caller: caller.into(),
            path: path.into(),
        };
        assert_eq!(HostPlace::of(&place.name()), Some(place.clone()));
        place.name()
    }

    #[test]
    fn a_shared_host_is_told_by_caller_and_path() {
        let hosts = Hosts::of([
            ("pay:80".into(), "pay".into()),
            ("gw".into(), "orders".into()),
            (place("gw", "shop", "GET /pay"), "pay".into()),
            (place("gw", "shop", "GET /orders"), "orders".into()),
        ]);
        let pay = Text::from("pay");
        let orders = Text::from("orders");
        let of = |target, path| hosts.answerer(target, "shop", path);
        assert_eq!(of("pay:80", "GET /any"), Answerer::Service(&pay));
        assert_eq!(of("gw", "GET /pay"), Answerer::Service(&pay));
        assert_eq!(of("gw", "GET /orders"), Answerer::Service(&orders));
        assert_eq!(of("gw", "GET /new"), Answerer::Gateway);
        assert_eq!(
            hosts.answerer("gw", "other", "GET /pay"),
            Answerer::Gateway,
            "who has not been seen to reach it may reach another"
        );
        assert_eq!(of("bank.example", "GET /"), Answerer::Outside);
        assert!(hosts.is_shared("gw") && !hosts.is_shared("pay:80") && hosts.has_shared());
        assert!(hosts.is_ours("gw", "other") && !hosts.is_ours("bank.example", "shop"));
    }

    #[test]
    fn a_proxy_in_front_of_a_partner_does_not_make_the_partner_ours() {
        let mut names = vec![("bank.example".into(), Text::from("egress"))];
        let hosts = Hosts::of(names.clone());
        let egress = Text::from("egress");
        let of_shop = hosts.answerer("bank.example", "shop", "POST /pay");
        assert_eq!(of_shop, Answerer::Service(&egress));
        let of_proxy = hosts.answerer("bank.example", "egress", "POST /pay");
        assert_eq!(of_proxy, Answerer::Outside);
        assert!(!hosts.is_ours("bank.example", "egress"));
        names.push((place("bank.example", "egress", "GET /me"), egress.clone()));
        let hosts = Hosts::of(names);
        let itself = hosts.answerer("bank.example", "egress", "GET /me");
        assert_eq!(itself, Answerer::Service(&egress));
        assert!(!hosts.is_shared("bank.example"));
    }
}
