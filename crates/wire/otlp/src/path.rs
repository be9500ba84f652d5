//! Turns URL paths into templates, such as `/users/42/orders` into `/users/{id}/orders`, for agents
//! that send no route.
//!
//! This is a guess from the form of each segment, designed to keep words and remove identities.
//! Ids, UUIDs, dates, addresses and tokens become `{id}`, `{uuid}`, `{date}`, `{email}`, `{ip}`,
//! `{token}`, `{text}`. Versions (`v1`, `2.1.3`), file extensions and segments that are already
//! templates stay.

/// Most segments that are kept; the rest becomes one `…`. Deeper paths are files or attacks.
const MAX_SEGMENTS: usize = 12;

/// Segments of this length or more are not words of a route.
const MAX_SEGMENT_BYTES: usize = 64;

/// The template of a path. Scheme and host of an absolute URL, query, fragment, and double and
/// trailing slashes are removed. The template of a template is the same template.
pub fn template(path: &str) -> String {
    let path = path.trim();
    let path = match path.find("://") {
        Some(at) if !path[..at].contains('/') => {
            let rest = &path[at + 3..];
            rest.find('/').map_or("", |slash| &rest[slash..])
        }
        _ => path,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    if path == "*" {
        return path.to_owned();
    }
    // Matrix parameters are removed too: `;jsessionid=…`.
    let segments = path
        .split('/')
        .map(|segment| segment.split(';').next().unwrap_or_default());
    let segments = segments
        .map(str::trim)
        .filter(|segment| !segment.is_empty());
    let mut out = String::with_capacity(path.len());
    for (index, segment) in segments.enumerate() {
        out.push('/');
        if index == MAX_SEGMENTS {
            out.push('…');
            break;
        }
        push_segment(&mut out, segment);
    }
    if out.is_empty() { "/".to_owned() } else { out }
}

/// Whether the last segment of a path has an extension.
pub(crate) fn is_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    !split_extension(name).1.is_empty()
}

fn push_segment(out: &mut String, segment: &str) {
    if segment.contains(['{', '<', '*', '…'])
        || segment.starts_with(':')
        || segment.starts_with('[')
    {
        return push_capped(out, segment);
    }
    if let Some(name) = whole(segment) {
        return out.push_str(name);
    }
    let (stem, extension) = split_extension(segment);
    if let Some(name) = whole(stem) {
        out.push_str(name);
        return out.push_str(extension);
    }
    if stem.len() > MAX_SEGMENT_BYTES {
        out.push_str("{token}");
        return out.push_str(extension);
    }
    // In `ord_12345`, `INV-2024-00017`, `app.3f2a9c1b.js` the words stay and the numbers are
    // removed.
    let mut rest = stem;
    while let Some(at) = rest.find(['-', '_', '.', ':', '~', ',', '=', '(', ')']) {
        push_part(out, &rest[..at]);
        out.push_str(&rest[at..=at]);
        rest = &rest[at + 1..];
    }
    push_part(out, rest);
    out.push_str(extension);
}

fn push_capped(out: &mut String, segment: &str) {
    out.push_str(crate::texts::head(segment, 2 * MAX_SEGMENT_BYTES).trim_end());
}

fn push_part(out: &mut String, part: &str) {
    let digits = count(part, |c| c.is_ascii_digit());
    let id = digits > 2 && digits == part.len()
        || part.len() >= 8 && is_hex(part) && digits > 0
        || part.len() >= 8 && is_mixed(part) && digits >= 2
        || part.len() >= 12 && digits >= 2 && digits < part.len();
    out.push_str(if id { "{id}" } else { part });
}

/// The placeholder for a segment that is an identity as a whole.
fn whole(segment: &str) -> Option<&'static str> {
    let digits = count(segment, |c| c.is_ascii_digit());
    let hex_digits = count(segment, |c| c.is_ascii_hexdigit());
    if digits == segment.len() && digits > 0
        || segment.strip_prefix(['-', '+']).is_some_and(is_number)
    {
        return Some(if is_compact_date(segment) {
            "{date}"
        } else {
            "{id}"
        });
    }
    if is_uuid(segment) || segment.len() == 32 && hex_digits == 32 && digits > 0 {
        return Some("{uuid}");
    }
    if is_date(segment) {
        return Some("{date}");
    }
    if is_ip(segment) {
        return Some("{ip}");
    }
    if is_email(segment) {
        return Some("{email}");
    }
    if segment.contains(',')
        && segment
            .chars()
            .all(|c| c.is_ascii_digit() || ",.-".contains(c))
    {
        return Some("{id}");
    }
    if segment.len() >= 8 && hex_digits == segment.len() && digits > 0 {
        return Some("{id}");
    }
    if segment.matches('%').count() >= 2 || !segment.is_ascii() {
        return Some("{text}");
    }
    (!has_prefix(segment) && is_token(segment, digits)).then_some("{token}")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_mixed(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_uppercase())
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn count(text: &str, is: impl Fn(char) -> bool) -> usize {
    text.chars().filter(|c| is(*c)).count()
}

fn is_uuid(text: &str) -> bool {
    let text = text.strip_prefix("urn:uuid:").unwrap_or(text);
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// `2024-01` or `2024-01-31`, the latter also with `T` and a time.
fn is_date(text: &str) -> bool {
    let date = text.split(['T', 't']).next().unwrap_or_default();
    let parts: Vec<&str> = date.split('-').collect();
    let shaped = match *parts {
        [year, month] if date.len() == text.len() => is_year(year) && is_within(month, 1, 12),
        [year, month, day] => is_year(year) && is_within(month, 1, 12) && is_within(day, 1, 31),
        _ => false,
    };
    let rest = text.get(date.len() + 1..).unwrap_or_default();
    shaped
        && rest
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ":.+-%".contains(c))
}

/// `20240131`, with a year that a present-day path can have.
fn is_compact_date(text: &str) -> bool {
    text.len() == 8
        && is_number(text)
        && is_year(&text[..4])
        && is_within(&text[4..6], 1, 12)
        && is_within(&text[6..], 1, 31)
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && is_within_digits(text, 1900, 2100)
}

fn is_within(text: &str, low: u16, high: u16) -> bool {
    text.len() == 2 && is_within_digits(text, low, high)
}

fn is_within_digits(text: &str, low: u16, high: u16) -> bool {
    is_number(text)
        && text
            .parse()
            .is_ok_and(|number: u16| (low..=high).contains(&number))
}

fn is_ip(text: &str) -> bool {
    text.parse::<std::net::Ipv4Addr>().is_ok()
        || text.matches(':').count() >= 2 && text.parse::<std::net::Ipv6Addr>().is_ok()
}

fn is_email(text: &str) -> bool {
    let at = text
        .find('@')
        .map(|at| (at, 1))
        .or_else(|| text.find("%40").map(|at| (at, 3)));
    at.is_some_and(|(at, width)| at > 0 && text[at + width..].contains('.'))
}

/// Session keys, JWTs, ULIDs, base64: long texts with digits and without words.
fn is_token(text: &str, digits: usize) -> bool {
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_.=~+%".contains(&b));
    let separators = count(text, |c| matches!(c, '-' | '_' | '.'));
    let solid = text.len() > 8 * separators;
    plain
        && (text.starts_with("eyJ") && text.len() >= 20
            || text.len() >= 16 && digits >= 2 && is_mixed(text) && solid
            || text.len() >= 26 && digits >= 4 && solid
            || text.ends_with('=') && text.len() >= 12)
}

/// `cus_9s6XKzkNRiz8i3`: the prefix tells the kind of id and is kept.
fn has_prefix(text: &str) -> bool {
    text.split_once('_').is_some_and(|(word, id)| {
        (2..=8).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_lowercase())
            && id.len() >= 8
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && id.bytes().filter(u8::is_ascii_digit).count() >= 2
    })
}

/// Splits `report.pdf` into `report` and `.pdf`. An extension has at least one letter and at most
/// five characters.
fn split_extension(segment: &str) -> (&str, &str) {
    match segment.rfind('.') {
        Some(dot) if dot > 0 => {
            let extension = &segment[dot + 1..];
            let known = (1..=5).contains(&extension.len())
                && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && extension.bytes().any(|byte| byte.is_ascii_alphabetic());
            if known {
                segment.split_at(dot)
            } else {
                (segment, "")
            }
        }
        _ => (segment, ""),
    }
}
