//! A resource: who sent the spans.

use crate::{json, lookup::Attributes, texts::Texts};
use hinomi_model::{Resource, attribute};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use std::sync::Arc;

/// What `service.name` is when unset, as in the specification.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// The resource that `attributes` describe. Fields that are unset are empty, the service excepted.
pub(crate) fn normalise(attributes: &[KeyValue], texts: &mut Texts<'_>) -> Arc<Resource> {
    let (json, truncated) = json::attributes(attributes, None, texts.limits);
    texts.truncated += truncated;
    let found = Attributes(&attributes[..attributes.len().min(texts.limits.max_attributes)]);
    let mut name = |keys, otherwise| texts.name(&found.word(keys).unwrap_or(otherwise));
    Arc::new(Resource {
        service: name(attribute::SERVICE_NAME, UNKNOWN_SERVICE.into()),
        namespace: name(attribute::SERVICE_NAMESPACE, "".into()),
        environment: name(attribute::ENVIRONMENT, "".into()),
        instance: name(attribute::SERVICE_INSTANCE, "".into()),
        version: name(attribute::SERVICE_VERSION, "".into()),
        host: name(attribute::HOST_NAME, "".into()),
        attributes: json.into(),
    })
}
