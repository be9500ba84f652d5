//! GraphQL: all operations of a server come in by one route, so they are told apart by name.

use crate::lookup::Attributes;
use hinomi_model::attribute::Keys;

const NAME: Keys = &["graphql.operation.name"];
const KIND: Keys = &["graphql.operation.type"];

/// The operation, such as `mutation Pay`; `None` for a span without a named GraphQL operation.
pub(crate) fn operation(attributes: Attributes<'_>) -> Option<String> {
    let name = attributes.text(NAME)?;
    let kind = attributes.text(KIND).unwrap_or("query");
    Some(format!("{kind} {name}"))
}
