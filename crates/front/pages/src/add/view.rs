//! The page "Add a service": the settings for each language and agent, with this server's addresses
//! filled in.

use crate::parts::receivers::Receivers;
use askama::Template;
use hinomi_analysis::ServiceSummary;
use hinomi_webkit::{
    page::{InPage, Page, json_block},
    url,
};

/// The service name in the settings until the reader gives one.
const NAME: &str = "my-service";
/// Longest service name that is used without quotes in a shell or in YAML.
const NAME_MAX: usize = 100;

/// Languages and agents: key, label (a catalogue key if it begins with `add-`), note.
const AGENTS: [(&str, &str, &str); 9] = [
    ("java", "Java", "add-note-agent"),
    ("python", "Python", "add-note-agent"),
    ("node", "Node.js", "add-note-agent"),
    ("go", "Go", "add-note-code"),
    ("dotnet", ".NET", "add-note-code"),
    ("ruby", "Ruby", "add-note-agent"),
    ("php", "PHP", "add-note-agent"),
    ("kubernetes", "add-kubernetes", "add-note-kubernetes"),
    ("collector", "add-collector", "add-note-collector"),
];

/// The page.
#[derive(Template)]
#[template(path = "add/page.html")]
pub(crate) struct AddPage {
    page: Page,
    agents: Vec<Agent>,
    agent: &'static str,
    note: &'static str,
    name: String,
    http: String,
    grpc: String,
    /// The gRPC address without its scheme.
    grpc_host: String,
    loopback: bool,
    /// Name, namespace and environment of every known service, for the script.
    known: String,
}

/// A tab of one agent.
struct Agent {
    label: String,
    href: String,
    current: bool,
}

impl AddPage {
    /// The settings for the agent of `?agent=` and a service named `?name=`.
    pub(crate) fn new(page: Page, known: &[ServiceSummary], otlp: &Receivers) -> Self {
        let wanted = page.param("agent").unwrap_or_default();
        let (agent, _, note) = AGENTS
            .into_iter()
            .find(|(key, ..)| *key == wanted)
            .unwrap_or(AGENTS[0]);
        let name = page
            .param("name")
            .filter(|name| is_plain(name))
            .unwrap_or(NAME)
            .to_owned();
        let agents = AGENTS
            .into_iter()
            .map(|(key, label, _)| Agent {
                label: if label.starts_with("add-") {
                    page.t(label)
                } else {
                    label.to_owned()
                },
                href: url::with_query("/add", [("agent", key), ("name", &*name)]),
                current: key == agent,
            })
            .collect();
        let (grpc, http) = otlp.urls();
        let known: Vec<[&str; 3]> = known
            .iter()
            .map(|service| {
                [
                    &*service.service,
                    &*service.namespace,
                    &*service.environment,
                ]
            })
            .collect();
        Self {
            agents,
            agent,
            note,
            name,
            grpc_host: grpc.trim_start_matches("http://").to_owned(),
            loopback: otlp.http.ip().is_loopback() && otlp.grpc.ip().is_loopback(),
            http,
            grpc,
            known: json_block(&known),
            page,
        }
    }
}

/// Whether a name needs no quotes in a shell and in YAML.
fn is_plain(name: &str) -> bool {
    name.len() <= NAME_MAX
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte))
}

impl InPage for AddPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use hinomi_webkit::i18n::Language;

    fn html(parameters: &[(&str, &str)], language: Language) -> String {
        let mut page = crate::sample::page(language);
        page.query = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let receivers = Receivers {
            grpc: "127.0.0.1:4317".parse().unwrap(),
            http: "0.0.0.0:4318".parse().unwrap(),
        };
        AddPage::new(page, &sample::hostile_services(), &receivers)
            .render()
            .unwrap()
    }

    #[test]
    fn every_agent_is_told_where_to_send_and_as_whom() {
        for (agent, ..) in AGENTS {
            for language in Language::ALL {
                let html = html(&[("agent", agent), ("name", "order-api")], language);
                assert!(html.contains("order-api"), "{agent}");
                let address = if agent == "collector" {
                    "endpoint: 127.0.0.1:4317"
                } else {
                    "http://127.0.0.1:4318"
                };
                assert!(html.contains(address), "{agent}");
                assert!(!html.contains("add-note-"), "{agent}: a key was left");
                for (kind, line) in [
                    ("kubernetes", "\n  propagators: "),
                    ("collector", "\n    tls: "),
                ] {
                    assert!(agent != kind || html.contains(line), "{agent}: YAML moved");
                }
            }
        }
    }

    #[test]
    fn a_name_that_would_do_something_in_a_shell_is_not_taken() {
        for name in [
            "$(reboot)",
            "a b",
            "a;b",
            "`x`",
            "\"><script>alert(1)</script>",
        ] {
            let html = html(&[("name", name)], Language::English);
            assert!(html.contains("OTEL_SERVICE_NAME=my-service"), "{name}");
            assert!(!html.contains("alert(1)</script>"));
        }
    }
}
