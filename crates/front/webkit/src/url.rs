//! URLs of pages in one canonical form: parts encoded, defaults left out, parameters in a stable
//! order.

/// A path segment or query value, percent-encoded.
pub fn encode(text: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// `path` with a query string of the `pairs` whose value is not empty.
pub fn with_query<'a>(path: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut url = path.to_owned();
    let mut separator = '?';
    for (name, value) in pairs {
        if !value.is_empty() {
            url.push(separator);
            url.push_str(name);
            url.push('=');
            url.push_str(&encode(value));
            separator = '&';
        }
    }
    url
}

/// The URL of a service's dashboard.
pub fn service(name: &str) -> String {
    format!("/services/{}", segment(name))
}

/// The URL of an external host's page.
pub fn partner(host: &str) -> String {
    format!("/partners/{}", segment(host))
}

/// A name as one path segment. A name that is `.` or `..` is encoded, because it would lead to
/// another path.
fn segment(name: &str) -> String {
    match name {
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        name => encode(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_and_empty_ones_left_out() {
        let url = with_query(
            "/t",
            [("q", "a b&c=日"), ("environment", ""), ("to", "now")],
        );
        assert_eq!(url, "/t?q=a%20b%26c%3D%E6%97%A5&to=now");
    }

    #[test]
    fn a_service_name_stays_one_segment() {
        assert_eq!(service("a/b?c"), "/services/a%2Fb%3Fc");
    }
}
