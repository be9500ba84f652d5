//! Tests of fingerprints, by dialect.

use hinomi_sql::{Dialect, fingerprint};

#[track_caller]
fn check(dialect: Dialect, table: &[(&str, &str)]) {
    for (statement, expected) in table {
        assert_eq!(
            fingerprint(statement, dialect).text,
            *expected,
            "{dialect:?}: {statement}"
        );
        assert_eq!(
            fingerprint(expected, dialect).text,
            *expected,
            "its own: {statement}"
        );
    }
}

#[test]
fn literals_become_marks() {
    check(
        Dialect::Generic,
        &[
            ("", ""),
            (" ;; ", ""),
            ("SELECT 1", "SELECT ?"),
            ("select 'a', 1.5, 1e-5, .5", "SELECT ?, ?, ?, ?"),
            (
                "select * from orders where id = 7",
                "SELECT * FROM orders WHERE id = ?",
            ),
            (
                "select * from orders where id=7;",
                "SELECT * FROM orders WHERE id = ?",
            ),
            (
                "SELECT a FROM t WHERE b = 'it''s'",
                "SELECT a FROM t WHERE b = ?",
            ),
            (
                "SELECT a FROM t WHERE b = -5 AND c > +3",
                "SELECT a FROM t WHERE b = ? AND c > ?",
            ),
            ("SELECT a - 5, -a, (-5)", "SELECT a - ?, - a, (?)"),
            (
                "SELECT a FROM t WHERE d = DATE '2026-01-02'",
                "SELECT a FROM t WHERE d = DATE ?",
            ),
            (
                "SELECT a FROM t WHERE d > now() - interval '1 day'",
                "SELECT a FROM t WHERE d > now() - INTERVAL ?",
            ),
            ("SELECT X'0F', N'x'", "SELECT ?, ?"),
            (
                "SELECT a FROM t WHERE b IS NULL AND c IS NOT NULL",
                "SELECT a FROM t WHERE b IS NULL AND c IS NOT NULL",
            ),
            (
                "UPDATE t SET a = NULL, b = TRUE, c = false",
                "UPDATE t SET a = ?, b = ?, c = ?",
            ),
            (
                "SELECT a FROM t LIMIT 10 OFFSET 20",
                "SELECT a FROM t LIMIT ? OFFSET ?",
            ),
            (
                "SELECT a FROM t WHERE b BETWEEN 1 AND 2",
                "SELECT a FROM t WHERE b BETWEEN ? AND ?",
            ),
            (
                "SELECT a FROM t WHERE b LIKE '%x%'",
                "SELECT a FROM t WHERE b LIKE ?",
            ),
        ],
    );
}

#[test]
fn placeholders_of_every_driver_become_marks() {
    check(
        Dialect::Generic,
        &[
            (
                "SELECT a FROM t WHERE b = ? AND c = ?1",
                "SELECT a FROM t WHERE b = ? AND c = ?",
            ),
            (
                "SELECT a FROM t WHERE b = $1 AND c = $23",
                "SELECT a FROM t WHERE b = ? AND c = ?",
            ),
            (
                "SELECT a FROM t WHERE b = :name AND c = :1",
                "SELECT a FROM t WHERE b = ? AND c = ?",
            ),
            (
                "SELECT a FROM t WHERE b = @p0",
                "SELECT a FROM t WHERE b = ?",
            ),
            (
                "SELECT a FROM t WHERE b = %s AND c = %(name)s",
                "SELECT a FROM t WHERE b = ? AND c = ?",
            ),
            ("SELECT a FROM t WHERE b=%s", "SELECT a FROM t WHERE b = ?"),
            ("SELECT 7 % size", "SELECT ? % size"),
        ],
    );
    check(
        Dialect::PostgreSql,
        &[
            (
                "SELECT a FROM t WHERE b = @p0 AND c = :p1",
                "SELECT a FROM t WHERE b = ? AND c = ?",
            ),
            (
                "SELECT a FROM t WHERE b = %(b)s",
                "SELECT a FROM t WHERE b = ?",
            ),
            ("SELECT a FROM t WHERE b = ?", "SELECT a FROM t WHERE b = ?"),
        ],
    );
}

#[test]
fn lists_and_rows_collapse() {
    check(
        Dialect::Generic,
        &[
            (
                "SELECT a FROM t WHERE b IN (1)",
                "SELECT a FROM t WHERE b IN (?)",
            ),
            (
                "SELECT a FROM t WHERE b in(1,2,3)",
                "SELECT a FROM t WHERE b IN (?)",
            ),
            (
                "SELECT a FROM t WHERE b IN ('x', $2, NULL)",
                "SELECT a FROM t WHERE b IN (?)",
            ),
            (
                "SELECT a FROM t WHERE b NOT IN (?, ?)",
                "SELECT a FROM t WHERE b NOT IN (?)",
            ),
            (
                "SELECT a FROM t WHERE (b, c) IN ((1, 2), (3, 4))",
                "SELECT a FROM t WHERE (b, c) IN ((?, ?))",
            ),
            (
                "SELECT a FROM t WHERE b IN (1, c)",
                "SELECT a FROM t WHERE b IN (?, c)",
            ),
            (
                "SELECT a FROM t WHERE b IN (SELECT c FROM u WHERE d IN (1, 2))",
                "SELECT a FROM t WHERE b IN (SELECT c FROM u WHERE d IN (?))",
            ),
            (
                "INSERT INTO t (a, b) VALUES (1, 2)",
                "INSERT INTO t (a, b) VALUES (?, ?)",
            ),
            (
                "insert into t(a,b) values(1,2),(3,4),(5,6)",
                "INSERT INTO t (a, b) VALUES (?, ?)",
            ),
            (
                "INSERT INTO s.t (a) VALUES (now()), (1) RETURNING id",
                "INSERT INTO s.t (a) VALUES (now()) RETURNING id",
            ),
            (
                "SELECT COALESCE(a, 0), count (*) FROM t",
                "SELECT COALESCE(a, ?), COUNT(*) FROM t",
            ),
            (
                "SELECT a FROM t WHERE b IN (1, 2, 'cut off he",
                "SELECT a FROM t WHERE b IN (?",
            ),
            (
                "INSERT INTO t VALUES (1, 'a'), (2, 'cut off he",
                "INSERT INTO t VALUES (?, ?)",
            ),
        ],
    );
    check(
        Dialect::PostgreSql,
        &[
            (
                "SELECT a FROM t WHERE b IN ($1::uuid, $2::uuid)",
                "SELECT a FROM t WHERE b IN (?::uuid)",
            ),
            (
                "SELECT a FROM t WHERE b = ANY(ARRAY[1, 2, 3])",
                "SELECT a FROM t WHERE b = ANY (ARRAY[?])",
            ),
        ],
    );
}

#[test]
fn comments_and_blanks_go_and_keywords_are_upper_case() {
    check(
        Dialect::Generic,
        &[
            ("/* trace='00-ab' */ SELECT 1 -- why\n", "SELECT ?"),
            ("SELECT\n\t a ,\r\n b\nFROM   t", "SELECT a, b FROM t"),
            (
                "Select Name, value, t.order From Users t",
                "SELECT Name, value, t.order FROM Users t",
            ),
            (
                "SELECT a FROM t/* x */WHERE b = 1",
                "SELECT a FROM t WHERE b = ?",
            ),
            (
                "SELECT \"Order\".\"id\" FROM \"Order\"",
                "SELECT \"Order\".\"id\" FROM \"Order\"",
            ),
            ("SELECT t.* FROM a.b.t", "SELECT t.* FROM a.b.t"),
            ("BEGIN", "BEGIN"),
            ("commit", "COMMIT"),
            ("pragma table_info(t)", "PRAGMA table_info(t)"),
            (
                "SELECT a FROM t1 WHERE x2 = 3",
                "SELECT a FROM t1 WHERE x2 = ?",
            ),
            (
                "WITH x AS (SELECT 1) SELECT * FROM x",
                "WITH x AS (SELECT ?) SELECT * FROM x",
            ),
        ],
    );
}

#[test]
fn postgresql_quotes_dollars_and_operators() {
    check(
        Dialect::PostgreSql,
        &[
            ("SELECT $$it's 1$$, $tag$a $$ b$tag$", "SELECT ?, ?"),
            (r"SELECT E'it\'s', U&'d\0061t'", "SELECT ?, ?"),
            (
                "SELECT a::int, '7'::bigint, (b)::text FROM t",
                "SELECT a::int, ?::bigint, (b)::text FROM t",
            ),
            (
                "SELECT data->>'name' FROM t WHERE data @> '{\"a\":1}'",
                "SELECT data ->> ? FROM t WHERE data @> ?",
            ),
            ("SELECT tags[1] FROM t", "SELECT tags[?] FROM t"),
            ("SELECT \"user\" FROM \"t\"", "SELECT \"user\" FROM \"t\""),
            (
                "INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET a = EXCLUDED.a",
                "INSERT INTO t (a) VALUES (?) ON CONFLICT (a) DO UPDATE SET a = EXCLUDED.a",
            ),
            ("SELECT a &>'secret' FROM t", "SELECT a &> ? FROM t"),
            ("SELECT a ?| $1, b ?& '{x}'", "SELECT a ? | ?, b ? & ?"),
            (
                "SELECT a FROM t FOR UPDATE SKIP LOCKED",
                "SELECT a FROM t FOR UPDATE SKIP LOCKED",
            ),
        ],
    );
}

#[test]
fn mysql_double_quotes_are_strings_and_backticks_names() {
    check(
        Dialect::MySql,
        &[
            ("SELECT \"secret\" FROM `order`", "SELECT ? FROM `order`"),
            (r"SELECT 'it\'s', 'x' # why", "SELECT ?, ?"),
            (
                "SELECT a FROM t WHERE b = _utf8mb4'x'",
                "SELECT a FROM t WHERE b = _utf8mb4 ?",
            ),
            (
                "INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = VALUES(a)",
                "INSERT INTO t (a) VALUES (?) ON DUPLICATE KEY UPDATE a = VALUES (a)",
            ),
            (
                "SELECT 0x1F, b'01' FROM t LIMIT 5, 10",
                "SELECT ?, ? FROM t LIMIT ?, ?",
            ),
            ("SET @user = 5", "SET ? = ?"),
            ("SELECT `a`.`b` FROM `a`", "SELECT `a`.`b` FROM `a`"),
        ],
    );
}

#[test]
fn other_dialects_quote_in_their_ways() {
    check(
        Dialect::MsSql,
        &[
            (
                "SELECT TOP 10 [Order Id] FROM [dbo].[Orders] WHERE id = @id",
                "SELECT TOP ? [Order Id] FROM [dbo].[Orders] WHERE id = ?",
            ),
            ("SELECT N'Seoul', @@ROWCOUNT", "SELECT ?, @@ROWCOUNT"),
            ("exec dbo.GetOrder @id = 5", "EXEC dbo.GetOrder ? = ?"),
            ("SELECT * FROM #temp", "SELECT * FROM #temp"),
        ],
    );
    check(
        Dialect::Oracle,
        &[
            (
                "SELECT q'[it's]' FROM dual WHERE a = :1",
                "SELECT ? FROM dual WHERE a = ?",
            ),
            (
                "select * from orders where rownum <= 10",
                "SELECT * FROM orders WHERE rownum <= ?",
            ),
        ],
    );
    check(
        Dialect::ClickHouse,
        &[(
            r"SELECT 'it\'s' FROM db.t FORMAT JSON",
            "SELECT ? FROM db.t FORMAT JSON",
        )],
    );
    check(
        Dialect::BigQuery,
        &[("SELECT \"secret\" FROM `p.d.t`", "SELECT ? FROM `p.d.t`")],
    );
    check(
        Dialect::Sqlite,
        &[(
            "SELECT [a], `b`, \"c\" FROM t WHERE d = :d",
            "SELECT [a], `b`, \"c\" FROM t WHERE d = ?",
        )],
    );
    check(
        Dialect::Snowflake,
        &[(r"SELECT $$x$$, 'a\'b'", "SELECT ?, ?")],
    );
}

#[test]
fn what_is_never_closed_could_be_data_and_is_one_mark() {
    check(
        Dialect::Generic,
        &[
            (
                "SELECT * FROM users WHERE name = 'secret and the rest",
                "SELECT * FROM users WHERE name = ?",
            ),
            ("SELECT * FROM \"users", "SELECT * FROM ?"),
            ("SELECT 1 /* secret", "SELECT ? ?"),
            ("SELECT $x$ secret", "SELECT ?"),
        ],
    );
}

#[test]
fn long_statements_end_in_an_ellipsis() {
    let columns = (0..1000)
        .map(|n| format!("column_{n}"))
        .collect::<Vec<_>>()
        .join(", ");
    let text = fingerprint(&format!("SELECT {columns} FROM t"), Dialect::Generic).text;
    assert!(text.len() <= 2048 && text.ends_with(" …"), "{}", text.len());
    assert_eq!(fingerprint(&text, Dialect::Generic).text, text);
    let name = format!("SELECT \"{}\"", "a".repeat(5000));
    assert_eq!(fingerprint(&name, Dialect::Generic).text, "SELECT …");
}

#[test]
fn a_summary_is_the_operation_and_its_first_table() {
    for (statement, expected) in [
        (
            "select * from orders o join users u on u.id = o.user_id",
            "SELECT orders",
        ),
        (
            "SELECT \"a\" FROM \"public\".\"Orders\"",
            "SELECT public.Orders",
        ),
        (
            "SELECT a FROM (SELECT b FROM inner_table) x",
            "SELECT inner_table",
        ),
        ("SELECT 1", "SELECT"),
        (
            "insert into shop.orders(a) values (1)",
            "INSERT shop.orders",
        ),
        ("UPDATE orders SET a = 1", "UPDATE orders"),
        ("DELETE FROM orders WHERE id = 1", "DELETE orders"),
        (
            "WITH x AS (SELECT 1 FROM y) INSERT INTO z SELECT * FROM x",
            "INSERT z",
        ),
        (
            "CREATE TABLE IF NOT EXISTS orders (id INT)",
            "CREATE TABLE orders",
        ),
        ("DROP INDEX orders_by_id", "DROP INDEX"),
        ("CALL refresh_orders(1)", "CALL refresh_orders"),
        ("begin", "BEGIN"),
        ("", ""),
        ("( ) = 5", ""),
    ] {
        assert_eq!(
            fingerprint(statement, Dialect::Generic).summary,
            expected,
            "{statement}"
        );
    }
}

#[test]
fn dialects_follow_old_and_new_names_of_products() {
    for (system, expected) in [
        ("postgresql", Dialect::PostgreSql),
        ("mysql", Dialect::MySql),
        ("mariadb", Dialect::MySql),
        ("mssql", Dialect::MsSql),
        ("microsoft.sql_server", Dialect::MsSql),
        ("oracle.db", Dialect::Oracle),
        ("other_sql", Dialect::Generic),
    ] {
        assert_eq!(Dialect::of(system), expected, "{system}");
    }
}

#[test]
fn calls_of_stored_procedures_are_calls() {
    let sent: &[(&str, &str)] = &[
        ("{call get_orders(?, ?)}", "CALL get_orders(?, ?)"),
        ("{ CALL get_orders(?,?) }", "CALL get_orders(?, ?)"),
        ("{? = call pkg_pay.charge(?)}", "CALL pkg_pay.charge(?)"),
        ("{ ?=call refund (:1) };", "CALL refund(?)"),
        ("{call never_closed(?, ", "CALL never_closed(?, "),
    ];
    for dialect in Dialect::ALL {
        for (statement, expected) in sent {
            let print = fingerprint(statement, dialect).text;
            assert_eq!(print, expected.trim_end(), "{dialect:?}: {statement}");
            assert_eq!(fingerprint(&print, dialect).text, print);
        }
    }
    check(
        Dialect::MsSql,
        &[
            ("[dbo].[usp_GetCart]", "[dbo].[usp_GetCart]"),
            ("usp_GetCart", "usp_GetCart"),
            ("EXEC dbo.usp_Settle @p0, @p1", "EXEC dbo.usp_Settle ?, ?"),
        ],
    );
}

#[test]
fn names_that_are_counted_up_or_drawn_are_folded() {
    check(
        Dialect::PostgreSql,
        &[
            ("SAVEPOINT \"s14073_x1\"", "SAVEPOINT ?"),
            ("RELEASE SAVEPOINT \"s14073_x1\"", "RELEASE SAVEPOINT ?"),
            ("RELEASE active_record_1", "RELEASE ?"),
            (
                "ROLLBACK TO SAVEPOINT active_record_1",
                "ROLLBACK TO SAVEPOINT ?",
            ),
            ("ROLLBACK WORK TO sp1", "ROLLBACK WORK TO ?"),
            ("ROLLBACK", "ROLLBACK"),
            ("DEALLOCATE pdo_stmt_00000001", "DEALLOCATE ?"),
            ("DEALLOCATE PREPARE a", "DEALLOCATE PREPARE ?"),
            ("DEALLOCATE ALL", "DEALLOCATE ALL"),
            (
                "PREPARE stmt_9 AS SELECT 1 FROM t",
                "PREPARE ? AS SELECT ? FROM t",
            ),
            ("EXECUTE pdo_stmt_0000001f(1, 2)", "EXECUTE ? (?, ?)"),
            ("EXECUTE settle(1)", "EXECUTE settle(?)"),
            ("EXECUTE settle_2024", "EXECUTE settle_2024"),
            (
                "FETCH FORWARD 100 FROM \"_django_curs_1\"",
                "FETCH FORWARD ? FROM ?",
            ),
            ("FETCH c1", "FETCH ?"),
            ("FETCH NEXT", "FETCH NEXT"),
            ("MOVE FORWARD 5 IN c1", "MOVE FORWARD ? IN ?"),
            ("CLOSE \"_django_curs_1\"", "CLOSE ?"),
            ("CLOSE ALL", "CLOSE ALL"),
            (
                "DECLARE \"_django_curs_1\" NO SCROLL CURSOR WITH HOLD FOR SELECT a FROM t",
                "DECLARE ? NO SCROLL CURSOR WITH HOLD FOR SELECT a FROM t",
            ),
            (
                "CREATE TEMP TABLE tmp_1 (a int)",
                "CREATE TEMP TABLE ? (a int)",
            ),
            (
                "create temporary table if not exists x.y as select 1",
                "CREATE temporary TABLE IF NOT EXISTS ? AS SELECT ?",
            ),
            ("DROP TABLE IF EXISTS tmp_00412", "DROP TABLE IF EXISTS ?"),
            ("DROP TABLE orders", "DROP TABLE orders"),
            ("CREATE TABLE orders (a int)", "CREATE TABLE orders(a int)"),
        ],
    );
    check(
        Dialect::MsSql,
        &[
            ("SAVE TRANSACTION sp_12", "SAVE TRANSACTION ?"),
            ("ROLLBACK TRAN sp_12", "ROLLBACK TRAN ?"),
            ("SELECT a FROM #tmp_4711", "SELECT a FROM ?"),
            ("SELECT a FROM #orders", "SELECT a FROM #orders"),
        ],
    );
}
