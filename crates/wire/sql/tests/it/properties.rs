//! What holds for the fingerprint of any text.

use hinomi_sql::{Dialect, fingerprint};
use proptest::{collection::vec, prelude::*, sample::select};

/// Fragments of SQL in random order: they find more errors than arbitrary text.
fn sql() -> impl Strategy<Value = String> {
    let scraps = &[
        "SELECT",
        "insert into",
        "VALUES",
        "IN",
        "(",
        ")",
        ",",
        "?",
        "'",
        "\"",
        "`",
        "[",
        "]",
        "--",
        "/*",
        "*/",
        "$",
        "$$",
        "$1",
        ":",
        ":a",
        "@",
        "@@",
        "%s",
        "%(a)s",
        "-",
        "+",
        "5",
        "0x1f",
        "1e5",
        ".",
        "..",
        "::",
        "NULL",
        "IS",
        "NOT",
        "t",
        "a1",
        "_",
        "…",
        "\n",
        " ",
        ";",
        "#",
        "|",
        "&",
        "=",
        "<",
        ">",
        "!",
        "~",
        "^",
        "*",
        "/",
        "{",
        "}",
        "\\",
        "E'a'",
        "N'b'",
        "q'[x]'",
        "火",
        "ARRAY",
        "123abc",
        "U&'x'",
        "X'00'",
        "?1",
        "TRUE",
        "with",
        "DATE '2020-01-01'",
        "\0",
        "é",
    ];
    vec(
        prop_oneof![4 => select(&scraps[..]).prop_map(str::to_owned), 1 => ".{0,4}"],
        0..40,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn a_fingerprint_is_its_own_fingerprint(
        text in prop_oneof![sql(), ".{0,60}"],
        dialect in select(&Dialect::ALL[..]),
    ) {
        let once = fingerprint(&text, dialect);
        let twice = fingerprint(&once.text, dialect);
        prop_assert_eq!(&once.text, &twice.text);
        prop_assert_eq!(once.summary, twice.summary);
        prop_assert!(once.text.len() <= 2048);
    }

    #[test]
    fn a_fingerprint_keeps_no_value(
        number in "9[0-9]{5,9}",
        secret in "SECRET[a-z ]{0,9}",
        dialect in select(&Dialect::ALL[..]),
        before in select(&["SELECT ", "SELECT a FROM t WHERE b = ", "INSERT INTO t VALUES (", "x IN (1,"][..]),
    ) {
        let print = fingerprint(&format!("{before}{number}, '{secret}', -{number}.5"), dialect).text;
        prop_assert!(!print.contains(&number) && !print.contains("SECRET"), "{}", print);
    }
}
