//! A download of comma-separated values: its headers, and its last lines when rows are missing.

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, future, stream};
use hinomi_query::answer::Lost;
use hinomi_webkit::{csv, format::ClockStyle, lost::merged, page::Page};
use http::{HeaderName, HeaderValue, header};

/// Most damaged stretches of time that a file lists at its end. Further ones are only counted.
const NAMED: usize = 20;

/// The last lines of a file that misses rows. They are in the file because a spreadsheet does not
/// show HTTP headers.
pub(crate) fn missing(page: &Page, lost: &[Lost]) -> String {
    let ranges = merged(lost.iter().map(|lost| lost.range));
    let mut text = String::new();
    for range in ranges.iter().take(NAMED) {
        let [from, to] = [range.from, range.to].map(|at| page.when(at, ClockStyle::DateMillis).utc);
        let line = [
            PARTIAL,
            "stored data of this time cannot be read",
            &from,
            &to,
        ];
        text.push_str(&csv::line(line));
    }
    let more = ranges.len().saturating_sub(NAMED);
    if more > 0 {
        text.push_str(&csv::line([PARTIAL, &format!("and {more} more")]));
    }
    text
}

/// First field of a line that is not a row.
const PARTIAL: &str = "# partial";
/// Header that is `true` when rows are known to be missing before the answer begins.
const PARTIAL_HEADER: &str = "x-hinomi-partial";

/// Begins each file. Without it Excel does not read a file as UTF-8, and names in Korean or Japanese
/// are unreadable.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The answer with a file called `name`.
pub(crate) fn download(name: &str, lost: &[Lost], body: Body) -> Response {
    let mark = stream::once(future::ready(Ok(Bytes::from_static(
        BYTE_ORDER_MARK.as_bytes(),
    ))));
    let mut response = Body::from_stream(mark.chain(body.into_data_stream())).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    if let Ok(value) = format!("attachment; filename=\"{name}.csv\"").parse() {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    if !lost.is_empty() {
        headers.insert(
            HeaderName::from_static(PARTIAL_HEADER),
            HeaderValue::from_static("true"),
        );
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::{TimeRange, UnixNanos};
    use hinomi_webkit::i18n::Language;

    #[test]
    fn a_file_that_misses_rows_ends_in_saying_so_and_a_whole_one_does_not() {
        let page = crate::sample::page(Language::Japanese);
        assert_eq!(missing(&page, &[]), "");
        let lost = |minute: i64| Lost {
            table: "transactions",
            range: TimeRange::new(
                UnixNanos::from_millis(minute * 120_000),
                UnixNanos::from_millis(minute * 120_000 + 60_000),
            ),
        };
        let said = missing(&page, &[lost(0), lost(0)]);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(
            said.starts_with("# partial,") && said.ends_with("\r\n"),
            "{said}"
        );
        assert!(said.contains("1970-01-01"), "{said}");
        let many: Vec<_> = (0..50).map(lost).collect();
        let said = missing(&page, &many);
        assert!(said.ends_with("# partial,and 30 more\r\n"), "{said}");
        let answer = download("a", &many, Body::empty());
        assert_eq!(answer.headers()["x-hinomi-partial"], "true");
        let whole = download("a", &[], Body::from("a\r\n"));
        assert!(!whole.headers().contains_key("x-hinomi-partial"));
    }
}
