//! Resources: the senders of spans.

use crate::{json, lookup::Attributes, protobuf::Malformed, texts::Texts, value::Pairs};
use hinomi_model::{Resource, attribute};
use std::sync::Arc;

/// `service.name` when it is unset, as in the specification.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// The resource in an encoded `Resource`. Unset fields are empty, except for the service.
pub(crate) fn normalise(sent: &[u8], texts: &mut Texts) -> Result<Arc<Resource>, Malformed> {
    let Pairs { kept, dropped } = Pairs::read(sent, 1, texts.limits.max_attributes)?;
    let (json, truncated) = json::attributes(&kept, &texts.limits)?;
    texts.truncated += dropped + truncated;
    let found = Attributes::new(&kept);
    let mut name = |keys, otherwise| texts.name(&found.word(keys).unwrap_or(otherwise));
    Ok(Arc::new(Resource {
        service: name(attribute::SERVICE_NAME, UNKNOWN_SERVICE.into()),
        namespace: name(attribute::SERVICE_NAMESPACE, "".into()),
        environment: name(attribute::ENVIRONMENT, "".into()),
        instance: name(attribute::SERVICE_INSTANCE, "".into()),
        version: name(attribute::SERVICE_VERSION, "".into()),
        host: name(attribute::HOST_NAME, "".into()),
        attributes: json.into(),
    }))
}
