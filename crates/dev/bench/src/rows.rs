//! The rows of the table: what is measured, and the requirements.

/// One row. Its results are in the order in which `what` names them.
pub struct Row {
    /// What is measured, and the unit.
    pub what: &'static str,
    /// The requirement.
    pub must: &'static str,
    /// The goal.
    pub aim: &'static str,
    /// Names of the results.
    pub keys: &'static [&'static str],
}

const fn row(
    what: &'static str,
    must: &'static str,
    aim: &'static str,
    keys: &'static [&'static str],
) -> Row {
    Row {
        what,
        must,
        aim,
        keys,
    }
}

/// All rows.
pub const ROWS: &[Row] = &[
    row(
        "server CPU-seconds for a million spans, settled: gRPC / HTTP",
        "5",
        "3",
        &["cpu_grpc", "cpu_http"],
    ),
    row(
        "the same at a steady 5,000 spans/s",
        "8",
        "5",
        &["cpu_steady"],
    ),
    row(
        "sustained ingest, 8 connections as fast as acknowledged, spans/s",
        "250,000",
        "350,000",
        &["rate"],
    ),
    row(
        "request at full rate, 8 connections, p50 / p99, ms",
        "20 / 100",
        "10 / 50",
        &["request_p50", "request_p99"],
    ),
    row(
        "disk after compaction, all included, bytes a span",
        "32",
        "27",
        &["disk"],
    ),
    row(
        "peak memory at full rate / at 5,000 spans/s / idle, MB",
        "350 / 150 / 40",
        "250 / 100 / 25",
        &["memory_full", "memory_steady", "memory_idle"],
    ),
    row(
        "peak memory with a limit of 256 MiB, flushes and merges of spans with 2 / 30 / 64 attributes of \
         their own, MiB",
        "281",
        "256",
        &["memory_2", "memory_30", "memory_64"],
    ),
    row(
        "the same, 800 connections that send over gRPC / over HTTP, 5,000 idle ones to the pages, MiB",
        "281",
        "256",
        &["memory_grpc", "memory_http", "memory_pages"],
    ),
    row(
        "trace by id, first call with a cold cache / warm, ms",
        "20 / 3",
        "10 / 1",
        &["trace_cold", "trace_warm"],
    ),
    row(
        "a service's transactions over 1 s, newest 20, ms",
        "4",
        "2",
        &["slow_list"],
    ),
    row(
        "status 500, newest 20 / count, ms",
        "3 / 6",
        "1.5 / 3",
        &["status_list", "status_count"],
    ),
    row(
        "SQL substring, count / top statements by time, ms",
        "3 / 8",
        "1.4 / 3",
        &["sql_count", "sql_top"],
    ),
    row(
        "an attribute value seen once / the same once promoted, ms",
        "60 / 4",
        "25 / 2",
        &["attribute", "attribute_promoted"],
    ),
    row(
        "hitmap of a service, 1 h / 24 h / 30 d, ms",
        "4 / 15 / 60",
        "2 / 8 / 30",
        &["hitmap_1h", "hitmap_24h", "hitmap_30d"],
    ),
    row(
        "rate, errors, percentiles of all services, 1 h / 24 h, ms",
        "6 / 30",
        "3 / 12",
        &["services_1h", "services_24h"],
    ),
    row(
        "acknowledged → on the live stream at 50,000 spans/s, p99, s",
        "1",
        "0.5",
        &["live"],
    ),
    row(
        "start with that data to ready / stop, all flushed, ms",
        "100 / 1,000",
        "40 / 300",
        &["start", "stop"],
    ),
];
