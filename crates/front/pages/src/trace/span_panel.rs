//! The view model of the selected span's panel. The page contains it, and scripts fetch it
//! separately.

use super::{
    detail::{Attribute, Detail, Exception, Link, Request, Statement},
    numbers::percent,
};
use hinomi_webkit::{
    format::{Measure, duration},
    i18n::Translations,
};

/// The panel.
pub(crate) struct SpanPanel {
    pub(crate) span: String,
    pub(crate) who: String,
    pub(crate) what: String,
    pub(crate) colour: &'static str,
    pub(crate) failed: bool,
    pub(crate) orphan: bool,
    pub(crate) took: Measure,
    pub(crate) own: Measure,
    pub(crate) started: Measure,
    pub(crate) share: String,
    /// Name and value of each known property of the sender.
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) status_message: String,
    pub(crate) statement: Option<Statement>,
    pub(crate) call: Option<Request>,
    pub(crate) exceptions: Vec<PanelException>,
    pub(crate) events: Vec<PanelEvent>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) resource: Vec<Attribute>,
    pub(crate) links: Vec<Link>,
}

/// An exception with its texts.
pub(crate) struct PanelException {
    pub(crate) kind: String,
    pub(crate) message: String,
    pub(crate) stack: super::stack::Stack,
    pub(crate) more: String,
}

/// An event with its texts.
pub(crate) struct PanelEvent {
    pub(crate) at: String,
    pub(crate) name: String,
    pub(crate) attributes: Vec<Attribute>,
}

impl SpanPanel {
    /// The panel of a span.
    pub(crate) fn new(detail: Detail, words: &Translations) -> Self {
        let kind = words.say(&format!("trace-kind-word-{}", detail.kind));
        let sender = detail.sender;
        let facts = [
            ("trace-span-kind", kind),
            ("trace-span-service", sender.service),
            ("trace-span-version", sender.version),
            ("trace-span-host", sender.host),
            ("trace-span-instance", sender.instance),
        ];
        // A status message that an exception repeats is shown once.
        let said = detail
            .exceptions
            .iter()
            .any(|exception| exception.message == detail.status_message);
        Self {
            span: detail.address.to_string(),
            what: if detail.label.outward {
                format!("→ {}", detail.label.what)
            } else {
                detail.label.what
            },
            who: detail.label.who,
            colour: detail.colour,
            failed: detail.failed,
            orphan: detail.orphan,
            took: duration(detail.took),
            own: duration(detail.own),
            started: duration(detail.started),
            share: percent(detail.share, 1),
            facts: facts
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(key, value)| (words.say(key), value))
                .collect(),
            status_message: if said {
                String::new()
            } else {
                detail.status_message
            },
            statement: detail.statement,
            call: detail.call,
            exceptions: detail
                .exceptions
                .into_iter()
                .map(|exception| panel_exception(exception, words))
                .collect(),
            events: detail
                .events
                .into_iter()
                .map(|event| PanelEvent {
                    at: format!("+{}", duration(event.at)),
                    name: event.name,
                    attributes: event.attributes,
                })
                .collect(),
            attributes: detail.attributes,
            resource: detail.resource,
            links: detail.links,
        }
    }
}

fn panel_exception(exception: Exception, words: &Translations) -> PanelException {
    let count = [("count", exception.stack.rest.len().into())];
    PanelException {
        kind: if exception.kind.is_empty() {
            words.say("trace-exception-untyped")
        } else {
            exception.kind
        },
        message: exception.message,
        more: words.say_with("trace-more-frames", &count),
        stack: exception.stack,
    }
}
