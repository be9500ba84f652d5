//! Messaging: `process orders`, `send orders`, in the conventions old and new.

use crate::lookup::Attributes;
use hinomi_model::{
    SpanKind,
    attribute::{self, Keys},
};

/// Destinations that live as long as one connection; their names are identities.
const FLEETING: [Keys; 2] = [
    &["messaging.destination.temporary"],
    &["messaging.destination.anonymous"],
];

/// Whether the span is about messages.
pub(crate) fn is_messaging(attributes: Attributes<'_>) -> bool {
    attributes.text(attribute::MESSAGING_SYSTEM).is_some()
        || attributes.text(attribute::MESSAGING_DESTINATION).is_some()
}

/// The queue or topic.
pub(crate) fn destination(attributes: Attributes<'_>) -> Option<&str> {
    if FLEETING.into_iter().any(|keys| attributes.flag(keys)) {
        return Some("(temporary)");
    }
    attributes.text(attribute::MESSAGING_DESTINATION)
}

/// `operation destination`, the verb first as today's convention has it; the system stands in for
/// a destination that was not sent.
pub(crate) fn operation(attributes: Attributes<'_>, kind: SpanKind) -> Option<String> {
    let to = destination(attributes).or_else(|| attributes.text(attribute::MESSAGING_SYSTEM))?;
    let verb = match attributes.text(attribute::MESSAGING_OPERATION) {
        // The words of older conventions.
        Some("publish") => "send",
        Some("deliver") => "process",
        Some(verb) => verb,
        None if matches!(kind, SpanKind::Producer | SpanKind::Client) => "send",
        None => "process",
    };
    Some(format!("{verb} {to}"))
}
