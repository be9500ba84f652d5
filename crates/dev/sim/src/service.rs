//! The services: their names, languages, and therefore their semantic conventions.

/// The environment of the whole workload.
pub const ENVIRONMENT: &str = "production";

/// The language of a service. It decides SDK, scopes and semantic conventions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// New HTTP, RPC and database conventions.
    Go,
    /// New HTTP conventions; old RPC, messaging and database conventions (the defaults of agent
    /// 2.x).
    Java,
    /// New conventions.
    Node,
    /// Old conventions for everything.
    Python,
    /// New conventions.
    DotNet,
}

/// Version of the semantic conventions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Old,
    New,
}

impl Language {
    pub(crate) fn http(self) -> Dialect {
        if self == Self::Python {
            Dialect::Old
        } else {
            Dialect::New
        }
    }

    /// The conventions for databases, RPC and messaging. They changed later than those for HTTP.
    pub(crate) fn others(self) -> Dialect {
        match self {
            Self::Java | Self::Python => Dialect::Old,
            Self::Go | Self::Node | Self::DotNet => Dialect::New,
        }
    }

    /// The value of `telemetry.sdk.language`.
    pub fn sdk_language(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Java => "java",
            Self::Node => "nodejs",
            Self::Python => "python",
            Self::DotNet => "dotnet",
        }
    }

    /// The value of `telemetry.sdk.version`.
    pub(crate) fn sdk_version(self) -> &'static str {
        match self {
            Self::Go => "1.44.0",
            Self::Java => "1.62.0",
            Self::Node => "2.9.0",
            Self::Python => "1.43.0",
            Self::DotNet => "1.15.0",
        }
    }

    /// W3C trace flags with OTLP's bits "is remote is known" and "is remote". Python does not set
    /// the sampled bit.
    pub(crate) fn flags(self, remote_parent: bool) -> u32 {
        let sampled = u32::from(self != Self::Python);
        sampled | 0x100 | if remote_parent { 0x200 } else { 0 }
    }
}

/// A service of the workload.
#[derive(Debug)]
pub struct Service {
    /// `service.name`.
    pub name: &'static str,
    /// `service.namespace`.
    pub namespace: &'static str,
    /// Language that it is written in.
    pub language: Language,
    /// Number of instances.
    pub instances: u32,
    /// `server.address` in calls to it.
    pub host: &'static str,
    /// `server.port` in calls to it.
    pub port: u16,
    /// Host and port, as in a URL.
    pub(crate) authority: &'static str,
    /// Index in [`SERVICES`].
    pub(crate) index: usize,
    /// Major and minor version at the start of the workload's history.
    pub(crate) version: (u32, u32),
}

macro_rules! services {
    ($($ident:ident = $index:literal $name:literal $namespace:literal $language:ident
        x $instances:literal on $port:literal v $major:literal . $minor:literal;)*) => {
        $(pub(crate) static $ident: Service = Service {
            name: $name,
            namespace: $namespace,
            language: Language::$language,
            instances: $instances,
            host: concat!($name, ".", $namespace, ".svc"),
            port: $port,
            authority: concat!($name, ".", $namespace, ".svc:", $port),
            index: $index,
            version: ($major, $minor),
        };)*

        /// All services, in the order of their index.
        pub static SERVICES: [&Service; 12] = [$(&$ident),*];
    };
}

services! {
    EDGE_GATEWAY = 0 "edge-gateway" "platform" Go x 3 on 8080 v 2 . 31;
    WEB_BFF = 1 "web-bff" "payments" Node x 3 on 3000 v 5 . 9;
    CHECKOUT = 2 "checkout" "payments" Java x 4 on 8080 v 7 . 2;
    PAYMENT = 3 "payment" "payments" Java x 4 on 8080 v 4 . 9;
    LEDGER = 4 "ledger" "payments" Go x 3 on 9090 v 3 . 14;
    RISK_SCORE = 5 "risk-score" "risk" Python x 3 on 8000 v 1 . 40;
    AUTH = 6 "auth" "risk" Go x 2 on 8080 v 2 . 6;
    REFUND = 7 "refund" "payments" DotNet x 2 on 8080 v 3 . 3;
    PAYOUT = 8 "payout" "payments" Java x 2 on 8080 v 2 . 17;
    SETTLEMENT = 9 "settlement" "payments" Java x 2 on 8080 v 1 . 22;
    NOTIFY = 10 "notify" "platform" Node x 2 on 3000 v 4 . 1;
    FX_RATES = 11 "fx-rates" "platform" Python x 2 on 8000 v 1 . 8;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_stands_at_its_index() {
        assert!(
            SERVICES
                .iter()
                .enumerate()
                .all(|(index, service)| service.index == index)
        );
    }
}
