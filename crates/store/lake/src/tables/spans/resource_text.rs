//! The column `resource`: everything about a sender except its service, as one JSON object. This
//! takes one dictionary entry per process. Separate columns would repeat the same pattern five
//! times.

use crate::LakeError;
use hinomi_model::{Resource, text::push_json};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The JSON object of a resource.
pub(crate) fn write(resource: &Resource) -> String {
    let mut json = String::with_capacity(resource.attributes.len() + 128);
    let parts = [
        ("{\"instance\":", &resource.instance),
        (",\"version\":", &resource.version),
        (",\"host\":", &resource.host),
    ];
    for (label, part) in parts {
        json.push_str(label);
        push_json(&mut json, part);
    }
    json.push_str(",\"attributes\":");
    json.push_str(&resource.attributes);
    json.push('}');
    json
}

/// Rebuilds a resource from its service and its JSON object.
pub(crate) fn read(
    service: &str,
    namespace: &str,
    environment: &str,
    json: &str,
) -> Result<Resource, LakeError> {
    #[derive(Deserialize)]
    struct Parts<'a> {
        #[serde(borrow)]
        instance: Cow<'a, str>,
        #[serde(borrow)]
        version: Cow<'a, str>,
        #[serde(borrow)]
        host: Cow<'a, str>,
        #[serde(borrow)]
        attributes: &'a RawValue,
    }
    let parts: Parts<'_> = serde_json::from_str(json)
        .map_err(|error| LakeError::Columns(format!("a resource is no JSON object: {error}")))?;
    Ok(Resource {
        service: service.into(),
        namespace: namespace.into(),
        environment: environment.into(),
        instance: parts.instance.into(),
        version: parts.version.into(),
        host: parts.host.into(),
        attributes: parts.attributes.get().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_comes_back() {
        let resource = Resource {
            service: "shop".into(),
            namespace: "".into(),
            environment: "prod".into(),
            instance: "pod \"1\"\n".into(),
            version: "1.0".into(),
            host: "h".into(),
            attributes: r#"{"a":[1,"b"]}"#.into(),
        };
        let again = read("shop", "", "prod", &write(&resource)).unwrap();
        assert_eq!(again, resource);
        assert!(read("shop", "", "", "{").is_err());
    }
}
