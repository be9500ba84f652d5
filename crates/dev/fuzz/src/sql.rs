//! Target: SQL texts, their fingerprint and their outline. The first byte selects the dialect.

use crate::budget;
use hinomi_sql::{Dialect, fingerprint, outline};

pub(crate) fn run(input: &[u8]) {
    let Some((choice, text)) = input.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let dialect = Dialect::ALL[usize::from(*choice) % Dialect::ALL.len()];
    // A token is a dozen times as large as its shortest text, and is freed after use.
    let once = budget::within(64 * text.len(), 0, || fingerprint(text, dialect));
    assert!(once.text.len() <= 2 << 10);
    let twice = fingerprint(&once.text, dialect);
    assert_eq!(once, twice, "{dialect:?} {text:?}");
    let outline = outline(text);
    assert!(outline.len() <= text.len());
    let of_outline = fingerprint(&outline, dialect);
    assert_eq!(
        once.text, of_outline.text,
        "{dialect:?} {text:?} {outline:?}"
    );
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "SELECT * FROM orders WHERE id = 12345 AND name = 'O''Brien'",
        "INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y') ON CONFLICT DO NOTHING",
        "select $1, :a, ?, @p, %s, $tag$ body $tag$ -- comment\n/* more */",
        "UPDATE `t` SET \"a\" = E'\\n', [b] = N'x' WHERE c IN (1,2,3) LIMIT 5;",
        "WITH x AS (SELECT q'[it's]' FROM dual) SELECT 0x1f, 1e5, .5, X'00', DATE '2020-01-01' FROM x",
        "火の見 = '火' || \"é\"",
        "",
    ];
    let dialects = 0..Dialect::ALL.len() as u8;
    let seed = |dialect, text: &str| [&[dialect], text.as_bytes()].concat();
    dialects
        .zip(texts.iter().cycle())
        .map(|(dialect, text)| seed(dialect, text))
        .collect()
}
