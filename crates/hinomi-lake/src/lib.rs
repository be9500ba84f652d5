//! The embedded store: memtable, Parquet segments, catalog, scans.
