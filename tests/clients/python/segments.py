"""What DuckDB reads of a data folder's segments, as one JSON object."""

import json
import sys

import duckdb

folder = sys.argv[1]


def read(table: str, query: str):
    files = f"{folder}/segments/default/{table}/*/*.parquet"
    source = f"read_parquet('{files}', union_by_name = true)"
    return duckdb.sql(query.replace("{}", source)).fetchall()


print(
    json.dumps(
        {
            "spans": read("spans", "SELECT count(*), count(DISTINCT span_id) FROM {}")[0],
            "orders": [
                row[0]
                for row in read("spans", 'SELECT "attributes.order.id" FROM {} ORDER BY 1')
            ],
            "calls": read("spans", "SELECT count(*) FROM {} WHERE call_detail LIKE 'SELECT%'")[0][0],
            "milliseconds": read("spans", "SELECT round(sum(duration_ns) / 1e6) FROM {}")[0][0],
            "last_end": str(read("transactions", "SELECT max(end_time) AT TIME ZONE 'UTC' FROM {}")[0][0]),
            "services": read(
                "transactions",
                "SELECT service, count(*), sum(outcome)::int FROM {} GROUP BY ALL ORDER BY ALL",
            ),
            "rollups": {
                table: read(
                    table, "SELECT family, sum(count)::int, sum(errors)::int FROM {} GROUP BY ALL ORDER BY ALL"
                )
                for table in ("rollups_5s", "rollups_1m", "rollups_1h")
            },
        }
    )
)
