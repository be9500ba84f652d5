//! Messaging: `process orders`, `send orders`, in the old and the new conventions.

use crate::lookup::Attributes;
use hinomi_model::{
    SpanKind,
    attribute::{self, Keys},
};

/// Attributes of destinations that exist only for one connection. Their names are identities.
const FLEETING: [Keys; 2] = [
    &["messaging.destination.temporary"],
    &["messaging.destination.anonymous"],
];

/// Whether the span is a messaging span.
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

/// The operation as `verb destination`, the verb first as in the present convention. The system's
/// name replaces a missing destination.
pub(crate) fn operation(attributes: Attributes<'_>, kind: SpanKind) -> Option<String> {
    let to = destination(attributes).or_else(|| attributes.text(attribute::MESSAGING_SYSTEM))?;
    let verb = match attributes.text(attribute::MESSAGING_OPERATION) {
        // Verbs of older conventions.
        Some("publish") => "send",
        Some("deliver") => "process",
        Some(verb) => verb,
        None if matches!(kind, SpanKind::Producer | SpanKind::Client) => "send",
        None => "process",
    };
    Some(format!("{verb} {to}"))
}
